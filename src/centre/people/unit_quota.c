/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas of units [C16]; Q1 to Q8 of docs/design/people.md, ADR 0100. */
#include "centre/people/unit_quota.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/approval/approval.h"
#include "centre/device/card_book.h"
#include "centre/device/search_key.h"
#include "centre/people/officer_record.h"
#include "centre/people/right.h"
#include "centre/people/unit_count.h"
#include "centre/people/unit_quota_change.h"
#include "centre/people/unit_record.h"
#include "centre/people/unit_use.h"
#include "centre/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is registered or staged already, when a unit gets its first quota: by the index, which has a
 * list of each unit, and not by opening every device of the centre while nobody else is served. */
struct census {
    struct qw_centre *centre;
    const char *unit;
    const struct qw_search_key *list;
    uint64_t devices;
    qw_err err;
};

static int count_entry(void *self, const struct qw_store_record *record)
{
    struct census *census = self;
    bool is_of_list = record->id_len > census->list->len &&
                      qw_equal_ct(record->id, census->list->bytes, census->list->len);

    census->devices += is_of_list ? 1 : 0;
    return is_of_list;
}

static qw_err count_list(struct qw_centre *centre, const struct qw_search_key *list,
                         uint64_t *devices)
{
    const struct qw_store *store = centre->config.store;
    struct census census = { .list = list };
    qw_err err = store->scan(store->self, QW_STORE_SEARCH, QW_STORE_ANY_TAG, list->bytes, list->len,
                             SIZE_MAX >> 1, count_entry, &census);

    *devices = census.devices;
    return err;
}

/* An import that is not decided, or under way: at most one. */
static int count_staged(void *self, const struct qw_store_record *record)
{
    struct census *census = self;
    struct qw_centre *centre = census->centre;
    size_t len = record->len - QW_RECORD_OVERHEAD;

    if (record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch) {
        census->err = QW_ERR_IO;
        return 0;
    }
    census->err = qw_record_open(centre, QW_STORE_STAGED, record, record->len, centre->scratch);
    if (census->err == QW_OK) {
        census->err = qw_device_decode(centre->scratch, len, &centre->card.device);
    }
    if (census->err == QW_OK && qw_unit_contains(census->unit, centre->card.device.unit)) {
        census->devices++;
    }
    return census->err == QW_OK;
}

static qw_err count_devices(struct qw_centre *centre, const char *unit, uint64_t *devices)
{
    const struct qw_store *store = centre->config.store;
    struct census staged = { .centre = centre, .unit = unit };
    struct qw_search_key all, destroyed;
    uint64_t here = 0;
    uint64_t gone = 0;
    qw_err err;

    qw_search_list_key(QW_SEARCH_ALL, unit, 0, NULL, &all);
    qw_search_list_key(QW_SEARCH_STATE, unit, QW_DEVICE_DESTROYED, NULL, &destroyed);
    err = count_list(centre, &all, &here);
    if (err == QW_OK) {
        err = count_list(centre, &destroyed, &gone);
    }
    if (err == QW_OK) {
        err = store->scan(store->self, QW_STORE_STAGED, QW_STORE_ANY_TAG, NULL, 0, SIZE_MAX >> 1,
                          count_staged, &staged);
        err = err == QW_OK ? staged.err : err;
    }
    *devices = here - gone + staged.devices;
    return err;
}

enum limit { DEVICES, KEYS_PER_DAY, STORED, LIMIT_COUNT };

static uint64_t limit_of(const struct qw_unit_record *record, enum limit limit)
{
    const struct qw_unit_quota *quota = &record->quota;

    return limit == DEVICES        ? quota->devices_max
           : limit == KEYS_PER_DAY ? quota->keys_per_day
                                   : quota->stored_max;
}

/* Whether the quotas next beneath this one are together no more than it. */
static bool holds(const struct qw_unit_record *units, size_t count, size_t which, enum limit kind)
{
    uint64_t left = limit_of(&units[which], kind);

    if (left == 0) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t limit = limit_of(&units[i], kind);
        bool is_next = i != which && limit > 0 &&
                       qw_unit_contains(units[which].quota.unit, units[i].quota.unit);

        for (size_t k = 0; k < count && is_next; k++) { /* nobody between the two */
            is_next = k == which || k == i || limit_of(&units[k], kind) == 0 ||
                      !qw_unit_contains(units[which].quota.unit, units[k].quota.unit) ||
                      !qw_unit_contains(units[k].quota.unit, units[i].quota.unit);
        }
        if (is_next && limit > left) {
            return false;
        }
        left -= is_next ? limit : 0;
    }
    return true;
}

static bool add_up(const struct qw_unit_record *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (int kind = 0; kind < LIMIT_COUNT; kind++) {
            if (!holds(units, count, i, (enum limit)kind)) {
                return false;
            }
        }
    }
    return true;
}

static bool has_limit(const struct qw_unit_quota *quota)
{
    return quota->devices_max > 0 || quota->keys_per_day > 0 || quota->stored_max > 0;
}

