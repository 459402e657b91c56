/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_LINK_PROBE_H
#define QWAVE_BENCH_LINK_PROBE_H

#include "base/error.h"
#include "bench/link_site.h"

#include <stdint.h>

/* A protected stream of our own over all links in turn, both ways, a datagram each 2 ms over UDP on
 * the loopback interface. The sender seals it (AES-256-GCM) under the key that the file of its end
 * says to use at that moment; it arrives when a key in the file of the other end opens it. It
 * stands for a program that looks at its key file for every packet. */
struct link_probe;
qw_err link_probe_start(const struct link_site *ls, struct link_probe **probe) QW_MUST_USE;
/* Ends it. NULL is fine; then nothing was sent. */
void link_probe_stop(struct link_probe *probe, uint64_t *sent, uint64_t *lost);

#endif
