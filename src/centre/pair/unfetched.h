/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_UNFETCHED_H
#define QW_CENTRE_PAIR_UNFETCHED_H

#include "centre/key/key_record.h"

/* A key of a pair that nobody has touched since it was given has no record: its block says whose it
 * is. Fills the record that it would have, assigned and is_new. When nobody can fetch it any more,
 * also because its block has ended, only master and peer are filled. QW_ERR_NOT_FOUND: no key has
 * that id; QW_ERR_IO. Under the mutex; the workspace's block is the key's afterwards, if it is
 * there. */
qw_err qw_pair_unfetched(struct qw_centre *centre, const uint8_t id[static 16], int64_t now_ms,
                         struct qw_key_record *record) QW_MUST_USE;

#endif
