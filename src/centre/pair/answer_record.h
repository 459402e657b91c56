/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_ANSWER_RECORD_H
#define QW_CENTRE_PAIR_ANSWER_RECORD_H

#include "centre/group.h"

/* What a request for new keys that had a name of its own (qwave_request_id) was answered with, so
 * that its repeat gets the same bytes [docs/adr/0148]: in QW_STORE_META, for key_ttl_s, under a
 * hash of master and name. No material: that stands in its blocks as before. */

/* The answer to the wish as it was given before, to keys. QW_ERR_NOT_FOUND: it was not, or the wish
 * has no name; QW_ERR_CONFLICT: the name was another wish's, its window is over, or a key is gone;
 * QW_ERR_STATE: a key is suspended; QW_ERR_IO. Journals all but the first. keys are zero unless it
 * is QW_OK. Takes the centre's mutex. */
qw_err qw_answer_recall(struct qw_centre *centre, const struct qw_caller *caller,
                        const struct qw_key_wish *wish, struct qw_given_key *keys) QW_MUST_USE;

/* Keeps the answer in the group; nothing for a wish without a name. QW_ERR_IO: there is one by now,
 * another process's; nobody is to get these keys then. Under the mutex. */
qw_err qw_answer_put(struct qw_centre *centre, struct qw_group *group, const char *master,
                     const struct qw_key_wish *wish, const uint8_t (*key_ids)[16]) QW_MUST_USE;

/* Forgets answers that were due from second from_s to to_s, both in it. Under the mutex. */
qw_err qw_answer_sweep(struct qw_centre *centre, int64_t from_s, int64_t to_s) QW_MUST_USE;

#endif
