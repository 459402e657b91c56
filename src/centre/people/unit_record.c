/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/people/unit_record.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "centre/people/unit.h"
#include "centre/record.h"

#include <string.h>

enum {
    LAYOUT = 2, /* 1: before stored keys were counted */
    PREFIX_LEN = 1,
    ID_CAP = PREFIX_LEN + QW_UNIT_CAP,
    PLAIN_CAP = 192,
    DAY_MS = 86400000
};
static const char prefix = 'u'; /* and the place begins with a '/' */
_Static_assert((int)ID_CAP - 1 <= (int)QW_STORE_ID_MAX, "the longest id is one of the store");

static size_t record_id(const char *unit, char out[static ID_CAP])
{
    size_t len = strlen(unit);

    out[0] = prefix;
    memcpy(out + PREFIX_LEN, unit, len);
    return PREFIX_LEN + len;
}

static bool decode(const uint8_t *plain, size_t len, struct qw_unit_record *record)
{
    struct qw_unit_quota *quota = &record->quota;
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);

    qw_read_string8(&r, quota->unit, sizeof quota->unit);
    quota->devices_max = qw_read_u64be(&r);
    quota->keys_per_day = qw_read_u64be(&r);
    quota->devices = qw_read_u64be(&r);
    record->day = qw_read_u64be(&r);
    quota->keys_today = qw_read_u64be(&r);
    if (layout == LAYOUT) {
        quota->stored_max = qw_read_u64be(&r);
        quota->stored = qw_read_u64be(&r);
        record->counts_from = qw_read_u64be(&r);
    }
    return layout >= 1 && layout <= LAYOUT && qw_reader_done(&r) && qw_unit_ok(quota->unit);
}

qw_err qw_unit_load(struct qw_centre *centre, const char *unit, struct qw_unit_record *record)
{
    struct qw_unit_record found = { .version = 0 };
    char place[ID_CAP];
    size_t len;
    qw_err err =
        qw_record_load(centre, QW_STORE_META, place, record_id(unit, place), &found.version, &len);

    if (err != QW_OK) {
        return err;
    }
    if (!decode(centre->scratch, len, &found) || strcmp(found.quota.unit, unit) != 0) {
        return QW_ERR_IO;
    }
    *record = found;
    return QW_OK;
}

void qw_unit_put(struct qw_centre *centre, struct qw_group *group,
                 const struct qw_unit_record *record)
{
    const struct qw_unit_quota *quota = &record->quota;
    bool is_kept = quota->devices_max > 0 || quota->keys_per_day > 0 || quota->stored_max > 0;
    char place[ID_CAP];
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = place,
                              .id_len = record_id(quota->unit, place),
                              .expected_version = record->version,
                              .tag = QW_TAG_UNIT };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    if (!is_kept && record->version == 0) {
        return;
    }
    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, quota->unit);
    qw_write_u64be(&w, quota->devices_max);
    qw_write_u64be(&w, quota->keys_per_day);
    qw_write_u64be(&w, quota->devices);
    qw_write_u64be(&w, record->day);
    qw_write_u64be(&w, quota->keys_today);
    qw_write_u64be(&w, quota->stored_max);
    qw_write_u64be(&w, quota->stored);
    qw_write_u64be(&w, record->counts_from);
    qw_assert(!w.failed); /* a text with a bound */
    qw_group_add(centre, group,
                 !is_kept               ? QW_STORE_REMOVE
                 : record->version == 0 ? QW_STORE_INSERT
                                        : QW_STORE_UPDATE,
                 op, plain, w.len);
}

/* Certificates have the same tag, and ids that begin with "c": a scan goes from our prefix on, and
 * what is not ours is the end of ours. */
static bool is_ours(const struct qw_store_record *record)
{
    return record->id_len > PREFIX_LEN && record->id[0] == (uint8_t)prefix;
}

static qw_err scan(struct qw_centre *centre, size_t limit,
                   int (*visitor)(void *self, const struct qw_store_record *record), void *self)
{
    const struct qw_store *store = centre->config.store;

    return store->scan(store->self, QW_STORE_META, QW_TAG_UNIT, &prefix, PREFIX_LEN, limit, visitor,
                       self);
}

static int note_any(void *self, const struct qw_store_record *record)
{
    bool *has = self;

    *has = is_ours(record);
    return 0;
}

qw_err qw_unit_any(struct qw_centre *centre, bool *has)
{
    uint64_t now = centre->books.registry + 1;
    qw_err err = QW_OK;

    if (centre->units_seen != now) {
        centre->has_units = false;
        err = scan(centre, 1, note_any, &centre->has_units);
        centre->units_seen = err == QW_OK ? now : 0;
    }
    *has = centre->has_units;
    return err;
}

void qw_unit_to_today(struct qw_unit_record *record)
{
    uint64_t day = (uint64_t)(qw_clock_utc_ms() / DAY_MS);

    if (day > record->day) {
        record->day = day;
        record->quota.keys_today = 0;
    }
}

struct walk {
    struct qw_centre *centre;
    struct qw_unit_record *records;
    size_t count;
    qw_err err;
};

static int visit(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;
    struct qw_centre *centre = walk->centre;
    struct qw_unit_record found = { .version = record->version };
    size_t len = record->len - QW_RECORD_OVERHEAD;

    if (!is_ours(record)) {
        return 0;
    }
    if (record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch ||
        walk->count == QW_UNITS_MAX) {
        walk->err = QW_ERR_IO;
        return 0;
    }
    walk->err = qw_record_open(centre, QW_STORE_META, record, record->len, centre->scratch);
    if (walk->err == QW_OK && !decode(centre->scratch, len, &found)) {
        walk->err = QW_ERR_IO;
    }
    if (walk->err == QW_OK) {
        walk->records[walk->count++] = found;
    }
    return walk->err == QW_OK;
}

qw_err qw_unit_walk(struct qw_centre *centre, struct qw_unit_record *records, size_t *count)
{
    struct walk walk = { .centre = centre, .records = records, .err = QW_OK };
    qw_err err = scan(centre, SIZE_MAX >> 1, visit, &walk);

    if (err == QW_OK) {
        err = walk.err;
    }
    if (err == QW_OK) {
        *count = walk.count;
    }
    return err;
}
