/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/tombstone.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/key/key_row.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <string.h>

enum { TOMBSTONE_CAP = 1024, BLOCK_STONE_CAP = 192 };

void qw_tombstone_put_key(struct qw_centre *centre, struct qw_group *group,
                          const struct qw_key_record *key, const uint8_t *material, int64_t now_ms)
{
    struct qw_key_row row = { .len = 0 };
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
        err = qw_key_row_of(centre, key->id, &row);
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    record.id_len = stone.id_len = row.len;
    qw_write_u8(&w, 2);
    qw_write_string8(&w, key->peer);
    qw_key_parties_write(&w, key);
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
static qw_err read_tombstone(struct qw_centre *centre, const struct qw_key_row *row,
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
    ok = layout == 1 || (layout == 2 && qw_key_parties_read(&r, key));
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
    struct qw_key_row row;
    size_t state_at;
    size_t len;
    qw_err err = qw_key_row_of(centre, id, &row);

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
    struct qw_key_row row = { .len = 0 };
    struct qw_store_op stone = { .kind = QW_STORE_TOMBSTONE,
                                 .id = row.bytes,
                                 .expected_version = key->version };
    size_t state_at = 0;
    size_t len = 0;
    qw_err err = qw_key_row_of(centre, key->id, &row);

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
