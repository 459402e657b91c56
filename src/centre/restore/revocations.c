/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/restore/revocations.h"

#include "api/certificate/authority.h"
#include "api/certificate/list.h"
#include "base/clock.h"
#include "centre/certificate/register.h"
#include "centre/certificate/subject.h"
#include "centre/people/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 32, DAY_MS = 24 * 3600 * 1000 };

struct taking {
    struct qw_centre *centre;
    struct qw_certificate_list_content lists[QW_CERTIFICATE_PROFILE_COUNT];
    bool has_list[QW_CERTIFICATE_PROFILE_COUNT];
    struct qw_certificate_record found[BATCH]; /* of one batch */
    uint8_t last[QW_STORE_ID_MAX];
    size_t last_len, looked, count;
    int64_t now_ms;
    qw_err err;
};

static qw_err read_lists(struct taking *taking, const uint8_t *lists, size_t len)
{
    qw_err err = QW_OK;

    for (int p = 0; p < QW_CERTIFICATE_PROFILE_COUNT && err == QW_OK; p++) {
        const struct qw_certificate_authority *authority = taking->centre->authorities[p];

        if (authority == NULL || len == 0) {
            continue;
        }
        err = qw_certificate_list_read(lists, len, authority->certificate, &taking->lists[p]);
        taking->has_list[p] = err == QW_OK;
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    return err;
}

/* Somebody has to be able to go on: officers, and who talks to them. */
static bool is_spared(const struct qw_centre *centre, const char *name)
{
    struct qw_certificate_subject subject;

    return qw_certificate_subject_parse(centre, name, &subject) == QW_OK &&
           subject.kind != QW_SUBJECT_DEVICE;
}

static bool has_to_go(const struct taking *taking, const struct qw_certificate_entry *entry)
{
    const struct qw_certificate_list_content *list = &taking->lists[entry->profile];

    if (entry->is_revoked || entry->made.not_after_ms <= taking->now_ms) {
        return false;
    }
    return taking->has_list[entry->profile]
               ? qw_certificate_list_content_has(list, entry->made.serial)
               : !is_spared(taking->centre, entry->name);
}

static int collect(void *self, const struct qw_store_record *record)
{
    struct taking *taking = self;
    struct qw_certificate_record *found = &taking->found[taking->count];

    if (!qw_certificate_record_is(record)) { /* somebody else's with the same tag: a unit's */
        return 1;
    }
    taking->err = qw_certificate_record_open(taking->centre, record, &found->entry);
    if (taking->err != QW_OK) {
        return 0;
    }
    memcpy(taking->last, record->id, record->id_len);
    taking->last_len = record->id_len;
    taking->looked++;
    found->version = record->version;
    taking->count += has_to_go(taking, &found->entry) ? 1 : 0;
    return taking->count < BATCH;
}

static qw_err commit(struct taking *taking, const char *what)
{
    struct qw_centre *centre = taking->centre;
    struct qw_deed deed = { .verb = "restore", .object = centre->config.centre_id };
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;

    if (taking->count == 0) {
        return QW_OK;
    }
    qw_group_begin(centre, &group);
    for (size_t i = 0; i < taking->count; i++) {
        qw_certificate_record_put(centre, &group, &taking->found[i]);
    }
    group.books.registry++;
    (void)snprintf(detail, sizeof detail, "%zu certificates %s", taking->count, what);
    return qw_group_commit(centre, &group, &deed, detail);
}

/* What the register knows. */
static qw_err take_back_known(struct taking *taking)
{
    const struct qw_store *store = taking->centre->config.store;
    qw_err err = QW_OK;

    do {
        taking->looked = 0;
        taking->count = 0;
        err = store->scan(store->self, QW_STORE_META, QW_TAG_CERTIFICATE, taking->last,
                          taking->last_len, SIZE_MAX >> 1, collect, taking);
        if (err == QW_OK) {
            err = taking->err;
        }
        for (size_t i = 0; i < taking->count && err == QW_OK; i++) {
            struct qw_certificate_entry *entry = &taking->found[i].entry;

            entry->is_revoked = true;
            entry->revoked_ms = taking->now_ms;
            entry->reason = QW_REVOKED_UNSPECIFIED;
        }
        if (err == QW_OK) {
            err = commit(taking, "taken back as on the last list, or for want of one");
        }
    } while (err == QW_OK && taking->looked > 0);
    return err;
}

/* One that was issued and taken back since the backup stays on the lists that are signed from now
 * on, until any certificate of then has ended. Whose it was is not known. */
static void remember(const struct taking *taking, int profile,
                     const struct qw_certificate_revoked *revoked,
                     struct qw_certificate_record *record)
{
    const struct qw_centre *centre = taking->centre;

    *record = (struct qw_certificate_record){ .version = 0 };
    record->entry.profile = (enum qw_certificate_profile)profile;
    record->entry.is_revoked = true;
    record->entry.revoked_ms = revoked->revoked_ms;
    record->entry.reason = revoked->reason;
    record->entry.issued_ms = taking->now_ms;
    (void)snprintf(record->entry.unit, sizeof record->entry.unit, "%s", QW_UNIT_ROOT);
    (void)snprintf(record->entry.issued_by, sizeof record->entry.issued_by, "before the restore");
    memcpy(record->entry.made.serial, revoked->serial, sizeof record->entry.made.serial);
    record->entry.made.not_before_ms = revoked->revoked_ms;
    record->entry.made.not_after_ms =
        taking->now_ms + (int64_t)centre->config.certificate_days * DAY_MS;
}

static qw_err learn_unknown(struct taking *taking, int profile)
{
    const struct qw_certificate_list_content *list = &taking->lists[profile];
    qw_err err = QW_OK;

    for (size_t i = 0; i < list->count && err == QW_OK;) {
        taking->count = 0;
        for (; i < list->count && taking->count < BATCH && err == QW_OK; i++) {
            struct qw_certificate_record *record = &taking->found[taking->count];

            err = qw_certificate_record_load(taking->centre, list->revoked[i].serial, record);
            if (err == QW_ERR_NOT_FOUND) {
                remember(taking, profile, &list->revoked[i], record);
                taking->count++;
                err = QW_OK;
            }
        }
        if (err == QW_OK) {
            err = commit(taking, "on the last list, of which this store knew nothing");
        }
    }
    return err;
}

qw_err qw_restored_take_back(struct qw_centre *centre, const uint8_t *lists, size_t len)
{
    struct taking *taking = calloc(1, sizeof *taking);
    qw_err err;

    if (taking == NULL) {
        return QW_ERR_NOMEM;
    }
    taking->centre = centre;
    taking->now_ms = qw_clock_utc_ms();
    err = read_lists(taking, lists, len);
    if (err == QW_OK) {
        err = take_back_known(taking);
    }
    for (int p = 0; p < QW_CERTIFICATE_PROFILE_COUNT; p++) {
        if (err == QW_OK) {
            err = learn_unknown(taking, p);
        }
        qw_certificate_list_content_free(&taking->lists[p]);
    }
    free(taking);
    return err;
}
