/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/record.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

#include <string.h>

static const char label[] = "qwave record";
enum {
    LABEL_LEN = sizeof label - 1,
    NAME_CAP = LABEL_LEN + 2 + QW_STORE_ID_MAX,
    AAD_CAP = NAME_CAP + 16
};

static size_t name_of(enum qw_store_kind kind, const void *id, size_t id_len,
                      uint8_t out[static NAME_CAP])
{
    struct qw_writer w = qw_writer_on(out, NAME_CAP);

    qw_write_bytes(&w, label, LABEL_LEN);
    qw_write_u8(&w, (uint8_t)kind);
    qw_write_u8(&w, (uint8_t)id_len);
    qw_write_bytes(&w, id, id_len);
    qw_assert(!w.failed);
    return w.len;
}

static size_t aad_of(enum qw_store_kind kind, const void *id, size_t id_len, int64_t tag,
                     uint64_t version, uint8_t out[static AAD_CAP])
{
    struct qw_writer w = qw_writer_on(out, AAD_CAP);
    uint8_t name[NAME_CAP];
    size_t name_len = name_of(kind, id, id_len, name);

    qw_write_bytes(&w, name, name_len);
    qw_write_u64be(&w, (uint64_t)tag);
    qw_write_u64be(&w, version);
    qw_assert(!w.failed);
    return w.len;
}

static qw_err key_of(const uint8_t kek[static QW_KEK_LEN], enum qw_store_kind kind, const void *id,
                     size_t id_len, uint8_t key[static 32])
{
    uint8_t name[NAME_CAP];
    size_t name_len = name_of(kind, id, id_len, name);

    return qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ "", 0 }, (struct qw_bytes){ kek, QW_KEK_LEN },
                   (struct qw_bytes){ name, name_len }, key, 32);
}

qw_err qw_record_seal(const struct qw_centre *centre, const struct qw_store_op *record,
                      uint64_t version, const uint8_t *plain, size_t len, uint8_t *out)
{
    uint8_t aad[AAD_CAP];
    uint8_t key[32];
    size_t aad_len = aad_of(record->kind, record->id, record->id_len, record->tag, version, aad);
    qw_err err = key_of(centre->kek, record->kind, record->id, record->id_len, key);

    if (err == QW_OK) {
        err = qw_aead_seal(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ aad, aad_len }, plain, len,
                           out);
    }
    qw_wipe(key, sizeof key);
    return err;
}

qw_err qw_record_open_under(const uint8_t kek[static QW_KEK_LEN], enum qw_store_kind kind,
                            const struct qw_store_record *record, size_t sealed_len, uint8_t *plain)
{
    uint8_t aad[AAD_CAP];
    uint8_t key[32];
    size_t aad_len = aad_of(kind, record->id, record->id_len, record->tag, record->version, aad);
    qw_err err = key_of(kek, kind, record->id, record->id_len, key);

    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ aad, aad_len }, record->blob,
                           sealed_len, plain);
    }
    qw_wipe(key, sizeof key);
    return err == QW_ERR_AUTH || err == QW_ERR_FORMAT ? QW_ERR_IO : err;
}

qw_err qw_record_open(const struct qw_centre *centre, enum qw_store_kind kind,
                      const struct qw_store_record *record, size_t sealed_len, uint8_t *plain)
{
    qw_err err = qw_record_open_under(centre->kek, kind, record, sealed_len, plain);

    if (err == QW_ERR_IO && centre->kek_life.phase == QW_KEK_TURNING) {
        err = qw_record_open_under(centre->kek_before, kind, record, sealed_len, plain);
    }
    return err;
}

qw_err qw_record_load(struct qw_centre *centre, enum qw_store_kind kind, const void *id,
                      size_t id_len, uint64_t *version, size_t *len)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record record = { 0 };
    qw_err err = store->get(store->self, kind, id, id_len, &record);

    if (err != QW_OK) {
        return err;
    }
    if (record.len < QW_RECORD_OVERHEAD ||
        record.len - QW_RECORD_OVERHEAD > sizeof centre->scratch) {
        err = QW_ERR_IO;
    } else {
        err = qw_record_open(centre, kind, &record, record.len, centre->scratch);
    }
    if (err == QW_OK) {
        *version = record.version;
        *len = record.len - QW_RECORD_OVERHEAD;
    }
    qw_store_record_free(&record);
    return err;
}
