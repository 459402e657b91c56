/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas of units [C16]; Q1 to Q6 of docs/design/people.md, ADR 0100. */
#include "centre/people/unit_quota.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/approval/approval.h"
#include "centre/device/card_book.h"
#include "centre/device/search_key.h"
#include "centre/people/officer_record.h"
#include "centre/people/right.h"
#include "centre/people/unit_quota_change.h"
#include "centre/people/unit_record.h"
#include "centre/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000 };

/* A clock that goes back gives nobody his day again. */
static void to_today(struct qw_unit_record *record)
{
    uint64_t day = (uint64_t)(qw_clock_utc_ms() / DAY_MS);

    if (day > record->day) {
        record->day = day;
        record->quota.keys_today = 0;
    }
}

/* Most centres have no quotas: then nobody pays for them. Every change of one is a change of the
 * registry, also in another process. */
static qw_err has_any(struct qw_centre *centre, bool *has)
{
    const struct qw_store *store = centre->config.store;
    uint64_t count = 0;
    qw_err err = QW_OK;

    if (centre->units_seen != centre->books.registry + 1) {
        err = store->count(store->self, QW_STORE_META, QW_TAG_UNIT, &count);
        centre->has_units = count > 0;
        centre->units_seen = err == QW_OK ? centre->books.registry + 1 : 0;
    }
    *has = centre->has_units;
    return err;
}

/* The end of the place in a unit's path that begins there, but for the root: "/a" of "/a/b", then
 * the whole. 0: there is none any more. */
static size_t next_place(const char *unit, size_t end)
{
    return strcmp(unit, QW_UNIT_ROOT) == 0 || (end > 0 && unit[end] == '\0')
               ? 0
               : end + 1 + strcspn(unit + end + 1, "/");
}

static void copy_place(char place[static QW_UNIT_CAP], const char *unit, size_t end)
{
    memcpy(place, unit, end);
    place[end] = '\0';
}

static qw_err use_keys_of(struct qw_centre *centre, struct qw_group *group, const char *unit,
                          uint64_t keys)
{
    struct qw_unit_record record;
    qw_err err = qw_unit_load(centre, unit, &record);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    to_today(&record);
    if (keys > 0 && record.quota.keys_per_day > 0 &&
        (record.quota.keys_today > record.quota.keys_per_day ||
         keys > record.quota.keys_per_day - record.quota.keys_today)) {
        return QW_ERR_LIMIT;
    }
    record.quota.keys_today += keys;
    qw_unit_put(centre, group, &record);
    return group->err;
}

/* The unit and each above it, but for the root. Refused by one: refused by all, nothing added. */
qw_err qw_unit_use_keys(struct qw_centre *centre, struct qw_group *group, const char *unit,
                        uint64_t keys)
{
    char place[QW_UNIT_CAP];
    size_t begun = group->count;
    bool has = false;
    qw_err err = has_any(centre, &has);

    for (size_t end = next_place(unit, 0); err == QW_OK && has && end > 0;
         end = next_place(unit, end)) {
        copy_place(place, unit, end);
        err = use_keys_of(centre, group, place, keys);
    }
    if (err != QW_OK) {
        group->count = begun; /* what they borrow is the group's, freed with it */
    }
    return err;
}

/* The records of one group's changes, each once. */
struct tally {
    struct qw_unit_record *records; /* [QW_UNITS_MAX] */
    size_t count;
};

/* NULL: the place has no quota, or err. */
static struct qw_unit_record *record_of(struct qw_centre *centre, struct tally *tally,
                                        const char *place, qw_err *err)
{
    struct qw_unit_record *record = tally->records;

    for (; record < tally->records + tally->count; record++) {
        if (strcmp(record->quota.unit, place) == 0) {
            return record;
        }
    }
    if (tally->count == QW_UNITS_MAX) {
        return NULL; /* there are no more */
    }
    *err = qw_unit_load(centre, place, record);
    if (*err != QW_OK) {
        *err = *err == QW_ERR_NOT_FOUND ? QW_OK : *err;
        return NULL;
    }
    tally->count++;
    to_today(record);
    return record;
}

static qw_err count_change(struct qw_centre *centre, struct tally *tally,
                           const struct qw_unit_change *change)
{
    char place[QW_UNIT_CAP];
    qw_err err = QW_OK;

    for (size_t end = next_place(change->unit, 0); err == QW_OK && end > 0;
         end = next_place(change->unit, end)) {
        struct qw_unit_record *record;

        copy_place(place, change->unit, end);
        record = record_of(centre, tally, place, &err);
        if (record == NULL) {
            continue;
        }
        if (change->devices > 0 && record->quota.devices_max > 0 &&
            record->quota.devices >= record->quota.devices_max) {
            return QW_ERR_LIMIT;
        }
        if (change->devices > 0) {
            record->quota.devices++;
        } else if (record->quota.devices > 0) {
            record->quota.devices--;
        }
    }
    return err;
}

qw_err qw_unit_change_devices(struct qw_centre *centre, struct qw_group *group,
                              const struct qw_unit_change *changes, size_t count, size_t *which)
{
    struct tally tally = { .count = 0 };
    bool has = false;
    qw_err err = has_any(centre, &has);

    *which = 0;
    if (err != QW_OK || !has) {
        return err;
    }
    tally.records = calloc(QW_UNITS_MAX, sizeof *tally.records);
    err = tally.records == NULL ? QW_ERR_NOMEM : QW_OK;
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        *which = i;
        err = count_change(centre, &tally, &changes[i]);
    }
    for (size_t i = 0; err == QW_OK && i < tally.count; i++) {
        qw_unit_put(centre, group, &tally.records[i]);
    }
    free(tally.records);
    return err == QW_OK ? group->err : err;
}

