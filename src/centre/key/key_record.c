/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/key_record.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/pair/key_id.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <string.h>

enum { RECORD_CAP = 1024, TOMBSTONE_CAP = 1024, BLOCK_STONE_CAP = 192 };
enum { PLACE_LEN = 12 };

/* What a key's record and tombstone stand under: its id, 16 bytes; a pair's key under its place,
 * block u64, position u16, size in bits u16, so that the keys of one block stand together. */
struct row {
    uint8_t bytes[16];
    size_t len;
};

static qw_err row_of(const struct qw_centre *centre, const uint8_t id[static 16], struct row *row)
{
    struct qw_key_spot spot;
    struct qw_writer w = qw_writer_on(row->bytes, sizeof row->bytes);
    qw_err err = qw_key_id_resolve(centre, id, &spot);

    if (err == QW_ERR_NOT_FOUND) {
        qw_write_bytes(&w, id, 16);
    } else if (err == QW_OK) {
        qw_write_u64be(&w, spot.block);
        qw_write_u16be(&w, spot.position);
        qw_write_u16be(&w, spot.bits);
    } else {
        return err;
    }
    row->len = w.len;
    return QW_OK;
}

static qw_err id_of(const struct qw_centre *centre, const struct qw_store_record *record,
                    uint8_t id[static 16])
{
    struct qw_key_spot spot;
    struct qw_reader r = qw_reader_on(record->id, record->id_len);

    if (record->id_len == PLACE_LEN) {
        spot.block = qw_read_u64be(&r);
        spot.position = qw_read_u16be(&r);
        spot.bits = qw_read_u16be(&r);
        return qw_key_id_make(centre, &spot, 1, (uint8_t(*)[16])id);
    }
    qw_read_bytes(&r, id, 16);
    return qw_reader_done(&r) ? QW_OK : QW_ERR_IO;
}

bool qw_key_record_is_in_pair(const struct qw_store_record *record, const struct qw_key_record *key)
{
    return record->id_len == PLACE_LEN && qw_load_u64be(record->id) == key->place.block;
}

uint16_t qw_key_slots(uint32_t bits)
{
    return (uint16_t)((bits + 8 * QW_KEY_LEN - 1) / (8 * QW_KEY_LEN));
}

static void write_others(struct qw_writer *w, const struct qw_key_record *key)
{
    qw_write_u8(w, key->other_count);
    for (uint8_t i = 0; i < key->other_count; i++) {
        qw_write_string8(w, key->others[i].id);
        qw_write_u8(w, key->others[i].is_fetched ? 1 : 0);
        qw_write_u64be(w, (uint64_t)key->others[i].fetched_ms);
    }
}

static bool read_others(struct qw_reader *r, struct qw_key_record *key)
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

static size_t encode(const struct qw_key_record *key, uint8_t out[static RECORD_CAP])
{
    struct qw_writer w = qw_writer_on(out, RECORD_CAP);
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
    write_others(&w, key);
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
        ok = ok && read_others(&r, key);
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
    struct row row;
    size_t len;
    qw_err err = row_of(centre, id, &row);

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

    if (record->len < QW_RECORD_OVERHEAD || record->len > RECORD_CAP + QW_RECORD_OVERHEAD) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, QW_STORE_KEY, record, record->len, centre->scratch);
    if (err == QW_OK) {
        err = decode(centre->scratch, record->len - QW_RECORD_OVERHEAD, &k);
    }
    if (err == QW_OK) {
        err = id_of(centre, record, k.id);
    }
    if (err == QW_OK) {
        *key = k;
    }
    return err;
}

void qw_key_record_put(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_key_record *key)
{
    struct row row = { .len = 0 };
    struct qw_store_op record = { .kind = QW_STORE_KEY,
                                  .id = row.bytes,
                                  .expected_version = key->version,
                                  .tag = key->due_ms == 0 ? (int64_t)key->state
                                                          : QW_TAG_DUE_AT(key->due_ms) };
    uint8_t plain[RECORD_CAP];
    size_t len = encode(key, plain);
    qw_err err = row_of(centre, key->id, &row);

    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    record.id_len = row.len;
    qw_group_add(centre, group, key->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 plain, len);
}

