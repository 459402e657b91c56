/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_UAPI_H
#define QW_LINK_WIREGUARD_UAPI_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The configuration protocol of user-space WireGuard: text lines "name=value" over a Unix socket,
 * an empty line at the end of each side's turn. */
enum { QW_UAPI_KEY_LEN = 32, QW_UAPI_TEXT_MAX = 256 * 1024, QW_UAPI_ROUTES_MAX = 4096 };

struct qw_uapi_peer {                       /* holds a secret */
    uint8_t preshared_key[QW_UAPI_KEY_LEN]; /* zero: none */
    int64_t handshake_utc_ms;               /* of the last one; 0: never */
    uint64_t tx_bytes, rx_bytes;
    char routes[QW_UAPI_ROUTES_MAX]; /* its lines endpoint, persistent_keepalive_interval and
                                        allowed_ip, as they came */
};

/* One peer of a whole answer to "get=1". QW_ERR_NOT_FOUND: it is not among them; QW_ERR_IO: the
 * answer reports an error; QW_ERR_FORMAT; QW_ERR_SPACE: routes do not fit. Outputs are untouched
 * on failure. */
qw_err qw_uapi_peer_parse(const char *text, size_t len,
                          const uint8_t public_key[static QW_UAPI_KEY_LEN],
                          struct qw_uapi_peer *peer) QW_MUST_USE;

/* Asks the daemon behind the socket for one peer. Besides the above QW_ERR_NOT_FOUND and QW_ERR_IO
 * (no daemon), QW_ERR_TIMEOUT, QW_ERR_NOMEM. */
qw_err qw_uapi_get(const char *socket_path, const uint8_t public_key[static QW_UAPI_KEY_LEN],
                   struct qw_uapi_peer *peer) QW_MUST_USE;

/* Sets the pre-shared key of a peer that is there. routes NULL: what runs goes on, the key counts
 * from the next handshake. Else the peer is taken away, with its sessions, and put back with these
 * lines: nothing passes before a handshake under the key. */
qw_err qw_uapi_set(const char *socket_path, const uint8_t public_key[static QW_UAPI_KEY_LEN],
                   const uint8_t preshared_key[static QW_UAPI_KEY_LEN],
                   const char *routes) QW_MUST_USE;

#endif
