/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_WAY_H
#define QW_LINK_WIREGUARD_WAY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* One peer of one WireGuard interface, and the two ways to it: the socket of user-space WireGuard,
 * and generic netlink of the kernel. */
enum { QW_WIREGUARD_KEY_LEN = 32, QW_WIREGUARD_ROUTES_MAX = 8192 };

struct qw_wireguard_peer {                       /* holds a secret */
    uint8_t preshared_key[QW_WIREGUARD_KEY_LEN]; /* zero: none */
    int64_t handshake_utc_ms;                    /* of the last one; 0: never */
    uint64_t tx_bytes, rx_bytes;
    /* Endpoint, keepalive interval and networks, in the form of the way that read them; only the
     * same way can put them back. */
    size_t routes_len;
    char routes[QW_WIREGUARD_ROUTES_MAX];
};

/* place: what the way goes by, a path of a socket or the name of an interface. why: set on failure,
 * a static sentence or NULL where the error says it all. Threads may call at the same time.
 * Errors: QW_ERR_NOT_FOUND (interface or peer), QW_ERR_UNAVAILABLE (no WireGuard here),
 * QW_ERR_REFUSED (no right), QW_ERR_FORMAT (an answer that cannot be), QW_ERR_SPACE (more networks
 * than fit, or an answer cut off), QW_ERR_LIMIT (the interface changes while it is read),
 * QW_ERR_TIMEOUT, QW_ERR_NOMEM, QW_ERR_IO. */
struct qw_wireguard_way {
    /* peer is untouched on failure. */
    qw_err (*get)(const char *place, const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                  struct qw_wireguard_peer *peer, const char **why);
    /* Sets the pre-shared key of a peer that is there. put_back NULL: what runs goes on, the key
     * counts from the next handshake. Else the peer is taken away, with its sessions, and put back
     * with these routes: nothing passes before a handshake under the key. */
    qw_err (*set)(const char *place, const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                  const uint8_t preshared_key[static QW_WIREGUARD_KEY_LEN],
                  const struct qw_wireguard_peer *put_back, const char **why);
};

#endif
