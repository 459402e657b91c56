/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/custody/custody_move.h"

#include "base/secret.h"
#include "centre/group.h"
#include "centre/unseal.h"

#include <stdio.h>
#include <string.h>

struct wrapping { /* secret memory */
    uint8_t kek[QW_KEK_LEN];
    uint8_t wrapped[QW_WRAPPED_KEK_CAP];
    size_t len;
};

/* Under the mutex. The KEK that was wrapped is no longer the centre's when it was rotated
 * meanwhile.
 */
static qw_err replace(struct qw_centre *centre, const struct qw_deed *deed,
                      const struct qw_custody *to, const struct wrapping *wrapping)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record there = { 0 };
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err;

    if (!qw_equal_ct(wrapping->kek, centre->kek, sizeof centre->kek)) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "the KEK was rotated meanwhile");
    }
    err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &there);
    if (err != QW_OK) {
        return QW_ERR_IO;
    }
    (void)snprintf(detail, sizeof detail, "%s to %s", centre->custody_name, to->name);
    qw_group_begin(centre, &group);
    qw_group_replace_plain(&group, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, there.version,
                           wrapping->wrapped, wrapping->len);
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
    struct wrapping *wrapping;
    const char *why;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_OPERATOR)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    wrapping = qw_secret_new(sizeof *wrapping);
    if (wrapping == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_centre_enter(centre);
    memcpy(wrapping->kek, centre->kek, sizeof wrapping->kek);
    qw_centre_leave(centre);
    err = to->wrap(to->self, wrapping->kek, wrapping->wrapped, sizeof wrapping->wrapped,
                   &wrapping->len); /* may take seconds */
    why = qw_custody_why(to);
    qw_centre_enter(centre);
    err = err == QW_OK
              ? replace(centre, &deed, to, wrapping)
              : qw_centre_refuse(centre, &deed, err, why[0] != '\0' ? why : qw_err_text(err));
    qw_centre_leave(centre);
    qw_secret_free(wrapping);
    return err;
}
