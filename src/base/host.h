/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_HOST_H
#define QW_BASE_HOST_H

#include "base/error.h"

#include <stdint.h>

/* A stream socket as of base/socket.h to a host by its name or by a numeric address: the first of
 * its addresses that takes the connection. timeout_ms holds for each address; looking the name up
 * has the system's own limits. QW_ERR_NOT_FOUND: no such name; else what the last address said. */
qw_err qw_host_connect(const char *host, uint16_t port, int timeout_ms, int *fd) QW_MUST_USE;

#endif
