/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_SINK_WIREGUARD_H
#define QW_LINK_WIREGUARD_SINK_WIREGUARD_H

#include "link/key_sink.h"
#include "link/wireguard/way.h"

#include <stdint.h>

/* One peer of one WireGuard interface: where a daemon answers at socket_path that of wireguard-go,
 * else that of the kernel; found out at each look. Its pre-shared key counts from the next
 * handshake on, which comes within two minutes of traffic; what runs goes on until then, so a
 * change loses nothing, and one key at a time is enough. The interface is kept: a pre-shared key
 * that is not ours (an interface that was made anew, a hand that set another) gives way to ours,
 * and a session that was made meanwhile goes. No handshake although there was traffic to make one
 * is a tunnel that is not well. Blocked: a random key, and the peer's sessions are taken away. A
 * key of zeros, which WireGuard takes for none, is refused. */
struct qw_sink_wireguard_config { /* copied */
    const char *interface;        /* "wg0" */
    const char *socket_path;      /* "/var/run/wireguard/wg0.sock" */
    uint8_t public_key[QW_WIREGUARD_KEY_LEN];
    int64_t late_ms; /* so old a handshake is late when there is traffic; WireGuard ends a
                        session at 180 s */
    int64_t (*utc_ms)(void), (*now_ms)(void); /* qw_clock_utc_ms and _monotonic_ms, but for tests */
};
enum { QW_WIREGUARD_PATH_CAP = 108, QW_WIREGUARD_NAME_CAP = 16, QW_WIREGUARD_REKEY_MS = 120000 };

/* QW_ERR_ARG: empty or over-long name or path, late_ms not over QW_WIREGUARD_REKEY_MS;
 * QW_ERR_NOMEM. That the interface is not there is the verbs' business, with the errors of
 * qw_wireguard_way. */
qw_err qw_sink_wireguard(const struct qw_sink_wireguard_config *config,
                         struct qw_key_sink *sink) QW_MUST_USE;

#endif
