/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/approval/request_record.h"

#include "base/bytes.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <string.h>

static const char prefix[] = "request:";
enum { LAYOUT = 1, PREFIX_LEN = sizeof prefix - 1, ID_LEN = PREFIX_LEN + 16, PLAIN_CAP = 512 };

static void record_id(const uint8_t id[static 16], uint8_t out[static ID_LEN])
{
    memcpy(out, prefix, PREFIX_LEN);
    memcpy(out + PREFIX_LEN, id, 16);
}

static void write_asked(struct qw_writer *w, const struct qw_request *request)
{
    qw_write_bytes(w, request->id, sizeof request->id);
    qw_write_u8(w, (uint8_t)request->verb);
    qw_write_string8(w, request->object);
    qw_write_string8(w, request->unit);
    qw_write_u8(w, (uint8_t)request->role);
    qw_write_string8(w, request->asked_by);
    qw_write_bytes(w, request->asked_certificate, sizeof request->asked_certificate);
    qw_write_u64be(w, (uint64_t)request->asked_ms);
    qw_write_u64be(w, (uint64_t)request->until_ms);
}

qw_err qw_request_digest(const struct qw_request *request, uint8_t digest[static 32])
{
    uint8_t asked[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(asked, sizeof asked);
    struct qw_bytes parts[2] = { { "qwave request", 13 }, { asked, 0 } };

    write_asked(&w, request);
    qw_assert(!w.failed);
    parts[1].len = w.len;
    return qw_hash_of(QW_HASH_SHA256, parts, 2, digest);
}

static bool decode(const uint8_t *plain, size_t len, struct qw_request *request)
{
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);
    uint8_t verb;
    uint8_t role;
    uint8_t state;

    qw_read_bytes(&r, request->id, sizeof request->id);
    verb = qw_read_u8(&r);
    qw_read_string8(&r, request->object, sizeof request->object);
    qw_read_string8(&r, request->unit, sizeof request->unit);
    role = qw_read_u8(&r);
    qw_read_string8(&r, request->asked_by, sizeof request->asked_by);
    qw_read_bytes(&r, request->asked_certificate, sizeof request->asked_certificate);
    request->asked_ms = (int64_t)qw_read_u64be(&r);
    request->until_ms = (int64_t)qw_read_u64be(&r);
    state = qw_read_u8(&r);
    qw_read_string8(&r, request->decided_by, sizeof request->decided_by);
    if (layout != LAYOUT || !qw_reader_done(&r) || verb >= QW_REQUEST_VERB_COUNT ||
        state >= QW_REQUEST_STATE_COUNT || role >= QW_OFFICER_ROLE_COUNT ||
        !qw_unit_ok(request->unit)) {
        return false;
    }
    request->verb = (enum qw_request_verb)verb;
    request->role = (enum qw_officer_role)role;
    request->state = (enum qw_request_state)state;
    return qw_request_digest(request, request->digest) == QW_OK;
}

qw_err qw_request_load(struct qw_centre *centre, const uint8_t id[static 16],
                       struct qw_request_record *record)
{
    struct qw_request_record found = { .version = 0 };
    uint8_t place[ID_LEN];
    size_t len;
    qw_err err;

    record_id(id, place);
    err = qw_record_load(centre, QW_STORE_META, place, sizeof place, &found.version, &len);
    if (err != QW_OK) {
        return err;
    }
    if (!decode(centre->scratch, len, &found.request)) {
        return QW_ERR_IO;
    }
    *record = found;
    return QW_OK;
}

void qw_request_put(struct qw_centre *centre, struct qw_group *group,
                    const struct qw_request_record *record)
{
    const struct qw_request *request = &record->request;
    uint8_t place[ID_LEN];
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = place,
                              .id_len = sizeof place,
                              .expected_version = record->version,
                              .tag = request->state == QW_REQUEST_PENDING
                                         ? QW_TAG_REQUEST_PENDING
                                         : QW_TAG_REQUEST_DECIDED };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    record_id(request->id, place);
    qw_write_u8(&w, LAYOUT);
    write_asked(&w, request);
    qw_write_u8(&w, (uint8_t)request->state);
    qw_write_string8(&w, request->decided_by);
    qw_assert(!w.failed); /* texts with a bound */
    qw_group_add(centre, group, record->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}

struct walk {
    struct qw_centre *centre;
    struct qw_request_record *records;
    size_t cap, count;
    qw_err err;
};

static int visit(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;
    struct qw_centre *centre = walk->centre;
    struct qw_request_record found = { .version = record->version };
    size_t len = record->len - QW_RECORD_OVERHEAD;

    if (record->id_len != ID_LEN || strncmp((const char *)record->id, prefix, PREFIX_LEN) != 0) {
        return 1; /* somebody else's with the same tag */
    }
    if (record->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch) {
        walk->err = QW_ERR_IO;
        return 0;
    }
    walk->err = qw_record_open(centre, QW_STORE_META, record, record->len, centre->scratch);
    if (walk->err == QW_OK && !decode(centre->scratch, len, &found.request)) {
        walk->err = QW_ERR_IO;
    }
    if (walk->err == QW_OK) {
        walk->records[walk->count++] = found;
    }
    return walk->err == QW_OK && walk->count < walk->cap;
}

qw_err qw_request_walk(struct qw_centre *centre, struct qw_request_record *records, size_t cap,
                       size_t *count)
{
    const struct qw_store *store = centre->config.store;
    struct walk walk = { .centre = centre, .records = records, .cap = cap, .err = QW_OK };
    qw_err err = store->scan(store->self, QW_STORE_META, QW_TAG_REQUEST_PENDING, prefix, 0,
                             SIZE_MAX >> 1, visit, &walk);

    if (err == QW_OK) {
        err = walk.err;
    }
    if (err == QW_OK) {
        *count = walk.count;
    }
    return err;
}
