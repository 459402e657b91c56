/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_QKD_LINK_OPTICS_SWITCH_H
#define QWAVE_QKD_LINK_OPTICS_SWITCH_H

#include "base/error.h"

#include <stdbool.h>

/* The optical switch that simulated light goes through [Q4]: a Unix socket on which the relay says
 * whether light gets through (docs/protocol/qkd-optics.md, W1 to W3). Dark until it has. */
struct optics_switch {
    int listener, fd; /* -1: none; fd: of the relay that came last */
    bool is_lit;
};

/* Errors of qw_socket_listen_unix. */
qw_err optics_switch_open(struct optics_switch *light, const char *path) QW_MUST_USE;
void optics_switch_close(struct optics_switch *light);

/* Returns when light gets through, as long as that may take. QW_ERR_CLOSED: whoever is at the other
 * end of waiter_fd has hung up, or speaks out of turn. */
qw_err optics_switch_wait(struct optics_switch *light, int waiter_fd) QW_MUST_USE;

#endif
