/* SPDX-License-Identifier: Apache-2.0 */
#include "link/vici/strongswan_tally.h"

#include <string.h>

void qw_strongswan_tally_begin(struct qw_strongswan_tally *tally, bool counts_all)
{
    memset(tally, 0, sizeof *tally);
    tally->is_first = !counts_all;
}

void qw_strongswan_tally_add(struct qw_strongswan_tally *tally, uint32_t id, uint64_t bytes)
{
    size_t i = 0;

    while (i < tally->count && tally->children[i].id != id) {
        i++;
    }
    if (i == QW_STRONGSWAN_TALLY_MAX) {
        return;
    }
    if (i == tally->count) {
        tally->count++;
        tally->children[i].id = id;
        tally->children[i].seen = tally->is_first ? bytes : 0;
    }
    if (bytes < tally->children[i].seen) { /* another one of that number: a new run */
        tally->children[i].seen = 0;
    }
    tally->total += bytes - tally->children[i].seen;
    tally->children[i].seen = bytes;
    tally->children[i].is_there = true;
}

void qw_strongswan_tally_end(struct qw_strongswan_tally *tally)
{
    size_t kept = 0;

    for (size_t i = 0; i < tally->count; i++) {
        if (tally->children[i].is_there) {
            tally->children[kept] = tally->children[i];
            tally->children[kept++].is_there = false;
        }
    }
    tally->count = kept;
    tally->is_first = false;
}
