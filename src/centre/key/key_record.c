/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/key_record.h"

#include "base/bytes.h"
#include "centre/key/key_row.h"
#include "centre/record.h"

#include <string.h>

bool qw_key_record_is_in_pair(const struct qw_store_record *record, const struct qw_key_record *key)
{
    return record->id_len == QW_KEY_ROW_PLACE_LEN && qw_load_u64be(record->id) == key->place.block;
}

uint16_t qw_key_slots(uint32_t bits)
{
    return (uint16_t)((bits + 8 * QW_KEY_LEN - 1) / (8 * QW_KEY_LEN));
}

void qw_key_parties_write(struct qw_writer *w, const struct qw_key_record *key)
{
    qw_write_u8(w, key->other_count);
    for (uint8_t i = 0; i < key->other_count; i++) {
        qw_write_string8(w, key->others[i].id);
        qw_write_u8(w, key->others[i].is_fetched ? 1 : 0);
        qw_write_u64be(w, (uint64_t)key->others[i].fetched_ms);
    }
}

bool qw_key_parties_read(struct qw_reader *r, struct qw_key_record *key)
{
    key->other_count = qw_read_u8(r);
    if (key->other_count > QW_KEY_OTHERS_MAX) {
        return false;
    }
    for (uint8_t i = 0; i < key->other_count; i++) {
        uint8_t fetched;

        qw_read_string8(r, key->others[i].id, sizeof key->others[i].id);
        fetched = qw_read_u8(r);
        key->others[i].is_fetched = fetched == 1;
        key->others[i].fetched_ms = (int64_t)qw_read_u64be(r);
        if (fetched > 1) {
            return false;
        }
    }
    return true;
}

static size_t encode(const struct qw_key_record *key, uint8_t out[static QW_KEY_RECORD_CAP])
{
    struct qw_writer w = qw_writer_on(out, QW_KEY_RECORD_CAP);
    bool waits = key->state == QW_KEY_SUSPENDED || key->state == QW_KEY_ARCHIVED;
    bool is_charged = key->charge.unit[0] != '\0';

    qw_write_u8(&w, is_charged ? 4 : waits ? 3 : 2);
    qw_write_u8(&w, (uint8_t)key->state);
    qw_write_u8(&w, key->is_fetched ? 1 : 0);
    qw_write_u8(&w, (uint8_t)key->package_kind);
    qw_write_bytes(&w, key->package_id, sizeof key->package_id);
    qw_write_string8(&w, key->master);
    qw_write_string8(&w, key->peer);
    qw_write_u64be(&w, key->place.block);
    qw_write_u16be(&w, key->place.position);
    qw_write_u8(&w, (uint8_t)((key->place.is_quantum ? 1 : 0) | (key->place.is_simulated ? 2 : 0)));
    qw_write_string8(&w, key->place.source);
    qw_write_u64be(&w, (uint64_t)key->assigned_ms);
    qw_write_u64be(&w, (uint64_t)key->fetched_ms);
    qw_write_u16be(&w, key->bits);
    qw_write_u64be(&w, (uint64_t)key->due_ms);
    qw_key_parties_write(&w, key);
    if (waits || is_charged) {
        qw_write_u8(&w, (uint8_t)(waits ? key->before : key->state));
    }
    if (is_charged) {
        qw_write_string8(&w, key->charge.unit);
        qw_write_u64be(&w, key->charge.seq);
    }
    qw_assert(!w.failed);
    return w.len;
}

