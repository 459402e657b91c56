/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_KERNEL_MESSAGE_H
#define QW_LINK_WIREGUARD_KERNEL_MESSAGE_H

#include "link/wireguard/netlink.h"
#include "link/wireguard/way.h"

/* Messages of the kernel's generic netlink family "wireguard" (linux/wireguard.h), and the question
 * for its number. Requests go into a buffer aligned to four bytes and of cap >= 64 octets; their
 * length, 0: it does not fit. Routes of a peer are its attributes WGPEER_A_ENDPOINT,
 * WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL and WGPEER_A_ALLOWEDIPS, as they are put into a request.
 */
enum { QW_KERNEL_REQUEST_MAX = QW_WIREGUARD_ROUTES_MAX + 512 };

size_t qw_kernel_ask_family(void *buffer, size_t cap, const struct qw_netlink_turn *turn);
size_t qw_kernel_ask_device(void *buffer, size_t cap, const struct qw_netlink_turn *turn,
                            const char *interface);

struct qw_kernel_change { /* borrowed */
    const char *interface;
    const uint8_t *public_key, *preshared_key; /* [QW_WIREGUARD_KEY_LEN each] */
    const struct qw_wireguard_peer *put_back;  /* as in qw_wireguard_way.set */
};
size_t qw_kernel_tell_peer(void *buffer, size_t cap, const struct qw_netlink_turn *turn,
                           const struct qw_kernel_change *change);

/* Answers, as functions for qw_netlink_read. self: uint16_t, the family's number. */
qw_err qw_kernel_take_family(void *self, const void *start, size_t len) QW_MUST_USE;

/* One peer out of a device's list, which comes in several messages; self of
 * qw_kernel_take_device. Holds a secret. */
struct qw_kernel_scan {
    const char *interface;     /* borrowed, of the question */
    const uint8_t *public_key; /* likewise: who is looked for */
    bool is_named;             /* the answer is about that interface */
    bool is_found;
    bool is_last_mine;  /* the last one that came: it may go on in the next message */
    size_t networks_at; /* of the list of networks in peer.routes */
    struct qw_wireguard_peer peer;
};
qw_err qw_kernel_take_device(void *self, const void *start, size_t len) QW_MUST_USE;

/* When the answer is whole: QW_ERR_NOT_FOUND, no such peer; QW_ERR_FORMAT, of another interface. */
qw_err qw_kernel_scan_end(const struct qw_kernel_scan *scan,
                          struct qw_wireguard_peer *peer) QW_MUST_USE;

#endif
