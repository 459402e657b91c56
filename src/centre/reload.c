/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/reload.h"

#include "centre/group.h"
#include "centre/pair/quota.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"

#include <string.h>

static struct qw_deed deed_of(const struct qw_centre *centre, const struct qw_caller *caller)
{
    return (
        struct qw_deed){ .caller = caller, .verb = "reload", .object = centre->config.centre_id };
}

/* Under the mutex. */
static qw_err check(struct qw_centre *centre, const struct qw_deed *deed)
{
    return deed->caller == NULL ? QW_OK
                                : qw_right_check(centre, deed, QW_RIGHT_RELOAD, QW_UNIT_ROOT);
}

qw_err qw_centre_may_reload(struct qw_centre *centre, const struct qw_caller *caller)
{
    struct qw_deed deed = deed_of(centre, caller);
    qw_err err;

    qw_centre_enter(centre);
    err = check(centre, &deed);
    qw_centre_leave(centre);
    return err;
}

static void take(struct qw_centre *centre, const struct qw_centre_limits *limits)
{
    struct qw_centre_config *config = &centre->config;

    config->stock_keys = limits->stock_keys;
    config->approval_s = limits->approval_s;
    config->journal_sign_records = limits->journal_sign_records;
    config->journal_sign_ms = limits->journal_sign_ms;
    memcpy(config->configuration_hash, limits->configuration_hash,
           sizeof config->configuration_hash);
    qw_quota_set(centre->quota, limits->sae_keys_per_s, limits->pair_keys_per_s,
                 limits->misses_per_s);
}

qw_err qw_centre_reload(struct qw_centre *centre, const struct qw_caller *caller,
                        const struct qw_centre_limits *limits, const char *detail)
{
    struct qw_deed deed = deed_of(centre, caller);
    struct qw_group group;
    qw_err err;

    qw_centre_enter(centre);
    err = check(centre, &deed);
    if (err == QW_OK) {
        qw_group_begin(centre, &group);
        qw_journal_note_configuration(&group, limits->configuration_hash);
        err = qw_group_commit(centre, &group, &deed, detail);
    }
    if (err == QW_OK) {
        take(centre, limits);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_note_bad_reload(struct qw_centre *centre, const struct qw_caller *caller,
                                 const char *cause)
{
    struct qw_deed deed = deed_of(centre, caller);
    qw_err err;

    qw_centre_enter(centre);
    err = qw_centre_refuse(centre, &deed, QW_ERR_FORMAT, cause);
    qw_centre_leave(centre);
    return err;
}
