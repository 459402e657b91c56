/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates taken back, and the lists that say so [C4] [RFC 5280 5]. */
#include "base/clock.h"
#include "base/hex.h"
#include "centre/certificate/register.h"
#include "centre/certificate/subject.h"
#include "centre/people/officer_record.h"

#include <stdlib.h>
#include <string.h>

enum { MEMO_MS = 24 * 3600 * 1000 };

static bool reason_ok(unsigned reason)
{
    return reason == QW_REVOKED_UNSPECIFIED || reason == QW_REVOKED_KEY_COMPROMISE ||
           reason == QW_REVOKED_SUPERSEDED || reason == QW_REVOKED_CESSATION;
}

/* The rights are those over whom it names; who is not in reach has no certificate. */
static qw_err reach(struct qw_centre *centre, const struct qw_deed *deed,
                    const struct qw_certificate_entry *entry, enum qw_right right)
{
    struct qw_certificate_subject subject;
    char unit[QW_UNIT_CAP];
    qw_err err = qw_certificate_subject_parse(centre, entry->name, &subject);

    return err == QW_OK ? qw_certificate_subject_reach(centre, deed, &subject, right, unit)
                        : QW_ERR_IO;
}

static qw_err take_back(struct qw_centre *centre, const struct qw_deed *deed,
                        struct qw_certificate_record *record, unsigned reason)
{
    struct qw_group group;

    if (record->entry.is_revoked) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "it is revoked");
    }
    record->entry.is_revoked = true;
    record->entry.revoked_ms = qw_clock_utc_ms();
    record->entry.reason = reason;
    qw_group_begin(centre, &group);
    qw_certificate_record_put(centre, &group, record);
    return qw_group_commit(centre, &group, deed, record->entry.name);
}

qw_err qw_centre_certificate_revoke(struct qw_centre *centre, const struct qw_caller *caller,
                                    const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                                    unsigned reason)
{
    char hex[2 * QW_CERTIFICATE_SERIAL_LEN + 1];
    struct qw_deed deed = { .caller = caller, .verb = "certificate-revoke", .object = hex };
    struct qw_officer_record self;
    struct qw_certificate_record record;
    qw_err err;

    qw_hex_encode(serial, QW_CERTIFICATE_SERIAL_LEN, hex);
    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_CERTIFICATE_REVOKE, &self);
    if (err == QW_OK && !reason_ok(reason)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = qw_certificate_record_load(centre, serial, &record);
        if (err == QW_ERR_NOT_FOUND) {
            err = qw_centre_refuse(centre, &deed, err, "no such certificate");
        }
    }
    if (err == QW_OK) {
        err = reach(centre, &deed, &record.entry, QW_RIGHT_CERTIFICATE_REVOKE);
    }
    if (err == QW_OK) {
        err = take_back(centre, &deed, &record, reason);
    }
    qw_centre_leave(centre);
    return err;
}

struct gathering {
    struct qw_centre *centre;
    enum qw_certificate_profile profile;
    struct qw_certificate_revoked *revoked; /* owned */
    size_t count, cap;
    qw_err err;
};

static int gather(void *self, const struct qw_store_record *record)
{
    struct gathering *g = self;
    struct qw_certificate_entry entry;

    g->err = qw_certificate_record_open(g->centre, record, &entry);
    if (g->err != QW_OK || entry.profile != g->profile ||
        entry.made.not_after_ms <= qw_clock_utc_ms()) {
        return g->err == QW_OK;
    }
    if (g->count == g->cap) {
        size_t cap = g->cap == 0 ? 64 : 2 * g->cap;
        void *grown = realloc(g->revoked, cap * sizeof *g->revoked);

        if (grown == NULL) {
            g->err = QW_ERR_NOMEM;
            return 0;
        }
        g->revoked = grown;
        g->cap = cap;
    }
    g->revoked[g->count] =
        (struct qw_certificate_revoked){ .revoked_ms = entry.revoked_ms, .reason = entry.reason };
    memcpy(g->revoked[g->count++].serial, entry.made.serial, sizeof entry.made.serial);
    return 1;
}