qw_err qw_unit_use_device(struct qw_centre *centre, struct qw_group *group, const char *unit)
{
    size_t which;

    return qw_unit_change_devices(
        centre, group, &(struct qw_unit_change){ .unit = unit, .devices = 1 }, 1, &which);
}

qw_err qw_unit_free_device(struct qw_centre *centre, struct qw_group *group, const char *unit)
{
    size_t which;

    return qw_unit_change_devices(
        centre, group, &(struct qw_unit_change){ .unit = unit, .devices = -1 }, 1, &which);
}

qw_err qw_unit_keys_left(struct qw_centre *centre, const char *unit, uint64_t *left)
{
    char place[QW_UNIT_CAP];
    bool has = false;
    qw_err err = has_any(centre, &has);

    *left = UINT64_MAX;
    for (size_t end = next_place(unit, 0); err == QW_OK && has && end > 0;
         end = next_place(unit, end)) {
        struct qw_unit_record record;

        copy_place(place, unit, end);
        err = qw_unit_load(centre, place, &record);
        if (err == QW_OK && record.quota.keys_per_day > 0) {
            uint64_t here;

            to_today(&record);
            here = record.quota.keys_per_day > record.quota.keys_today
                       ? record.quota.keys_per_day - record.quota.keys_today
                       : 0;
            *left = here < *left ? here : *left;
        }
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    return err;
}

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

static uint64_t limit_of(const struct qw_unit_record *record, bool is_of_keys)
{
    return is_of_keys ? record->quota.keys_per_day : record->quota.devices_max;
}

/* Whether the quotas next beneath this one are together no more than it. */
static bool holds(const struct qw_unit_record *units, size_t count, size_t which, bool is_of_keys)
{
    uint64_t left = limit_of(&units[which], is_of_keys);

    if (left == 0) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t limit = limit_of(&units[i], is_of_keys);
        bool is_next = i != which && limit > 0 &&
                       qw_unit_contains(units[which].quota.unit, units[i].quota.unit);

        for (size_t k = 0; k < count && is_next; k++) { /* nobody between the two */
            is_next = k == which || k == i || limit_of(&units[k], is_of_keys) == 0 ||
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
        if (!holds(units, count, i, false) || !holds(units, count, i, true)) {
            return false;
        }
    }
    return true;
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
        count++;
    }
    if (err == QW_OK) {
        record->quota.devices_max = wanted->devices_max;
        record->quota.keys_per_day = wanted->keys_per_day;
        if (!add_up(units, count)) {
            err = qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "more than there is above it");
        }
    }
    if (err == QW_OK) {
        to_today(record);
        (void)snprintf(detail, sizeof detail, "%llu devices, %llu keys a day",
                       (unsigned long long)wanted->devices_max,
                       (unsigned long long)wanted->keys_per_day);
        qw_group_begin(centre, &group);
        group.books.registry++;
        qw_unit_put(centre, &group, record);
        if (approved != NULL) {
            qw_request_put(centre, &group, approved);
        }
        err = qw_group_commit(centre, &group, deed, detail);
    }
    free(units);
    return err;
}

static bool quota_is_fine(const char *unit, uint64_t devices_max, uint64_t keys_per_day)
{
    return qw_unit_ok(unit) && strcmp(unit, QW_UNIT_ROOT) != 0 &&
           devices_max <= QW_UNIT_LIMIT_MAX && keys_per_day <= QW_UNIT_LIMIT_MAX;
}

bool qw_unit_quota_parse(const char *unit, const char *text, struct qw_unit_quota *quota)
{
    char again[64];
    unsigned long long devices = 0;
    unsigned long long keys = 0;

    /* One spelling each, so the same wish is the same request: read, and compared as written. */
    if (strlen(text) > 2 * 13 + 1 || sscanf(text, "%13llu,%13llu", &devices, &keys) != 2 ||
        !quota_is_fine(unit, devices, keys)) {
        return false;
    }
    (void)snprintf(again, sizeof again, "%llu,%llu", devices, keys);
    if (strcmp(again, text) != 0) {
        return false;
    }
    *quota = (struct qw_unit_quota){ .devices_max = devices, .keys_per_day = keys };
    memcpy(quota->unit, unit, strlen(unit));
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
                          const char *unit, uint64_t devices_max, uint64_t keys_per_day)
{
    struct qw_deed deed = { .caller = caller, .verb = "unit-quota", .object = unit };
    struct qw_unit_quota wanted = { .devices_max = devices_max, .keys_per_day = keys_per_day };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_UNIT_QUOTA, &self);
    if (err == QW_OK && !quota_is_fine(unit, devices_max, keys_per_day)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK &&
        (!qw_unit_contains(self.officer.unit, unit) || strcmp(self.officer.unit, unit) == 0)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_REFUSED, "not beneath his own unit");
    }
    if (err == QW_OK && qw_approval_is_needed(centre, QW_REQUEST_UNIT_QUOTA)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "needs two officers");
    }
    if (err == QW_OK) {
        memcpy(wanted.unit, unit, strlen(unit));
        err = set(centre, &deed, &wanted, NULL);
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
    for (size_t i = 0; err == QW_OK && i < found && shown < cap; i++) {
        if (qw_unit_contains(self.officer.unit, units[i].quota.unit)) {
            to_today(&units[i]);
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
