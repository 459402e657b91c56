/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/people/officer_record.h"

#include "base/bytes.h"
#include "centre/record.h"

#include <string.h>

static const char prefix[] = "officer:";
enum {
    LAYOUT = 1,
    PREFIX_LEN = sizeof prefix - 1,
    ID_CAP = PREFIX_LEN + QW_OFFICER_ID_CAP,
    PLAIN_CAP = 256,
    ROLES_ALL = (1 << QW_OFFICER_ROLE_COUNT) - 1,
    ROLES_FOUNDER = 1 << QW_OFFICER_SYSTEM | 1 << QW_OFFICER_SECURITY | 1 << QW_OFFICER_OPERATOR
};
_Static_assert((int)ID_CAP <= (int)QW_STORE_ID_MAX, "the longest id is one of the store");

bool qw_officer_id_ok(const char *id)
{
    size_t len = strlen(id);

    for (size_t i = 0; i < len; i++) {
        if (id[i] <= ' ' || id[i] > '~') {
            return false;
        }
    }
    return len >= 1 && len < QW_OFFICER_ID_CAP;
}

static size_t record_id(const char *id, char out[static ID_CAP])
{
    size_t len = strlen(id);

    memcpy(out, prefix, PREFIX_LEN);
    memcpy(out + PREFIX_LEN, id, len);
    return PREFIX_LEN + len;
}

static bool decode(const uint8_t *plain, size_t len, struct qw_officer *officer)
{
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);
    uint8_t state;

    qw_read_string8(&r, officer->id, sizeof officer->id);
    officer->roles = qw_read_u8(&r);
    state = qw_read_u8(&r);
    qw_read_string8(&r, officer->unit, sizeof officer->unit);
    officer->added_ms = (int64_t)qw_read_u64be(&r);
    qw_read_string8(&r, officer->added_by, sizeof officer->added_by);
    officer->state =
        state < QW_OFFICER_STATE_COUNT ? (enum qw_officer_state)state : QW_OFFICER_GONE;
    return layout == LAYOUT && qw_reader_done(&r) && state < QW_OFFICER_STATE_COUNT &&
           officer->roles != 0 && officer->roles <= ROLES_ALL && qw_unit_ok(officer->unit);
}

qw_err qw_officer_load(struct qw_centre *centre, const char *id, struct qw_officer_record *record)
{
    struct qw_officer_record found = { .version = 0 };
    char place[ID_CAP];
    size_t len;
    qw_err err;

    if (!qw_officer_id_ok(id)) {
        return QW_ERR_NOT_FOUND;
    }
    err = qw_record_load(centre, QW_STORE_META, place, record_id(id, place), &found.version, &len);
    if (err != QW_OK) {
        return err;
    }
    if (!decode(centre->scratch, len, &found.officer) || strcmp(found.officer.id, id) != 0) {
        return QW_ERR_IO;
    }
    *record = found;
    return QW_OK;
}

qw_err qw_officer_standing(struct qw_centre *centre, const struct qw_caller *caller,
                           struct qw_officer_record *record)
{
    const struct qw_store *store = centre->config.store;
    struct qw_officer_record founder = {
        .officer = { .roles = ROLES_FOUNDER, .state = QW_OFFICER_ACTIVE, .unit = QW_UNIT_ROOT }
    };
    uint64_t count = 0;
    qw_err err = qw_officer_load(centre, caller->id, record);

    if (err != QW_ERR_NOT_FOUND) {
        return err;
    }
    err = store->count(store->self, QW_STORE_META, QW_TAG_OFFICER, &count);
    if (err != QW_OK) {
        return err;
    }
    if (count != 0) {
        return QW_ERR_NOT_FOUND;
    }
    if (qw_officer_id_ok(caller->id)) { /* else he is founder, and cannot be written down */
        memcpy(founder.officer.id, caller->id, strlen(caller->id));
    }
    *record = founder;
    return QW_OK;
}

void qw_officer_put(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_officer_record *record)
{
    const struct qw_officer *officer = &record->officer;
    char place[ID_CAP];
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = place,
                              .id_len = record_id(officer->id, place),
                              .expected_version = record->version,
                              .tag = QW_TAG_OFFICER };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, officer->id);
    qw_write_u8(&w, (uint8_t)officer->roles);
    qw_write_u8(&w, (uint8_t)officer->state);
    qw_write_string8(&w, officer->unit);
    qw_write_u64be(&w, (uint64_t)officer->added_ms);
    qw_write_string8(&w, officer->added_by);
    qw_assert(!w.failed); /* three texts with a bound */
    qw_group_add(centre, group, record->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}

struct walk {
    struct qw_centre *centre;
    const char *unit;
    struct qw_officer *officers;
    size_t cap, count;
    qw_err err;
};

static int visit(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;
    struct qw_centre *centre = walk->centre;
    struct qw_officer officer = { .id = "" };
    size_t len = record->len - QW_RECORD_OVERHEAD;

    if (record->id_len <= PREFIX_LEN ||
        strncmp((const char *)record->id, prefix, PREFIX_LEN) != 0) {
        return 1; /* somebody else's with the same tag */
    }
    if (record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch) {
        walk->err = QW_ERR_IO;
        return 0;
    }
    walk->err = qw_record_open(centre, QW_STORE_META, record, record->len, centre->scratch);
    if (walk->err == QW_OK && !decode(centre->scratch, len, &officer)) {
        walk->err = QW_ERR_IO;
    }
    if (walk->err == QW_OK && qw_unit_contains(walk->unit, officer.unit)) {
        walk->officers[walk->count++] = officer;
    }
    return walk->err == QW_OK && walk->count < walk->cap;
}

qw_err qw_officer_walk(struct qw_centre *centre, const char *unit, const char *after,
                       struct qw_officer *officers, size_t cap, size_t *count)
{
    const struct qw_store *store = centre->config.store;
    struct walk walk = {
        .centre = centre, .unit = unit, .officers = officers, .cap = cap, .err = QW_OK
    };
    char place[ID_CAP];
    qw_err err = store->scan(store->self, QW_STORE_META, QW_TAG_OFFICER, place,
                             record_id(after, place), SIZE_MAX >> 1, visit, &walk);

    if (err == QW_OK) {
        err = walk.err;
    }
    if (err == QW_OK) {
        *count = walk.count;
    }
    return err;
}
