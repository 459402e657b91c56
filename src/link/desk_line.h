/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_DESK_LINE_H
#define QW_LINK_DESK_LINE_H

#include "base/error.h"
#include "base/wire.h"

#include <stddef.h>

/* Asks a running agent on this host at its Unix socket: "status text", "status json", "status
 * prometheus", "rotate NAME". One message each way; the answer's first byte is an exit status, the
 * rest is text  [answer: QW_WIRE_MESSAGE_MAX bytes; *len >= 1 on QW_OK]. QW_ERR_NOT_FOUND,
 * QW_ERR_IO: no agent; QW_ERR_TIMEOUT, QW_ERR_CLOSED, QW_ERR_FORMAT. */
qw_err qw_link_desk_ask(const char *socket, const char *question,
                        char answer[static QW_WIRE_MESSAGE_MAX], size_t *len) QW_MUST_USE;

#endif
