/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* A WireGuard daemon's answer: what is read as routes can be said back line by line. */
#include "link/wireguard/uapi.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t public_key[QW_WIREGUARD_KEY_LEN] = { 0xab, 0xab };
    struct qw_wireguard_peer peer;

    if (qw_uapi_peer_parse((const char *)data, size, public_key, &peer) == QW_OK) {
        size_t len = peer.routes_len;

        qw_assert(len < sizeof peer.routes && (len == 0 || peer.routes[len - 1] == '\n'));
        qw_assert(strstr(peer.routes, "\n\n") == NULL && peer.handshake_utc_ms >= 0);
    }
    return 0;
}
