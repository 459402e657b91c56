/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in docs/protocol/card-token.md. */
#include "terminal/card_token_record.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <string.h>

enum {
    MAGIC = 0x51575401, /* "QWT", version 1 */
    NONCE_AT = QW_CARD_RECORD_KEY_AT - QW_PKCS11_NONCE_LEN,
    KEY_LEN = 32
};

static struct qw_pkcs11_gcm gcm_of(const uint8_t *record)
{
    return (
        struct qw_pkcs11_gcm){ .nonce = record + NONCE_AT, .head = record, .head_len = NONCE_AT };
}

qw_err qw_card_record_seal(struct qw_pkcs11 *token, const struct qw_card_record *record,
                           const uint8_t *body, size_t len, uint8_t *out)
{
    struct qw_writer w = qw_writer_on(out, QW_CARD_RECORD_KEY_AT);
    struct qw_pkcs11_gcm gcm = gcm_of(out);
    uint8_t key[KEY_LEN] = { 0 }, nonce[QW_PKCS11_NONCE_LEN];
    qw_err err = qw_random_bytes(nonce, sizeof nonce);

    if (err == QW_OK) {
        err = qw_random_bytes(key, sizeof key);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_write_u32be(&w, MAGIC);
    qw_write_u64be(&w, record->generation);
    qw_write_bytes(&w, record->key_id, sizeof record->key_id);
    qw_write_bytes(&w, nonce, sizeof nonce);
    qw_assert(!w.failed && w.len == QW_CARD_RECORD_KEY_AT);
    err = qw_pkcs11_err(qw_pkcs11_seal(token, &gcm, key, KEY_LEN, out + QW_CARD_RECORD_KEY_AT));
    if (err == QW_OK) {
        err =
            qw_aead_seal(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ out, QW_CARD_RECORD_HEAD_LEN },
                         body, len, out + QW_CARD_RECORD_HEAD_LEN);
    }
    qw_wipe(key, sizeof key);
    return err;
}

qw_err qw_card_record_peek(const uint8_t *data, size_t len, struct qw_card_record *record)
{
    struct qw_reader r = qw_reader_on(data, len);

    if (len <= QW_CARD_RECORD_OVERHEAD || qw_read_u32be(&r) != MAGIC) {
        return QW_ERR_FORMAT;
    }
    record->generation = qw_read_u64be(&r);
    qw_read_bytes(&r, record->key_id, sizeof record->key_id);
    return QW_OK;
}

qw_err qw_card_record_open(struct qw_pkcs11 *token, const uint8_t *data, size_t len, uint8_t *body)
{
    struct qw_pkcs11_gcm gcm = gcm_of(data);
    struct qw_card_record record;
    uint8_t key[KEY_LEN] = { 0 };
    qw_err err = qw_card_record_peek(data, len, &record);

    if (err == QW_OK) {
        err = qw_pkcs11_err(qw_pkcs11_unseal(token, &gcm, data + QW_CARD_RECORD_KEY_AT,
                                             KEY_LEN + QW_PKCS11_TAG_LEN, key));
    }
    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, key,
                           (struct qw_bytes){ data, QW_CARD_RECORD_HEAD_LEN },
                           data + QW_CARD_RECORD_HEAD_LEN, len - QW_CARD_RECORD_HEAD_LEN, body);
    }
    qw_wipe(key, sizeof key);
    return err == QW_ERR_AUTH ? QW_ERR_FORMAT : err;
}
