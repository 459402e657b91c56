/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_UAPI_H
#define QW_LINK_WIREGUARD_UAPI_H

#include "link/wireguard/way.h"

#include <stdbool.h>

/* The configuration protocol of user-space WireGuard: text lines "name=value" over a Unix socket,
 * an empty line at the end of each side's turn. Routes are its lines endpoint,
 * persistent_keepalive_interval and allowed_ip, as they came, and a NUL that does not count. */
/* place: the path of the socket. */
extern const struct qw_wireguard_way qw_wireguard_by_socket;

/* A daemon answers at this path. */
bool qw_uapi_is_there(const char *socket_path);

/* One peer of a whole answer to "get=1". QW_ERR_NOT_FOUND: it is not among them; QW_ERR_IO: the
 * answer reports an error; QW_ERR_FORMAT; QW_ERR_SPACE: routes do not fit. Outputs are untouched
 * on failure. */
qw_err qw_uapi_peer_parse(const char *text, size_t len,
                          const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                          struct qw_wireguard_peer *peer) QW_MUST_USE;

#endif
