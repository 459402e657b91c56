/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_DESK_LINE_H
#define QW_LINK_DESK_LINE_H

#include "base/error.h"
#include "base/wire.h"

#include <stddef.h>

/* An answer goes as messages of QW_WIRE_MESSAGE_MAX bytes; a shorter one, which may be empty, is
 * its last. Large enough for what Prometheus is told of a thousand links with names of ordinary
 * length. */
enum { QW_LINK_DESK_ANSWER_MAX = 8 * QW_WIRE_MESSAGE_MAX };

/* Asks a running agent on this host at its Unix socket: "status text", "status json", "status
 * prometheus", "rotate NAME". The answer's first byte is an exit status, the rest is text
 * [answer: QW_LINK_DESK_ANSWER_MAX bytes; *len >= 1 on QW_OK]. QW_ERR_NOT_FOUND, QW_ERR_IO: no
 * agent; QW_ERR_TIMEOUT, QW_ERR_CLOSED, QW_ERR_FORMAT. */
qw_err qw_link_desk_ask(const char *socket, const char *question,
                        char answer[static QW_LINK_DESK_ANSWER_MAX], size_t *len) QW_MUST_USE;

/* The agent's side: len <= QW_LINK_DESK_ANSWER_MAX - 1 bytes. Errors of the wire. */
qw_err qw_link_desk_answer(struct qw_wire *wire, const char *answer, size_t len) QW_MUST_USE;

#endif
