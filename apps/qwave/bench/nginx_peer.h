/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_NGINX_PEER_H
#define QWAVE_BENCH_NGINX_PEER_H

#include "bench/centre_site.h"

/* What the same machine does with nginx: TLS 1.3, client certificates demanded, the site's own
 * certificate, and for every request the same text, as long as the answer with one key. A text
 * without a file behind it is the fastest that nginx has. */
struct nginx_peer {
    struct child child;
    uint16_t port;
};

/* QW_ERR_NOT_FOUND: nginx is not installed. Its files are in the site's folder. */
qw_err nginx_peer_start(const struct site *site, struct nginx_peer *peer) QW_MUST_USE;
void nginx_peer_stop(struct nginx_peer *peer);

#endif
