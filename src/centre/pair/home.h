/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_HOME_H
#define QW_CENTRE_PAIR_HOME_H

#include "centre/key/key_record.h"

/* Whether all parties of a key are at home here. QW_ERR_UNAVAILABLE: one is not: its centre has the
 * key as well, and is not told of what happens to it here. Under the mutex; uses centre->card. */
qw_err qw_key_check_homes(struct qw_centre *centre, const struct qw_key_record *key) QW_MUST_USE;

#endif
