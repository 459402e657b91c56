/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/share/share.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/password_key.h"
#include "crypto/random.h"

#include <string.h>

static const uint8_t magic[4] = { 'Q', 'W', 'S', 1 };
enum {
    SALT_AT = 7,
    CEREMONY_AT = SALT_AT + QW_PASSWORD_SALT_LEN,
    HEAD_LEN = CEREMONY_AT + QW_CEREMONY_ID_LEN + 3,
    BODY_LEN = QW_MASTER_KEY_LEN + QW_SHARE_CHECK_LEN,
    KEY_LEN = 32
};
_Static_assert((int)HEAD_LEN + (int)BODY_LEN + (int)QW_AEAD_OVERHEAD == (int)QW_SHARE_FILE_LEN,
               "as the page says");

struct body { /* a secret, in secret memory */
    uint8_t plain[BODY_LEN];
    uint8_t key[KEY_LEN];
    uint8_t clear[QW_SHARE_LEN]; /* the other form, whose decoder knows the limits */
};

static qw_err key_of(const uint8_t *head, const uint8_t *passphrase, size_t len, uint8_t *key)
{
    const struct qw_password_cost cost = { .log2_n = head[4], .r = head[5], .p = head[6] };

    return qw_password_key(cost, head + SALT_AT, passphrase, len, key, KEY_LEN);
}

qw_err qw_share_file_seal(const struct qw_share *share, const uint8_t *passphrase,
                          size_t passphrase_len, uint8_t out[static QW_SHARE_FILE_LEN])
{
    const struct qw_password_cost cost = qw_password_cost_standard;
    uint8_t file[QW_SHARE_FILE_LEN];
    struct qw_writer w = qw_writer_on(file, HEAD_LEN);
    uint8_t salt[QW_PASSWORD_SALT_LEN];
    struct body *body = qw_secret_new(sizeof *body);
    qw_err err = body == NULL ? QW_ERR_NOMEM : qw_random_bytes(salt, sizeof salt);

    if (err != QW_OK) {
        goto out;
    }
    qw_write_bytes(&w, magic, sizeof magic);
    qw_write_u8(&w, cost.log2_n);
    qw_write_u8(&w, cost.r);
    qw_write_u8(&w, cost.p);
    qw_write_bytes(&w, salt, sizeof salt);
    qw_write_bytes(&w, share->ceremony, sizeof share->ceremony);
    qw_write_u8(&w, share->index);
    qw_write_u8(&w, share->threshold);
    qw_write_u8(&w, share->officers);
    qw_assert(!w.failed && w.len == HEAD_LEN);
    memcpy(body->plain, share->payload, sizeof share->payload);
    memcpy(body->plain + sizeof share->payload, share->check, sizeof share->check);
    err = key_of(file, passphrase, passphrase_len, body->key);
    if (err == QW_OK) {
        err = qw_aead_seal(QW_AEAD_AES256_GCM, body->key, (struct qw_bytes){ file, HEAD_LEN },
                           body->plain, BODY_LEN, file + HEAD_LEN);
    }
    if (err == QW_OK) {
        memcpy(out, file, sizeof file);
    }
out:
    qw_secret_free(body);
    return err;
}

/* The share behind an opened body. */
static qw_err take(const uint8_t *head, struct body *body, struct qw_share *share)
{
    struct qw_writer w = qw_writer_on(body->clear, sizeof body->clear);

    qw_write_bytes(&w, "QWC\001", 4);
    qw_write_bytes(&w, head + CEREMONY_AT, HEAD_LEN - CEREMONY_AT);
    qw_write_bytes(&w, body->plain, BODY_LEN);
    return qw_share_decode(body->clear, w.len, share);
}

qw_err qw_share_file_open(const uint8_t *in, size_t len, const uint8_t *passphrase,
                          size_t passphrase_len, struct qw_share *share)
{
    struct body *body;
    qw_err err;

    if (len != QW_SHARE_FILE_LEN || !qw_equal_ct(in, magic, sizeof magic)) {
        return QW_ERR_FORMAT;
    }
    body = qw_secret_new(sizeof *body);
    if (body == NULL) {
        return QW_ERR_NOMEM;
    }
    err = key_of(in, passphrase, passphrase_len, body->key);
    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, body->key, (struct qw_bytes){ in, HEAD_LEN },
                           in + HEAD_LEN, len - HEAD_LEN, body->plain);
    }
    if (err == QW_OK) {
        err = take(in, body, share);
    }
    qw_secret_free(body);
    return err == QW_ERR_ARG ? QW_ERR_FORMAT : err; /* a cost nobody would write */
}
