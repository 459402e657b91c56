/* SPDX-License-Identifier: Apache-2.0 */
/* Who relies on a statement, and who lifts a lock: R1 and C7 of docs/protocol/authentication.md
 * [C11]. */
#include "base/clock.h"
#include "centre/authentication/authentication.h"
#include "centre/authentication/party.h"
#include "centre/certificate/subject.h"
#include "centre/device/card_book.h"

static qw_err find(struct qw_centre *centre, const struct qw_deed *deed,
                   const uint8_t id[static 16], struct qw_auth_statement *statement)
{
    const struct qw_device *device = &centre->card.device;
    const struct qw_auth_kept *kept;
    struct qw_certificate_subject subject;
    struct qw_auth_party party;
    qw_err err = qw_card_book_load(centre, deed->caller->id, &centre->card);

    if (err == QW_ERR_NOT_FOUND || (err == QW_OK && (device->kind != QW_DEVICE_APPLICATION ||
                                                     device->state != QW_DEVICE_ACTIVE))) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED,
                                "the caller is no application in service");
    }
    if (err != QW_OK) {
        return err;
    }
    if (qw_certificate_subject_parse(centre, deed->object, &subject) != QW_OK) {
        return QW_ERR_NOT_FOUND;
    }
    err = qw_auth_party_load(centre, subject.name, &party);
    if (err != QW_OK) {
        return err;
    }
    kept = qw_auth_party_find(&party, id, qw_clock_utc_ms());
    if (kept == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    *statement = kept->statement;
    return QW_OK;
}

qw_err qw_centre_auth_statement(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *name, const uint8_t id[static 16],
                                struct qw_auth_statement *statement)
{
    struct qw_deed deed = { .caller = caller, .verb = "statement", .object = name };
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    qw_centre_enter(centre);
    err = find(centre, &deed, id, statement);
    qw_centre_leave(centre);
    return err;
}

static qw_err unlock(struct qw_centre *centre, const struct qw_deed *deed)
{
    struct qw_certificate_subject subject;
    struct qw_auth_party party;
    struct qw_group group;
    char unit[QW_UNIT_CAP];
    qw_err err;

    if (qw_certificate_subject_parse(centre, deed->object, &subject) != QW_OK) {
        return QW_ERR_NOT_FOUND;
    }
    err =
        qw_certificate_subject_reach(centre, deed, &subject, QW_RIGHT_AUTHENTICATION_UNLOCK, unit);
    if (err == QW_OK) {
        err = qw_auth_party_load(centre, subject.name, &party);
    }
    if (err != QW_OK) {
        return err;
    }
    if (party.locked_until_ms <= qw_clock_utc_ms()) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "it is not locked");
    }
    party.failures = 0;
    party.locked_until_ms = 0;
    qw_group_begin(centre, &group);
    qw_auth_party_put(centre, &group, &party);
    return qw_group_commit(centre, &group, deed, "");
}

qw_err qw_centre_auth_unlock(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *name)
{
    struct qw_deed deed = { .caller = caller, .verb = "authentication-unlock", .object = name };
    qw_err err;

    qw_centre_enter(centre);
    err = unlock(centre, &deed);
    qw_centre_leave(centre);
    return err;
}
