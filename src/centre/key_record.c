/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key_record.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <string.h>

enum { RECORD_CAP = 320, TOMBSTONE_CAP = 320 };

static size_t encode(const struct qw_key_record *key, uint8_t out[static RECORD_CAP])
{
    struct qw_writer w = qw_writer_on(out, RECORD_CAP);

    qw_write_u8(&w, 1);
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
    qw_assert(!w.failed);
    return w.len;
}

static qw_err decode(const uint8_t *plain, size_t len, struct qw_key_record *key)
{
    struct qw_reader r = qw_reader_on(plain, len);
    bool ok = qw_read_u8(&r) == 1;
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
    if (!ok || !qw_reader_done(&r) || state >= QW_KEY_STATE_COUNT || fetched > 1) {
        return QW_ERR_IO;
    }
    key->state = (enum qw_key_state)state;
    key->is_fetched = fetched == 1;
    return QW_OK;
}

qw_err qw_key_record_load(struct qw_centre *centre, const uint8_t id[static 16],
                          struct qw_key_record *key)
{
    struct qw_key_record k = { 0 };
    size_t len;
    qw_err err = qw_record_load(centre, QW_STORE_KEY, id, 16, &k.version, &len);

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

    if (record->id_len != sizeof k.id || record->len < QW_RECORD_OVERHEAD ||
        record->len > RECORD_CAP + QW_RECORD_OVERHEAD) {
        return QW_ERR_IO;
    }
    err = qw_record_open(centre, QW_STORE_KEY, record, record->len, centre->scratch);
    if (err == QW_OK) {
        err = decode(centre->scratch, record->len - QW_RECORD_OVERHEAD, &k);
    }
    if (err == QW_OK) {
        memcpy(k.id, record->id, sizeof k.id);
        *key = k;
    }
    return err;
}

void qw_key_record_put(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_key_record *key)
{
    struct qw_store_op record = { .kind = QW_STORE_KEY,
                                  .id = key->id,
                                  .id_len = sizeof key->id,
                                  .expected_version = key->version,
                                  .tag = key->state };
    uint8_t plain[RECORD_CAP];
    size_t len = encode(key, plain);

    if (key->state == QW_KEY_DELIVERED && key->is_fetched) {
        record.tag = QW_KEY_TAG_WINDOW;
    }
    qw_group_add(centre, group, key->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 plain, len);
}

void qw_key_record_bury(struct qw_centre *centre, struct qw_group *group,
                        const struct qw_key_record *key, const uint8_t material[static QW_KEY_LEN],
                        int64_t now_ms)
{
    struct qw_store_op record = { .kind = QW_STORE_KEY,
                                  .id = key->id,
                                  .id_len = sizeof key->id,
                                  .expected_version = key->version };
    struct qw_store_op stone = { .kind = QW_STORE_TOMBSTONE,
                                 .id = key->id,
                                 .id_len = sizeof key->id };
    struct qw_bytes part = { material, QW_KEY_LEN };
    uint8_t plain[TOMBSTONE_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);
    uint8_t mac[32];
    qw_err err =
        qw_hmac(QW_HASH_SHA256, centre->tombstone_key, sizeof centre->tombstone_key, &part, 1, mac);

    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    qw_write_u8(&w, 1);
    qw_write_string8(&w, key->peer);
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

qw_err qw_tombstone_peer(struct qw_centre *centre, const uint8_t id[static 16],
                         char peer[static 64])
{
    struct qw_reader r;
    uint64_t version;
    size_t len;
    bool ok;
    qw_err err = qw_record_load(centre, QW_STORE_TOMBSTONE, id, 16, &version, &len);

    if (err != QW_OK) {
        return err;
    }
    r = qw_reader_on(centre->scratch, len);
    ok = qw_read_u8(&r) == 1;
    qw_read_string8(&r, peer, 64);
    return ok && !r.failed ? QW_OK : QW_ERR_IO;
}
