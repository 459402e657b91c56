/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/kek/kek_life.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "centre/record.h"
#include "crypto/hash.h"

#include <string.h>

const char qw_kek_life_id[] = "kek-life";
const char qw_kek_next_id[] = "kek-next";
_Static_assert(QW_KEK_LIFE_ID_LEN == sizeof qw_kek_life_id - 1, "its id");
_Static_assert(QW_KEK_NEXT_ID_LEN == sizeof qw_kek_next_id - 1, "its id");

enum { LAYOUT = 1, PLAIN_CAP = 512, NEXT_LEN = 1 + QW_KEK_LEN };

/* Secrets that a stack frame shall not keep. */
struct opened {
    struct qw_kek_life life;
    uint8_t kek[QW_KEK_LEN], before[QW_KEK_LEN];
    uint8_t tombstone_key[32], key_id_key[32];
    uint8_t plain[PLAIN_CAP];
};

static size_t encode(const struct qw_centre *centre, const struct qw_kek_life *life,
                     uint8_t out[static PLAIN_CAP])
{
    struct qw_writer w = qw_writer_on(out, PLAIN_CAP);

    qw_write_u8(&w, LAYOUT);
    qw_write_u64be(&w, life->generation);
    qw_write_u64be(&w, (uint64_t)life->made_ms);
    qw_write_bytes(&w, centre->tombstone_key, sizeof centre->tombstone_key);
    qw_write_bytes(&w, centre->key_id_key, sizeof centre->key_id_key);
    qw_write_u8(&w, (uint8_t)life->phase);
    qw_write_string8(&w, life->why);
    if (life->phase == QW_KEK_TURNING) {
        qw_write_bytes(&w, centre->kek_before, sizeof centre->kek_before);
        qw_write_u8(&w, life->kind);
        qw_write_u8(&w, (uint8_t)life->after_len);
        qw_write_bytes(&w, life->after, life->after_len);
        qw_write_u64be(&w, life->total);
        qw_write_u64be(&w, life->seen);
        qw_write_u64be(&w, life->rewrapped);
        qw_write_u64be(&w, life->found);
    }
    qw_assert(!w.failed);
    return w.len;
}

static bool decode(const uint8_t *plain, size_t len, struct opened *opened)
{
    struct qw_kek_life *life = &opened->life;
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);
    uint8_t phase;

    life->generation = qw_read_u64be(&r);
    life->made_ms = (int64_t)qw_read_u64be(&r);
    qw_read_bytes(&r, opened->tombstone_key, sizeof opened->tombstone_key);
    qw_read_bytes(&r, opened->key_id_key, sizeof opened->key_id_key);
    phase = qw_read_u8(&r);
    qw_read_string8(&r, life->why, sizeof life->why);
    if (phase == QW_KEK_TURNING) {
        qw_read_bytes(&r, opened->before, sizeof opened->before);
        life->kind = qw_read_u8(&r);
        life->after_len = qw_read_u8(&r);
        if (life->after_len > sizeof life->after || life->kind > QW_STORE_KIND_COUNT) {
            return false;
        }
        qw_read_bytes(&r, life->after, life->after_len);
        life->total = qw_read_u64be(&r);
        life->seen = qw_read_u64be(&r);
        life->rewrapped = qw_read_u64be(&r);
        life->found = qw_read_u64be(&r);
    }
    life->phase = (enum qw_kek_phase)phase;
    return layout == LAYOUT && phase < QW_KEK_PHASE_COUNT && qw_reader_done(&r);
}

/* Opens a record of META under a KEK into opened->plain. */
static qw_err open_plain(const struct qw_store_record *record, const uint8_t kek[static QW_KEK_LEN],
                         struct opened *opened, size_t *len)
{
    if (record->len < QW_RECORD_OVERHEAD || record->len > PLAIN_CAP + QW_RECORD_OVERHEAD) {
        return QW_ERR_IO;
    }
    *len = record->len - QW_RECORD_OVERHEAD;
    return qw_record_open_under(kek, QW_STORE_META, record, record->len, opened->plain);
}

static qw_err open_life(const struct qw_store_record *record, const uint8_t kek[static QW_KEK_LEN],
                        struct opened *opened)
{
    size_t len = 0;
    qw_err err = open_plain(record, kek, opened, &len);

    if (err == QW_OK && !decode(opened->plain, len, opened)) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        memmove(opened->kek, kek, QW_KEK_LEN);
        opened->life.version = record->version;
    }
    return err;
}

/* The KEK that another process began, as it left it for those that have the one before. */
static qw_err take_next(const struct qw_centre *centre, struct opened *opened)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record record = { 0 };
    size_t len = 0;
    qw_err err =
        store->get(store->self, QW_STORE_META, qw_kek_next_id, QW_KEK_NEXT_ID_LEN, &record);

    if (err == QW_OK) {
        err = open_plain(&record, centre->kek, opened, &len);
    }
    if (err == QW_OK && (len != NEXT_LEN || opened->plain[0] != LAYOUT)) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        memcpy(opened->kek, opened->plain + 1, QW_KEK_LEN);
    }
    qw_store_record_free(&record);
    return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
}

