/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_KERNEL_H
#define QW_LINK_WIREGUARD_KERNEL_H

#include "link/wireguard/way.h"

/* WireGuard of the kernel, by generic netlink. place: name of an interface in the network namespace
 * of the process, which needs CAP_NET_ADMIN there. */
extern const struct qw_wireguard_way qw_wireguard_by_kernel;

#endif
