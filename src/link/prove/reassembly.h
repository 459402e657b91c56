/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_REASSEMBLY_H
#define QW_LINK_PROVE_REASSEMBLY_H

#include "base/error.h"
#include "link/prove/ip_packet.h"

/* Puts packets together out of their IP fragments [RFC 791 3.2] [RFC 8200 4.5], in whatever order
 * they come, so many at a time. What was there first stays: a fragment that overlaps is not taken.
 */
enum { QW_REASSEMBLY_PACKETS = 64 };

struct qw_reassembly; /* 5 MB; one thread at a time */

/* QW_ERR_NOMEM. */
qw_err qw_reassembly_new(struct qw_reassembly **out) QW_MUST_USE;

/* NULL is fine. */
void qw_reassembly_free(struct qw_reassembly *reassembly);

enum qw_reassembly_result {
    QW_REASSEMBLY_HELD,  /* copied; others are still to come */
    QW_REASSEMBLY_WHOLE, /* it was the last that was missing */
    QW_REASSEMBLY_FULL,  /* no room: drop one and say it again */
    QW_REASSEMBLY_NONE   /* cut, overlapping, or of a length or a place that no fragment has */
};

/* A fragment as captured. With QW_REASSEMBLY_WHOLE, *whole is the packet, no fragment any more,
 * borrowed until the next call; otherwise it is untouched. */
enum qw_reassembly_result qw_reassembly_add(struct qw_reassembly *reassembly,
                                            const struct qw_ip_packet *fragment,
                                            struct qw_ip_packet *whole);

/* Gives up the packet that was begun first of all: *rest is what there is of its beginning, cut,
 * or, without that, a later fragment without data; borrowed until the next call. *later is how many
 * fragments there were beside its first one. False when there is none. */
bool qw_reassembly_drop(struct qw_reassembly *reassembly, struct qw_ip_packet *rest, size_t *later);

#endif
