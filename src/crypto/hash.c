/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-2 [FIPS 180-4], SM3 [GB/T 32905] and HMAC [RFC 2104] on OpenSSL; HKDF [RFC 5869] on that
 * HMAC, because OpenSSL's own refuses an empty input key. */
#include "crypto/hash.h"

#include "base/secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t qw_hash_len(enum qw_hash hash)
{
    return hash == QW_HASH_SHA512 ? 64 : 32;
}

const char *qw_hash_name(enum qw_hash hash)
{
    switch (hash) {
    case QW_HASH_SHA256:
        return "SHA-256";
    case QW_HASH_SHA512:
        return "SHA-512";
    case QW_HASH_SM3:
        break;
    }
    return "SM3";
}

static const EVP_MD *digest_of(enum qw_hash hash)
{
    switch (hash) {
    case QW_HASH_SHA256:
        return EVP_sha256();
    case QW_HASH_SHA512:
        return EVP_sha512();
    case QW_HASH_SM3:
        break;
    }
    return EVP_sm3();
}

qw_err qw_hash_of(enum qw_hash hash, const struct qw_bytes *parts, size_t count, uint8_t *out)
{
    uint8_t digest[QW_HASH_LEN_MAX];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok;

    if (context == NULL) {
        return QW_ERR_NOMEM;
    }
    ok = EVP_DigestInit_ex(context, digest_of(hash), NULL) == 1;
    for (size_t i = 0; ok && i < count; i++) {
        ok = EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context); /* wipes its state */
    if (ok) {
        memcpy(out, digest, qw_hash_len(hash));
    }
    qw_wipe(digest, sizeof digest);
    return ok ? QW_OK : QW_ERR_UNAVAILABLE;
}

static bool hmac_run(EVP_MAC_CTX *context, enum qw_hash hash, struct qw_bytes key,
                     const struct qw_bytes *parts, size_t count, uint8_t *digest)
{
    static const uint8_t no_key[1]; /* a NULL key would mean "the key of before" to OpenSSL */
    char name[16];
    OSSL_PARAM parameters[2];
    bool ok;

    snprintf(name, sizeof name, "%s", EVP_MD_get0_name(digest_of(hash)));
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    parameters[1] = OSSL_PARAM_construct_end();
    ok = EVP_MAC_init(context, key.len == 0 ? no_key : key.data, key.len, parameters) == 1;
    for (size_t i = 0; ok && i < count; i++) {
        ok = EVP_MAC_update(context, parts[i].data, parts[i].len) == 1;
    }
    return ok && EVP_MAC_final(context, digest, NULL, QW_HASH_LEN_MAX) == 1;
}

qw_err qw_hmac(enum qw_hash hash, const uint8_t *key, size_t key_len, const struct qw_bytes *parts,
               size_t count, uint8_t *out)
{
    uint8_t digest[QW_HASH_LEN_MAX];
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    bool ok = context != NULL &&
              hmac_run(context, hash, (struct qw_bytes){ key, key_len }, parts, count, digest);

    EVP_MAC_CTX_free(context); /* NULL is fine; wipes the key */
    EVP_MAC_free(mac);
    if (ok) {
        memcpy(out, digest, qw_hash_len(hash));
    }
    qw_wipe(digest, sizeof digest);
    return ok ? QW_OK : QW_ERR_UNAVAILABLE;
}

/* T(i) = HMAC(prk, T(i-1) | info | i) [RFC 5869 2.3]. */
static qw_err hkdf_expand(enum qw_hash hash, const uint8_t *prk, struct qw_bytes info, uint8_t *out,
                          size_t len)
{
    size_t block_len = qw_hash_len(hash);
    uint8_t block[QW_HASH_LEN_MAX];
    qw_err err = QW_OK;

    for (size_t at = 0; err == QW_OK && at < len; at += block_len) {
        uint8_t number = (uint8_t)(at / block_len + 1);
        const struct qw_bytes parts[3] = { { block, at == 0 ? 0 : block_len },
                                           info,
                                           { &number, 1 } };

        err = qw_hmac(hash, prk, block_len, parts, 3, block);
        if (err == QW_OK) {
            memcpy(out + at, block, len - at < block_len ? len - at : block_len);
        }
    }
    qw_wipe(block, sizeof block);
    return err;
}

qw_err qw_hkdf(enum qw_hash hash, struct qw_bytes salt, struct qw_bytes key, struct qw_bytes info,
               uint8_t *out, size_t len)
{
    static const uint8_t zero_salt[QW_HASH_LEN_MAX]; /* [RFC 5869 2.2]: no salt is HashLen zeros */
    uint8_t prk[QW_HASH_LEN_MAX];
    qw_err err;

    if (len == 0 || len > 255 * qw_hash_len(hash)) {
        return QW_ERR_ARG;
    }
    if (salt.len == 0) {
        salt = (struct qw_bytes){ zero_salt, qw_hash_len(hash) };
    }
    err = qw_hmac(hash, salt.data, salt.len, &key, 1, prk);
    if (err == QW_OK) {
        err = hkdf_expand(hash, prk, info, out, len);
    }
    qw_wipe(prk, sizeof prk);
    return err;
}