/* Its number is that of its journal record, so no two lists have one. */
static qw_err sign_list(struct qw_centre *centre, enum qw_certificate_profile profile,
                        struct qw_certificate_list *list)
{
    const struct qw_store *store = centre->config.store;
    struct qw_deed deed = { .verb = "revocation-list",
                            .object = qw_certificate_profile_names[profile] };
    struct gathering g = { .centre = centre, .profile = profile };
    struct qw_group group;
    qw_err err = store->scan(store->self, QW_STORE_META, QW_TAG_CERTIFICATE_REVOKED, NULL, 0,
                             SIZE_MAX >> 1, gather, &g);

    if (err == QW_OK) {
        err = g.err;
    }
    if (err == QW_OK) {
        qw_group_begin(centre, &group);
        err = qw_group_commit(centre, &group, &deed, "");
    }
    if (err == QW_OK) {
        err = qw_certificate_list_sign(centre->authorities[profile], centre->audit.seq,
                                       QW_CERTIFICATE_LIST_LIFE_DAYS, g.revoked, g.count, list);
    }
    free(g.revoked);
    return err;
}

qw_err qw_centre_certificate_list_sign(struct qw_centre *centre,
                                       enum qw_certificate_profile profile,
                                       struct qw_certificate_list *list)
{
    qw_err err = QW_ERR_NOT_FOUND;

    qw_centre_enter(centre);
    if (profile >= 0 && profile < QW_CERTIFICATE_PROFILE_COUNT &&
        centre->authorities[profile] != NULL) {
        err = sign_list(centre, profile, list);
    }
    qw_centre_leave(centre);
    return err;
}

static qw_err copy_list(const struct qw_certificate_list *from, struct qw_certificate_list *to)
{
    struct qw_certificate_list copy = { .pem = malloc(from->pem_len),
                                        .der = malloc(from->der_len),
                                        .pem_len = from->pem_len,
                                        .der_len = from->der_len };

    if (copy.pem == NULL || copy.der == NULL) {
        qw_certificate_list_free(&copy);
        return QW_ERR_NOMEM;
    }
    memcpy(copy.pem, from->pem, from->pem_len);
    memcpy(copy.der, from->der, from->der_len);
    *to = copy;
    return QW_OK;
}

/* Under the mutex. Anybody may ask, so it costs a signature and a record only when there is need.
 */
static qw_err renew_memo(struct qw_centre *centre, enum qw_certificate_profile profile)
{
    const struct qw_store *store = centre->config.store;
    struct qw_list_memo *memo = &centre->lists[profile];
    struct qw_certificate_list list;
    uint64_t revoked = 0;
    qw_err err = store->count(store->self, QW_STORE_META, QW_TAG_CERTIFICATE_REVOKED, &revoked);

    if (err != QW_OK || (memo->list.der != NULL && memo->revoked == revoked &&
                         qw_clock_monotonic_ms() - memo->signed_ms < MEMO_MS)) {
        return err;
    }
    err = sign_list(centre, profile, &list);
    if (err == QW_OK) {
        qw_certificate_list_free(&memo->list);
        *memo = (struct qw_list_memo){ .list = list,
                                       .revoked = revoked,
                                       .signed_ms = qw_clock_monotonic_ms() };
    }
    return err;
}

qw_err qw_centre_certificate_list_last(struct qw_centre *centre,
                                       enum qw_certificate_profile profile,
                                       struct qw_certificate_list *list)
{
    qw_err err = QW_ERR_NOT_FOUND;

    qw_centre_enter(centre);
    if (profile >= 0 && profile < QW_CERTIFICATE_PROFILE_COUNT &&
        centre->authorities[profile] != NULL) {
        err = renew_memo(centre, profile);
        if (err == QW_OK) {
            err = copy_list(&centre->lists[profile].list, list);
        }
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_certificates_revoked(struct qw_centre *centre, uint64_t *count)
{
    const struct qw_store *store = centre->config.store;
    qw_err err;

    qw_centre_enter(centre);
    err = store->count(store->self, QW_STORE_META, QW_TAG_CERTIFICATE_REVOKED, count);
    qw_centre_leave(centre);
    return err;
}
