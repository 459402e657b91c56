/* SPDX-License-Identifier: Apache-2.0 */
/* prf+ of IKEv2 on OpenSSL: the expand step of HKDF [RFC 5869 2.3], byte for byte. */
#include "crypto/ipsec/prf.h"

#include "base/secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <string.h>

enum { BLOCKS_MAX = 255 };

size_t qw_ipsec_prf_len(enum qw_ipsec_prf prf)
{
    static const uint8_t lens[] = { 32, 48, 64 };

    return lens[prf];
}

static const char *digest_of(enum qw_ipsec_prf prf)
{
    static const char *const names[] = { "SHA256", "SHA384", "SHA512" };

    return names[prf];
}

qw_err qw_ipsec_prf_apply(enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes data,
                          uint8_t *out)
{
    uint8_t block[QW_IPSEC_PRF_LEN_MAX];
    size_t len = 0;
    bool ok;

    if (key.len == 0) {
        return QW_ERR_ARG;
    }
    ok = EVP_Q_mac(NULL, "HMAC", NULL, digest_of(prf), NULL, key.data, key.len, data.data, data.len,
                   block, sizeof block, &len) != NULL;
    if (ok) {
        memcpy(out, block, len);
    }
    qw_wipe(block, sizeof block);
    return ok ? QW_OK : QW_ERR_UNAVAILABLE;
}

static bool expand(enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes seed, uint8_t *out,
                   size_t len)
{
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)digest_of(prf),
                                         0),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.data, key.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)seed.data,
                                          seed.len),
        OSSL_PARAM_construct_end(),
    };
    bool ok = context != NULL && EVP_KDF_derive(context, out, len, parameters) == 1;

    EVP_KDF_CTX_free(context); /* NULL is fine; wipes the key */
    EVP_KDF_free(kdf);
    return ok;
}

qw_err qw_ipsec_prf_plus(enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes seed,
                         uint8_t *out, size_t len)
{
    uint8_t material[BLOCKS_MAX * QW_IPSEC_PRF_LEN_MAX];
    bool ok;

    if (key.len == 0 || seed.len > QW_IPSEC_SEED_MAX || len == 0 ||
        len > BLOCKS_MAX * qw_ipsec_prf_len(prf)) {
        return QW_ERR_ARG;
    }
    ok = expand(prf, key, seed, material, len);
    if (ok) {
        memcpy(out, material, len);
    }
    qw_wipe(material, sizeof material);
    return ok ? QW_OK : QW_ERR_UNAVAILABLE;
}