/* approved: what becomes durable with it, or NULL. */
static qw_err set(struct qw_centre *centre, const struct qw_deed *deed,
                  const struct qw_unit_quota *wanted, const struct qw_request_record *approved)
{
    struct qw_unit_record *units = calloc(QW_UNITS_MAX + 1, sizeof *units);
    struct qw_unit_record *record = units;
    struct qw_group group;
    char detail[QW_AUDIT_TEXT_CAP];
    size_t count = 0;
    qw_err err = units == NULL ? QW_ERR_NOMEM : qw_unit_walk(centre, units, &count);

    while (err == QW_OK && record < units + count &&
           strcmp(record->quota.unit, wanted->unit) != 0) {
        record++;
    }
    if (err == QW_OK && record == units + count) {
        memcpy(record->quota.unit, wanted->unit, sizeof record->quota.unit);
        err = count == QW_UNITS_MAX ? qw_centre_refuse(centre, deed, QW_ERR_LIMIT, "too many units")
                                    : count_devices(centre, wanted->unit, &record->quota.devices);
        record->counts_from = centre->audit.seq + 1; /* this group is the first */
        count++;
    }
    if (err == QW_OK) {
        record->quota.devices_max = wanted->devices_max;
        record->quota.keys_per_day = wanted->keys_per_day;
        record->quota.stored_max = wanted->stored_max;
        if (!add_up(units, count)) {
            err = qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "more than there is above it");
        }
    }
    if (err == QW_OK) {
        qw_unit_to_today(record);
        (void)snprintf(detail, sizeof detail, "%llu devices, %llu keys a day, %llu stored",
                       (unsigned long long)wanted->devices_max,
                       (unsigned long long)wanted->keys_per_day,
                       (unsigned long long)wanted->stored_max);
        qw_group_begin(centre, &group);
        group.books.registry++;
        qw_unit_put(centre, &group, record);
        if (record->version == 0 && has_limit(wanted)) {
            qw_group_fail(&group, qw_unit_count_begin(centre, &group, record->counts_from));
        }
        if (approved != NULL) {
            qw_request_put(centre, &group, approved);
        }
        err = qw_group_commit(centre, &group, deed, detail);
    }
    free(units);
    return err;
}

static bool quota_is_fine(const struct qw_unit_quota *quota)
{
    return qw_unit_ok(quota->unit) && strcmp(quota->unit, QW_UNIT_ROOT) != 0 &&
           quota->devices_max <= QW_UNIT_LIMIT_MAX && quota->keys_per_day <= QW_UNIT_LIMIT_MAX &&
           quota->stored_max <= QW_UNIT_LIMIT_MAX;
}

bool qw_unit_quota_parse(const char *unit, const char *text, struct qw_unit_quota *quota)
{
    char again[64];
    unsigned long long devices = 0;
    unsigned long long keys = 0;
    unsigned long long stored = 0;
    struct qw_unit_quota parsed = { .unit = "" };

    /* One spelling each, so the same wish is the same request: read, and compared as written. */
    if (strlen(text) > 3 * 13 + 2 || strlen(unit) >= sizeof parsed.unit ||
        sscanf(text, "%13llu,%13llu,%13llu", &devices, &keys, &stored) < 2) {
        return false;
    }
    (void)snprintf(again, sizeof again, stored > 0 ? "%llu,%llu,%llu" : "%llu,%llu", devices, keys,
                   stored);
    parsed.devices_max = devices;
    parsed.keys_per_day = keys;
    parsed.stored_max = stored;
    memcpy(parsed.unit, unit, strlen(unit));
    if (strcmp(again, text) != 0 || !quota_is_fine(&parsed)) {
        return false;
    }
    *quota = parsed;
    return true;
}

qw_err qw_unit_quota_approved(struct qw_centre *centre, const struct qw_deed *deed,
                              const struct qw_request_record *request)
{
    struct qw_unit_quota wanted;
    const struct qw_deed quota = { .caller = deed->caller,
                                   .verb = "unit-quota",
                                   .object = request->request.unit };

    return qw_unit_quota_parse(request->request.unit, request->request.object, &wanted)
               ? set(centre, &quota, &wanted, request)
               : QW_ERR_IO; /* it was looked at when it was asked */
}

qw_err qw_centre_unit_set(struct qw_centre *centre, const struct qw_caller *caller,
                          const struct qw_unit_quota *wanted)
{
    struct qw_deed deed = { .caller = caller, .verb = "unit-quota", .object = wanted->unit };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_UNIT_QUOTA, &self);
    if (err == QW_OK && !quota_is_fine(wanted)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK && (!qw_unit_contains(self.officer.unit, wanted->unit) ||
                         strcmp(self.officer.unit, wanted->unit) == 0)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, "not beneath his own unit");
    }
    if (err == QW_OK && qw_approval_is_needed(centre, QW_REQUEST_UNIT_QUOTA)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "needs two officers");
    }
    if (err == QW_OK) {
        err = set(centre, &deed, wanted, NULL);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_unit_list(struct qw_centre *centre, const struct qw_caller *caller,
                           struct qw_unit_quota *quotas, size_t cap, size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "unit-list", .object = "" };
    struct qw_unit_record *units = calloc(QW_UNITS_MAX, sizeof *units);
    struct qw_officer_record self;
    uint64_t counting_since = UINT64_MAX;
    size_t found = 0;
    size_t shown = 0;
    qw_err err = units == NULL ? QW_ERR_NOMEM : QW_OK;

    if (err != QW_OK) {
        return err;
    }
    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_UNIT_READ, &self);
    if (err == QW_OK) {
        err = qw_unit_walk(centre, units, &found);
    }
    if (err == QW_OK) {
        err = qw_unit_count_since(centre, &counting_since);
    }
    for (size_t i = 0; err == QW_OK && i < found && shown < cap; i++) {
        if (qw_unit_contains(self.officer.unit, units[i].quota.unit)) {
            qw_unit_to_today(&units[i]);
            units[i].quota.is_counting = units[i].counts_from >= counting_since;
            quotas[shown++] = units[i].quota;
        }
    }
    qw_centre_leave(centre);
    free(units);
    if (err == QW_OK) {
        *count = shown;
    }
    return err;
}
