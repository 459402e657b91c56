/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_LINK_SITE_H
#define QWAVE_BENCH_LINK_SITE_H

#include "base/error.h"
#include "bench/centre_site.h"
#include "child.h"

#include <stddef.h>
#include <stdint.h>

/* A centre, an agent `a-hub` with `peers` links from one file of settings, and the agents at their
 * other ends: all real processes and sockets. Each end of a link keeps its keys in a file: a line
 * "use HEX" and, while there is a second key, a line "accept HEX". */
enum { LINK_PEERS_MAX = 1000, LINK_FAR_MAX = 4 };

struct link_site {
    struct site site;
    size_t peers, far_count;
    long heartbeat_s;
    struct child hub, far[LINK_FAR_MAX];
    char socket[SITE_FILE_CAP]; /* of the hub */
};

/* What it made is there until link_site_close, also when it failed. */
qw_err link_site_open(struct link_site *ls, size_t peers, long heartbeat_s) QW_MUST_USE;
void link_site_close(struct link_site *ls);
/* The last line that each process wrote, on standard error: why it went wrong. */
void link_site_print_logs(const struct link_site *ls);

/* Which agent of LINK_FAR_MAX has link number i, 1-based. */
size_t link_site_far(const struct link_site *ls, size_t i);
/* The file of link i at the hub (end 0) or at its peer (end 1). */
void link_site_file(const struct link_site *ls, size_t i, int end, char out[static SITE_FILE_CAP]);

#endif
