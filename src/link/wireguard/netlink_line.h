/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_NETLINK_LINE_H
#define QW_LINK_WIREGUARD_NETLINK_LINE_H

#include "base/error.h"

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* A socket of generic netlink, to the kernel of the caller's network namespace. */

/* QW_ERR_UNAVAILABLE: this system or this process has none. Close with mnl_socket_close. */
qw_err qw_netlink_open(struct mnl_socket **line) QW_MUST_USE;

/* One request, whole. QW_ERR_IO. */
qw_err qw_netlink_send(struct mnl_socket *line, const void *request, size_t len) QW_MUST_USE;

/* One datagram of the kernel; what other processes send is passed over. QW_ERR_SPACE: it was longer
 * than cap, QW_ERR_TIMEOUT (deadline of qw_clock_monotonic_ms), QW_ERR_IO. */
qw_err qw_netlink_receive(struct mnl_socket *line, void *datagram, size_t cap, size_t *len,
                          int64_t deadline_ms) QW_MUST_USE;

#endif
