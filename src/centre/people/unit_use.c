/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/people/unit_use.h"

#include "centre/people/unit.h"
#include "centre/people/unit_record.h"

#include <stdlib.h>
#include <string.h>

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

static uint64_t left_of(uint64_t limit, uint64_t used)
{
    return limit == 0 ? UINT64_MAX : limit > used ? limit - used : 0;
}

/* Its name and the journal's number: whatever begins to count later leaves it alone (ADR 0127). */
static void note_charge(const struct qw_centre *centre, const char *unit,
                        struct qw_key_charge *charge)
{
    memcpy(charge->unit, unit, strlen(unit) + 1);
    charge->seq = centre->audit.seq;
}

/* QW_ERR_NOT_FOUND: the place has no quota. */
static qw_err use_keys_of(struct qw_centre *centre, struct qw_group *group, const char *place,
                          uint64_t keys)
{
    struct qw_unit_record record;
    struct qw_unit_quota *quota = &record.quota;
    qw_err err = qw_unit_load(centre, place, &record);

    if (err != QW_OK) {
        return err;
    }
    qw_unit_to_today(&record);
    if (keys > left_of(quota->keys_per_day, quota->keys_today)) {
        return QW_ERR_LIMIT;
    }
    if (keys > left_of(quota->stored_max, quota->stored)) {
        return QW_ERR_FULL;
    }
    quota->keys_today += keys;
    quota->stored += keys;
    qw_unit_put(centre, group, &record);
    return group->err;
}

/* The unit and each above it, but for the root. */
qw_err qw_unit_use_keys(struct qw_centre *centre, struct qw_group *group, const char *unit,
                        uint64_t keys, struct qw_key_charge *charge)
{
    char place[QW_UNIT_CAP];
    struct qw_key_charge noted = { .unit = "" };
    size_t begun = group->count;
    bool has = false;
    qw_err err = qw_unit_any(centre, &has);

    for (size_t end = next_place(unit, 0); err == QW_OK && has && keys > 0 && end > 0;
         end = next_place(unit, end)) {
        copy_place(place, unit, end);
        err = use_keys_of(centre, group, place, keys);
        if (err == QW_OK) {
            note_charge(centre, unit, &noted);
        }
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    if (err != QW_OK) {
        group->count = begun; /* what they borrow is the group's, freed with it */
    } else {
        *charge = noted;
    }
    return err;
}

const char *qw_unit_use_cause(qw_err err)
{
    return err == QW_ERR_FULL ? "as many keys are stored as the quota of its unit allows"
                              : "the quota of its unit is used up";
}

qw_err qw_unit_keys_left(struct qw_centre *centre, const char *unit, uint64_t *left,
                         struct qw_key_charge *charge)
{
    char place[QW_UNIT_CAP];
    bool has = false;
    qw_err err = qw_unit_any(centre, &has);

    *left = UINT64_MAX;
    *charge = (struct qw_key_charge){ .unit = "" };
    for (size_t end = next_place(unit, 0); err == QW_OK && has && end > 0;
         end = next_place(unit, end)) {
        struct qw_unit_record record;

        copy_place(place, unit, end);
        err = qw_unit_load(centre, place, &record);
        if (err == QW_OK) {
            const struct qw_unit_quota *quota = &record.quota;
            uint64_t today, room;

            qw_unit_to_today(&record);
            today = left_of(quota->keys_per_day, quota->keys_today);
            room = left_of(quota->stored_max, quota->stored);
            *left = today < *left ? today : *left;
            *left = room < *left ? room : *left;
            note_charge(centre, unit, charge);
        }
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    return err;
}

/* NULL: the place has no quota, or err. */
static struct qw_unit_record *record_of(struct qw_centre *centre, struct qw_unit_tally *tally,
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
    qw_unit_to_today(record);
    return record;
}

static qw_err make_room(struct qw_unit_tally *tally)
{
    if (tally->records == NULL) {
        tally->records = calloc(QW_UNITS_MAX, sizeof *tally->records);
    }
    return tally->records == NULL ? QW_ERR_NOMEM : QW_OK;
}

void qw_unit_tally_free(struct qw_unit_tally *tally)
{
    free(tally->records);
    *tally = (struct qw_unit_tally){ .count = 0 };
}

qw_err qw_unit_tally_put(struct qw_centre *centre, struct qw_group *group,
                         struct qw_unit_tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        qw_unit_put(centre, group, &tally->records[i]);
    }
    qw_unit_tally_free(tally);
    return group->err;
}

static qw_err count_change(struct qw_centre *centre, struct qw_unit_tally *tally,
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
    struct qw_unit_tally tally = { .count = 0 };
    bool has = false;
    qw_err err = qw_unit_any(centre, &has);

    *which = 0;
    if (err != QW_OK || !has) {
        return err;
    }
    err = make_room(&tally);
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        *which = i;
        err = count_change(centre, &tally, &changes[i]);
    }
    if (err == QW_OK) {
        err = qw_unit_tally_put(centre, group, &tally);
    }
    qw_unit_tally_free(&tally);
    return err;
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

/* A unit that began to count when the keys were there already has not counted them, unless they
 * were adopted. */
static qw_err release(struct qw_centre *centre, struct qw_unit_tally *tally,
                      const struct qw_key_release *given)
{
    const char *unit = given->charge.unit;
    char place[QW_UNIT_CAP];
    qw_err err = QW_OK;

    for (size_t end = next_place(unit, 0); err == QW_OK && end > 0; end = next_place(unit, end)) {
        struct qw_unit_record *record;

        copy_place(place, unit, end);
        record = record_of(centre, tally, place, &err);
        if (record != NULL && record->counts_from <= given->charge.seq) {
            uint64_t *stored = &record->quota.stored;

            *stored -= given->keys < *stored ? given->keys : *stored;
        }
    }
    return err;
}

qw_err qw_unit_release_keys(struct qw_centre *centre, struct qw_group *group,
                            const struct qw_key_release *releases, size_t count)
{
    struct qw_unit_tally tally = { .count = 0 };
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < count; i++) {
        if (releases[i].charge.unit[0] == '\0') {
            continue;
        }
        err = make_room(&tally);
        if (err == QW_OK) {
            err = release(centre, &tally, &releases[i]);
        }
    }
    if (err == QW_OK) {
        err = qw_unit_tally_put(centre, group, &tally);
    }
    qw_unit_tally_free(&tally);
    return err;
}

qw_err qw_unit_adopt_keys(struct qw_centre *centre, struct qw_unit_tally *tally, const char *unit,
                          uint64_t keys, struct qw_key_charge *charge, bool *is_counted)
{
    char place[QW_UNIT_CAP];
    bool is_new = charge->unit[0] == '\0';
    bool is_found = false;
    qw_err err = make_room(tally);

    unit = is_new ? unit : charge->unit;
    for (size_t end = next_place(unit, 0); err == QW_OK && end > 0; end = next_place(unit, end)) {
        struct qw_unit_record *record;

        copy_place(place, unit, end);
        record = record_of(centre, tally, place, &err);
        if (record != NULL && (is_new || record->counts_from > charge->seq)) {
            record->quota.stored += keys;
            is_found = true;
        }
    }
    if (err == QW_OK && is_found) {
        struct qw_key_charge noted = { .seq = 0 };

        note_charge(centre, unit, &noted); /* unit may be that of *charge */
        *charge = noted;
    }
    *is_counted = is_found;
    return err;
}
