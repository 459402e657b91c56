/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_TOMBSTONE_H
#define QW_CENTRE_KEY_TOMBSTONE_H

#include "centre/key/key_record.h"

/* What is left of a key, or of a block of keys that nobody fetched [C7]. */

/* The key moves from its record to a tombstone: id, MAC of the material under a key of the centre,
 * parties, times, last state before the end. */
void qw_tombstone_put_key(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_key_record *key, const uint8_t *material, int64_t now_ms);
/* Whose key a tombstone is of: id, master, peer, others and the last state; version: of the
 * tombstone. QW_ERR_NOT_FOUND: there is none. */
qw_err qw_tombstone_load(struct qw_centre *centre, const uint8_t id[static 16],
                         struct qw_key_record *key) QW_MUST_USE;
/* A key that was destroyed turns out to be known to others (row 14 of the life cycle). The
 * tombstone is the one that qw_tombstone_load has just read. */
void qw_tombstone_mark_compromised(struct qw_centre *centre, struct qw_group *group,
                                   const struct qw_key_record *key);

/* A tombstone for a whole block of a pair: its keys were never fetched. */
void qw_tombstone_put_block(struct qw_centre *centre, struct qw_group *group,
                            const struct qw_block *block, int64_t now_ms);
/* Whose block that was. QW_ERR_NOT_FOUND. */
qw_err qw_tombstone_block_parties(struct qw_centre *centre, uint64_t block, char master[static 64],
                                  char slave[static 64]) QW_MUST_USE;

#endif
