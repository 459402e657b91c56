/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_QUOTA_H
#define QW_CENTRE_PAIR_QUOTA_H

#include "base/error.h"
#include "centre/centre.h"

#include <stdbool.h>
#include <stdint.h>

/* What an application may take [C16]: keys a second altogether and for one slave, its part of
 * scarce ones, and wrong key ids a second. A key counts by the places of 256 bits that it takes. In
 * memory: a restart begins with full buckets, and of several processes on one store each counts for
 * itself. Any thread. */
struct qw_quota;

qw_err qw_quota_new(const struct qw_centre_config *config, struct qw_quota **quota) QW_MUST_USE;
void qw_quota_free(struct qw_quota *quota); /* NULL is fine */

/* Other standards; what was taken or owed before counts on. */
void qw_quota_set(struct qw_quota *quota, uint32_t sae_keys_per_s, uint32_t pair_keys_per_s,
                  uint32_t misses_per_s);

struct qw_quota_account {
    const char *master, *slave;
    uint32_t keys_per_s; /* of the master alone; 0: what the centre's settings say */
};
bool qw_quota_has_keys(struct qw_quota *quota, const struct qw_quota_account *account);
void qw_quota_spend_keys(struct qw_quota *quota, const struct qw_quota_account *account,
                         uint64_t places);

/* When keys are scarce: whether the master has had no more than its part
 * (centre/pair/fair_share.h). Ask before every lease, scarce or not, so that who competes is known.
 */
bool qw_quota_has_share(struct qw_quota *quota, const char *master, uint8_t weight);
void qw_quota_note_lease(struct qw_quota *quota, const char *master, uint64_t keys);

/* False: too many wrong ids of late; the next one is not looked up. */
bool qw_quota_may_fetch(struct qw_quota *quota, const char *who);
void qw_quota_note_miss(struct qw_quota *quota, const char *who);

#endif
