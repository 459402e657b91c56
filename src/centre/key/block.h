/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_BLOCK_H
#define QW_CENTRE_KEY_BLOCK_H

#include "centre/group.h"

/* Blocks: the only place where key material stands in the store. */

/* Reads a block with its material into the centre's workspace. QW_ERR_NOT_FOUND, QW_ERR_IO. */
qw_err qw_block_load(struct qw_centre *centre, uint64_t number) QW_MUST_USE;

/* Adds the workspace's block to the group: a new one (version 0), a changed one sealed under a
 * fresh data key, or none any more when all its keys are gone. */
void qw_block_put(struct qw_centre *centre, struct qw_group *group);

/* The key of so many bits at a place  [out: bits / 8 bytes], out of its block, which is read unless
 * it is the workspace's already. QW_ERR_IO, also when there is no such block or place. */
qw_err qw_block_read_key(struct qw_centre *centre, const struct qw_key_place *place, uint16_t bits,
                         uint8_t *out) QW_MUST_USE;

bool qw_block_is_gone(const struct qw_block *block, uint16_t position);

/* Ends the workspace's block with all that is left in it. */
void qw_block_remove(struct qw_centre *centre, struct qw_group *group);

/* Zeroes one key of the workspace's block for good and counts it as destroyed. */
void qw_block_erase(struct qw_block *block, struct qw_group *group, uint16_t position);

/* Starts a new block of count keys in the workspace, material still to be filled in; with the label
 * of the centre's first source. */
void qw_block_start(struct qw_centre *centre, struct qw_group *group, uint16_t count);

#endif