static qw_err decode(const uint8_t *plain, size_t len, struct qw_key_record *key)
{
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);
    bool ok = layout >= 1 && layout <= 4;
    uint8_t before = 0;
    uint8_t state = qw_read_u8(&r);
    uint8_t fetched = qw_read_u8(&r);
    uint8_t flags;

    key->package_kind = (enum qw_package_kind)qw_read_u8(&r);
    qw_read_bytes(&r, key->package_id, sizeof key->package_id);
    qw_read_string8(&r, key->master, sizeof key->master);
    qw_read_string8(&r, key->peer, sizeof key->peer);
    key->place.block = qw_read_u64be(&r);
    key->place.position = qw_read_u16be(&r);
    flags = qw_read_u8(&r);
    key->place.is_quantum = (flags & 1) != 0;
    key->place.is_simulated = (flags & 2) != 0;
    qw_read_string8(&r, key->place.source, sizeof key->place.source);
    key->assigned_ms = (int64_t)qw_read_u64be(&r);
    key->fetched_ms = (int64_t)qw_read_u64be(&r);
    key->bits = 8 * QW_KEY_LEN;
    if (layout >= 2) { /* 1: before keys had sizes and several parties */
        key->bits = qw_read_u16be(&r);
        key->due_ms = (int64_t)qw_read_u64be(&r);
        ok = ok && qw_key_parties_read(&r, key);
    }
    if (layout >= 3) { /* one that waits, or that counts */
        before = qw_read_u8(&r);
    }
    if (layout == 4) {
        qw_read_string8(&r, key->charge.unit, sizeof key->charge.unit);
        key->charge.seq = qw_read_u64be(&r);
    }
    if (!ok || key->bits < 1 || key->bits > QW_KEY_BITS_MAX || !qw_reader_done(&r) ||
        state >= QW_KEY_STATE_COUNT || before >= QW_KEY_STATE_COUNT || fetched > 1) {
        return QW_ERR_IO;
    }
    key->before = (enum qw_key_state)before;
    key->state = (enum qw_key_state)state;
    key->is_fetched = fetched == 1;
    return QW_OK;
}

qw_err qw_key_record_load(struct qw_centre *centre, const uint8_t id[static 16],
                          struct qw_key_record *key)
{
    struct qw_key_record k = { 0 };
    struct qw_key_row row;
    size_t len;
    qw_err err = qw_key_row_of(centre, id, &row);

    if (err == QW_OK) {
        err = qw_record_load(centre, QW_STORE_KEY, row.bytes, row.len, &k.version, &len);
    }
    if (err == QW_OK) {
        err = decode(centre->scratch, len, &k);
    }
    if (err == QW_OK) {
        memcpy(k.id, id, sizeof k.id);
        *key = k;
    }
    return err;
}

qw_err qw_key_record_open(struct qw_centre *centre, const struct qw_store_record *record,
                          struct qw_key_record *key)
{
    struct qw_key_record k = { .version = record->version };
    qw_err err;

    if (record->len < QW_RECORD_OVERHEAD || record->len > QW_KEY_RECORD_CAP + QW_RECORD_OVERHEAD) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, QW_STORE_KEY, record, record->len, centre->scratch);
    if (err == QW_OK) {
        err = decode(centre->scratch, record->len - QW_RECORD_OVERHEAD, &k);
    }
    if (err == QW_OK) {
        err = qw_key_row_id(centre, record, k.id);
    }
    if (err == QW_OK) {
        *key = k;
    }
    return err;
}

void qw_key_record_put(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_key_record *key)
{
    struct qw_key_row row = { .len = 0 };
    struct qw_store_op record = { .kind = QW_STORE_KEY,
                                  .id = row.bytes,
                                  .expected_version = key->version,
                                  .tag = key->due_ms == 0 ? (int64_t)key->state
                                                          : QW_TAG_DUE_AT(key->due_ms) };
    uint8_t plain[QW_KEY_RECORD_CAP];
    size_t len = encode(key, plain);
    qw_err err = qw_key_row_of(centre, key->id, &row);

    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    record.id_len = row.len;
    qw_group_add(centre, group, key->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 plain, len);
}

bool qw_key_record_names(const struct qw_key_record *key, const char *who)
{
    bool found = strcmp(key->peer, who) == 0;

    for (uint8_t i = 0; i < key->other_count; i++) {
        found = found || strcmp(key->others[i].id, who) == 0;
    }
    return found;
}