void qw_key_record_bury(struct qw_centre *centre, struct qw_group *group,
                        const struct qw_key_record *key, const uint8_t *material, int64_t now_ms)
{
    struct row row = { .len = 0 };
    struct qw_store_op record = { .kind = QW_STORE_KEY,
                                  .id = row.bytes,
                                  .expected_version = key->version };
    struct qw_store_op stone = { .kind = QW_STORE_TOMBSTONE, .id = row.bytes };
    struct qw_bytes part = { material, key->bits / 8u };
    uint8_t plain[TOMBSTONE_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    uint8_t mac[32];
    qw_err err =
        qw_hmac(QW_HASH_SHA256, centre->tombstone_key, sizeof centre->tombstone_key, &part, 1, mac);

    if (err == QW_OK) {
        err = row_of(centre, key->id, &row);
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    record.id_len = stone.id_len = row.len;
    qw_write_u8(&w, 2);
    qw_write_string8(&w, key->peer);
    write_others(&w, key);
    qw_write_string8(&w, key->master);
    qw_write_bytes(&w, mac, sizeof mac);
    qw_write_u8(&w, (uint8_t)key->state);
    qw_write_bytes(&w, key->package_id, sizeof key->package_id);
    qw_write_string8(&w, key->place.source);
    qw_write_u64be(&w, (uint64_t)key->assigned_ms);
    qw_write_u64be(&w, (uint64_t)key->fetched_ms);
    qw_write_u64be(&w, (uint64_t)now_ms);
    qw_assert(!w.failed);
    qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
    qw_group_add(centre, group, QW_STORE_INSERT, stone, plain, w.len);
    qw_wipe(mac, sizeof mac);
    qw_wipe(plain, sizeof plain);
}

/* Into the scratch, where its state stands at *state_at. */
static qw_err read_tombstone(struct qw_centre *centre, const struct row *row,
                             struct qw_key_record *key, size_t *state_at, size_t *len)
{
    uint8_t mac[32];
    struct qw_reader r;
    uint8_t layout;
    bool ok;
    qw_err err =
        qw_record_load(centre, QW_STORE_TOMBSTONE, row->bytes, row->len, &key->version, len);

    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, *len);
    layout = qw_read_u8(&r);
    qw_read_string8(&r, key->peer, sizeof key->peer);
    ok = layout == 1 || (layout == 2 && read_others(&r, key));
    qw_read_string8(&r, key->master, sizeof key->master);
    qw_read_bytes(&r, mac, sizeof mac);
    *state_at = r.at;
    key->state = (enum qw_key_state)qw_read_u8(&r);
    qw_wipe(mac, sizeof mac);
    return ok && !r.failed && (int)key->state < QW_KEY_STATE_COUNT ? QW_OK : QW_ERR_IO;
}

qw_err qw_tombstone_load(struct qw_centre *centre, const uint8_t id[static 16],
                         struct qw_key_record *key)
{
    struct qw_key_record k = { .version = 0 };
    struct row row;
    size_t state_at;
    size_t len;
    qw_err err = row_of(centre, id, &row);

    if (err == QW_OK) {
        err = read_tombstone(centre, &row, &k, &state_at, &len);
    }
    if (err == QW_OK) {
        memcpy(k.id, id, sizeof k.id);
        *key = k;
    }
    return err;
}

void qw_tombstone_mark_compromised(struct qw_centre *centre, struct qw_group *group,
                                   const struct qw_key_record *key)
{
    struct qw_key_record again = { .version = 0 };
    struct row row = { .len = 0 };
    struct qw_store_op stone = { .kind = QW_STORE_TOMBSTONE,
                                 .id = row.bytes,
                                 .expected_version = key->version };
    size_t state_at = 0;
    size_t len = 0;
    qw_err err = row_of(centre, key->id, &row);

    if (err == QW_OK) {
        err = read_tombstone(centre, &row, &again, &state_at, &len);
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    stone.id_len = row.len;
    centre->scratch[state_at] = QW_KEY_DESTROYED_COMPROMISED;
    qw_group_add(centre, group, QW_STORE_UPDATE, stone, centre->scratch, len);
}

bool qw_key_record_names(const struct qw_key_record *key, const char *who)
{
    bool found = strcmp(key->peer, who) == 0;

    for (uint8_t i = 0; i < key->other_count; i++) {
        found = found || strcmp(key->others[i].id, who) == 0;
    }
    return found;
}

qw_err qw_key_row_move(struct qw_centre *centre, struct qw_group *group, enum qw_store_kind kind,
                       const struct qw_store_record *record, bool *is_moved)
{
    struct qw_store_op op = { .kind = kind,
                              .id = record->id,
                              .id_len = record->id_len,
                              .expected_version = record->version,
                              .tag = record->tag };
    struct row row = { .len = 0 };
    qw_err err = QW_OK;

    *is_moved = false;
    if (record->id_len == sizeof row.bytes) {
        err = row_of(centre, record->id, &row);
    }
    if (err != QW_OK || row.len != PLACE_LEN) {
        return err;
    }
    if (record->len < QW_RECORD_OVERHEAD || record->len > RECORD_CAP + QW_RECORD_OVERHEAD) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, kind, record, record->len, centre->scratch);
    if (err != QW_OK) {
        return err;
    }
    qw_group_add(centre, group, QW_STORE_REMOVE, op, NULL, 0);
    op.id = row.bytes;
    op.id_len = row.len;
    op.expected_version = 0;
    qw_group_add(centre, group, QW_STORE_INSERT, op, centre->scratch,
                 record->len - QW_RECORD_OVERHEAD);
    *is_moved = true;
    return group->err;
}

void qw_tombstone_put_block(struct qw_centre *centre, struct qw_group *group,
                            const struct qw_block *block, int64_t now_ms)
{
    uint8_t id[8];
    struct qw_store_op stone = { .kind = QW_STORE_TOMBSTONE, .id = id, .id_len = sizeof id };
    uint8_t plain[BLOCK_STONE_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_store_u64be(id, block->number);
    qw_write_u8(&w, 1);
    qw_write_string8(&w, block->slave);
    qw_write_string8(&w, block->master);
    qw_write_u64be(&w, (uint64_t)block->ends_ms);
    qw_write_u64be(&w, (uint64_t)now_ms);
    qw_assert(!w.failed);
    qw_group_add(centre, group, QW_STORE_INSERT, stone, plain, w.len);
}

qw_err qw_tombstone_block_parties(struct qw_centre *centre, uint64_t block, char master[static 64],
                                  char slave[static 64])
{
    struct qw_reader r;
    uint64_t version;
    uint8_t id[8];
    size_t len;
    bool ok;
    qw_err err;

    qw_store_u64be(id, block);
    err = qw_record_load(centre, QW_STORE_TOMBSTONE, id, sizeof id, &version, &len);
    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    ok = qw_read_u8(&r) == 1;
    qw_read_string8(&r, slave, 64);
    qw_read_string8(&r, master, 64);
    return ok && !r.failed ? QW_OK : QW_ERR_IO;
}
