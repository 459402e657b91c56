/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to authenticated encryption: nonces are drawn here and nowhere else, so no caller
 * can repeat one under a key. */
#include "crypto/aead.h"

#include "crypto/aead_backend.h"
#include "crypto/random.h"

#include "base/secret.h"

#include <string.h>

enum { SCRATCH_LEN = 1024 }; /* most of what we open is keys and frames */

const struct qw_aead_backend *qw_aead_backend(enum qw_aead aead)
{
    return aead == QW_AEAD_SM4_GCM ? &qw_aead_gcrypt_sm4_gcm : &qw_aead_openssl_aes256_gcm;
}

const struct qw_aead_info *qw_aead_info(enum qw_aead aead)
{
    return &qw_aead_backend(aead)->info;
}

qw_err qw_aead_seal(enum qw_aead aead, const uint8_t *key, struct qw_bytes aad,
                    const uint8_t *plain, size_t len, uint8_t *out)
{
    uint8_t nonce[QW_AEAD_NONCE_LEN];
    const struct qw_aead_call call = { .key = key,
                                       .nonce = nonce,
                                       .aad = aad,
                                       .in = plain,
                                       .len = len,
                                       .out = out + QW_AEAD_NONCE_LEN };
    qw_err err;

    err = qw_random_bytes(nonce, sizeof nonce);
    if (err != QW_OK) {
        return err;
    }
    err = qw_aead_backend(aead)->encrypt(&call, out + QW_AEAD_NONCE_LEN + len);
    if (err != QW_OK) {
        qw_wipe(out, len + QW_AEAD_OVERHEAD);
        return err;
    }
    memcpy(out, nonce, sizeof nonce);
    return QW_OK;
}

/* Decrypts into scratch memory first: what has not been authenticated never reaches the caller. */
qw_err qw_aead_open_through(enum qw_aead aead, const uint8_t *key, struct qw_bytes aad,
                            const uint8_t *sealed, size_t len, uint8_t *scratch, uint8_t *out)
{
    struct qw_aead_call call = { .key = key, .nonce = sealed, .aad = aad, .out = scratch };
    qw_err err;

    if (len < QW_AEAD_OVERHEAD) {
        return QW_ERR_FORMAT;
    }
    call.in = sealed + QW_AEAD_NONCE_LEN;
    call.len = len - QW_AEAD_OVERHEAD;
    err = qw_aead_backend(aead)->decrypt(&call, call.in + call.len);
    if (err == QW_OK && call.len > 0) {
        memcpy(out, scratch, call.len);
    }
    qw_wipe(scratch, call.len);
    return err;
}

qw_err qw_aead_open(enum qw_aead aead, const uint8_t *key, struct qw_bytes aad,
                    const uint8_t *sealed, size_t len, uint8_t *out)
{
    uint8_t small[SCRATCH_LEN];
    uint8_t *large;
    qw_err err;

    if (len <= sizeof small + QW_AEAD_OVERHEAD) {
        return qw_aead_open_through(aead, key, aad, sealed, len, small, out);
    }
    large = qw_secret_new(len - QW_AEAD_OVERHEAD);
    if (large == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_aead_open_through(aead, key, aad, sealed, len, large, out);
    qw_secret_free(large);
    return err;
}