static qw_err derive_key(const struct qw_centre *centre, const char *purpose,
                         uint8_t out[static 32])
{
    return qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ "", 0 },
                   (struct qw_bytes){ centre->kek, sizeof centre->kek },
                   (struct qw_bytes){ purpose, strlen(purpose) }, out, 32);
}

static qw_err derive_keys(struct qw_centre *centre)
{
    qw_err err = derive_key(centre, "qwave tombstone", centre->tombstone_key);

    centre->kek_life = (struct qw_kek_life){ .generation = 1 };
    return err == QW_OK ? derive_key(centre, "qwave key id", centre->key_id_key) : err;
}

static qw_err get_life(const struct qw_centre *centre, struct qw_store_record *record)
{
    const struct qw_store *store = centre->config.store;

    return store->get(store->self, QW_STORE_META, qw_kek_life_id, QW_KEK_LIFE_ID_LEN, record);
}

qw_err qw_kek_life_open(struct qw_centre *centre)
{
    struct qw_store_record record = { 0 };
    struct opened *opened;
    qw_err err = get_life(centre, &record);

    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? derive_keys(centre) : err;
    }
    opened = qw_secret_new(sizeof *opened);
    err = opened == NULL ? QW_ERR_NOMEM : open_life(&record, centre->kek, opened);
    if (err == QW_OK) {
        centre->kek_life = opened->life;
        memcpy(centre->kek_before, opened->before, sizeof centre->kek_before);
        memcpy(centre->tombstone_key, opened->tombstone_key, sizeof centre->tombstone_key);
        memcpy(centre->key_id_key, opened->key_id_key, sizeof centre->key_id_key);
    }
    qw_secret_free(opened);
    qw_store_record_free(&record);
    return err;
}

qw_err qw_kek_life_reread(struct qw_centre *centre)
{
    struct qw_store_record record = { 0 };
    struct opened *opened;
    qw_err err = get_life(centre, &record);

    if (err == QW_ERR_NOT_FOUND && centre->kek_life.version == 0) {
        return QW_OK;
    }
    if (err != QW_OK || record.version == centre->kek_life.version) {
        qw_store_record_free(&record);
        return err == QW_ERR_NOT_FOUND ? QW_ERR_IO : err;
    }
    opened = qw_secret_new(sizeof *opened);
    err = opened == NULL ? QW_ERR_NOMEM : open_life(&record, centre->kek, opened);
    if (err == QW_ERR_IO) {
        err = take_next(centre, opened);
        if (err == QW_OK) {
            err = open_life(&record, opened->kek, opened);
        }
    }
    if (err ==
        QW_OK) { /* the keys that outlive it are what they were, and read without the mutex */
        centre->kek_life = opened->life;
        memcpy(centre->kek_before, opened->before, sizeof centre->kek_before);
        memcpy(centre->kek, opened->kek, sizeof centre->kek);
    }
    qw_secret_free(opened);
    qw_store_record_free(&record);
    return err;
}

void qw_kek_life_put(struct qw_centre *centre, struct qw_group *group,
                     const struct qw_kek_life *life)
{
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = qw_kek_life_id,
                                  .id_len = QW_KEK_LIFE_ID_LEN,
                                  .expected_version = life->version };
    uint8_t plain[PLAIN_CAP];
    size_t len = encode(centre, life, plain);

    qw_group_add(centre, group, life->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record,
                 plain, len);
    qw_wipe(plain, sizeof plain);
}

void qw_kek_next_put(struct qw_centre *centre, struct qw_group *group,
                     const uint8_t next[static QW_KEK_LEN])
{
    const struct qw_store_op record = { .kind = QW_STORE_META,
                                        .id = qw_kek_next_id,
                                        .id_len = QW_KEK_NEXT_ID_LEN };
    uint8_t plain[NEXT_LEN] = { LAYOUT };

    memcpy(plain + 1, next, QW_KEK_LEN);
    qw_group_add(centre, group, QW_STORE_INSERT, record, plain, sizeof plain);
    qw_wipe(plain, sizeof plain);
}

void qw_kek_next_remove(struct qw_centre *centre, struct qw_group *group)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record there = { 0 };
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = qw_kek_next_id,
                                  .id_len = QW_KEK_NEXT_ID_LEN };
    qw_err err = store->get(store->self, QW_STORE_META, qw_kek_next_id, QW_KEK_NEXT_ID_LEN, &there);

    if (err == QW_OK) {
        record.expected_version = there.version;
        qw_group_add(centre, group, QW_STORE_REMOVE, record, NULL, 0);
    } else if (err != QW_ERR_NOT_FOUND) {
        qw_group_fail(group, err);
    }
    qw_store_record_free(&there);
}
