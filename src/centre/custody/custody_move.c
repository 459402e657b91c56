/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/custody/custody_move.h"

#include "centre/group.h"
#include "centre/unseal.h"

#include <stdio.h>

/* Under the mutex. */
static qw_err replace(struct qw_centre *centre, const struct qw_deed *deed,
                      const struct qw_custody *to, const uint8_t *wrapped, size_t len)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record there = { 0 };
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &there);

    if (err != QW_OK) {
        return QW_ERR_IO;
    }
    (void)snprintf(detail, sizeof detail, "%s to %s", centre->custody_name, to->name);
    qw_group_begin(centre, &group);
    qw_group_replace_plain(&group, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, there.version, wrapped,
                           len);
    err = qw_group_commit(centre, &group, deed, detail);
    if (err == QW_OK) {
        centre->custody_name = to->name;
    }
    qw_store_record_free(&there);
    return err;
}

qw_err qw_centre_custody_move(struct qw_centre *centre, const struct qw_caller *caller,
                              const struct qw_custody *to)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "custody-move",
                            .object = centre->config.centre_id };
    uint8_t wrapped[QW_WRAPPED_KEK_CAP];
    const char *why;
    size_t len = 0;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_OPERATOR)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    err = to->wrap(to->self, centre->kek, wrapped, sizeof wrapped, &len); /* may take seconds */
    why = qw_custody_why(to);
    qw_centre_enter(centre);
    err = err == QW_OK
              ? replace(centre, &deed, to, wrapped, len)
              : qw_centre_refuse(centre, &deed, err, why[0] != '\0' ? why : qw_err_text(err));
    qw_centre_leave(centre);
    return err;
}
