/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_TAKE_OUT_H
#define QW_CENTRE_KEY_TAKE_OUT_H

#include "centre/key/key_record.h"

/* A pair's block ends at a time with all that is left in it. A key that is to outlive it gets a
 * block of its own, in the group; the record says where it stands now, and the place that it had is
 * zeroed. One that stands in no pair's block stays. The workspace's block is another one
 * afterwards. Under the mutex. */
qw_err qw_key_take_out(struct qw_centre *centre, struct qw_group *group,
                       struct qw_key_record *key) QW_MUST_USE;

#endif
