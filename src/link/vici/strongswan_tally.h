/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_VICI_STRONGSWAN_TALLY_H
#define QW_LINK_VICI_STRONGSWAN_TALLY_H

#include "link/vici/swanctl_conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that have passed under a key. charon counts for each child and begins anew when a child is
 * made anew, so what is new of each is added up look by look. What passes between the last look at
 * a child and its end is not seen: the sum is never too high. */
enum { QW_STRONGSWAN_TALLY_MAX = 4 * QW_SWANCTL_CHILDREN_MAX }; /* while children are made anew */

struct qw_strongswan_tally {
    uint64_t total;
    bool is_first; /* in the look to come: what has passed before does not count */
    size_t count;
    struct {
        uint32_t id; /* of the child, unique in a run of the daemon */
        uint64_t seen;
        bool is_there; /* in this look */
    } children[QW_STRONGSWAN_TALLY_MAX];
};

/* From nought. counts_all: what children have passed before the first look counts too. */
void qw_strongswan_tally_begin(struct qw_strongswan_tally *tally, bool counts_all);

/* A child in a look, and what it has passed both ways. Beyond QW_STRONGSWAN_TALLY_MAX of them: not
 * counted. */
void qw_strongswan_tally_add(struct qw_strongswan_tally *tally, uint32_t id, uint64_t bytes);

/* The look has ended: a child that was not in it is forgotten. */
void qw_strongswan_tally_end(struct qw_strongswan_tally *tally);

#endif
