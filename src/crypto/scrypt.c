/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/scrypt.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* 128 * r * (N + p) bytes are needed [RFC 7914 2]; OpenSSL wants a little more and by default
 * allows 32 MiB only. */
static uint64_t memory_limit(struct qw_password_cost cost)
{
    return 128 * (uint64_t)cost.r * (((uint64_t)1 << cost.log2_n) + cost.p + 4u) + (1u << 20);
}

qw_err qw_scrypt(struct qw_password_cost cost, struct qw_bytes salt, struct qw_bytes password,
                 uint8_t *key, size_t key_len)
{
    uint64_t n = (uint64_t)1 << cost.log2_n;
    uint64_t limit = memory_limit(cost);
    uint32_t r = cost.r;
    uint32_t p = cost.p;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    /* The construct calls take pointers to non-const and do not write through them. */
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)password.data,
                                          password.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.data,
                                          salt.len),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &limit),
        OSSL_PARAM_construct_end(),
    };
    qw_err err = QW_ERR_UNAVAILABLE;

    if (context != NULL) {
        err = EVP_KDF_derive(context, key, key_len, parameters) == 1 ? QW_OK : QW_ERR_NOMEM;
    }
    EVP_KDF_CTX_free(context); /* NULL is fine; wipes the password */
    EVP_KDF_free(kdf);
    return err;
}
