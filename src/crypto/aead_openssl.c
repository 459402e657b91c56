/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM [SP 800-38D] on OpenSSL. */
#include "crypto/aead_backend.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <string.h>

/* Context with key and nonce set and the additional data taken in; NULL on failure. */
static EVP_CIPHER_CTX *start(const struct qw_aead_call *call, int is_encrypt)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len = 0;
    bool ok = context != NULL && EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, call->key,
                                                   call->nonce, is_encrypt) == 1;

    if (ok && call->aad.len > 0) {
        ok = EVP_CipherUpdate(context, NULL, &len, call->aad.data, (int)call->aad.len) == 1;
    }
    if (ok && call->len > 0) {
        ok = EVP_CipherUpdate(context, call->out, &len, call->in, (int)call->len) == 1;
    }
    if (!ok) {
        EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

static bool is_too_long(const struct qw_aead_call *call)
{
    return call->len > INT_MAX || call->aad.len > INT_MAX; /* OpenSSL counts in int */
}

static qw_err aes_encrypt(const struct qw_aead_call *call, uint8_t tag[static QW_AEAD_TAG_LEN])
{
    EVP_CIPHER_CTX *context;
    uint8_t nothing[QW_AEAD_TAG_LEN];
    int len = 0;
    bool ok;

    if (is_too_long(call)) {
        return QW_ERR_ARG;
    }
    context = start(call, 1);
    if (context == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    ok = EVP_CipherFinal_ex(context, nothing, &len) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, QW_AEAD_TAG_LEN, tag) == 1;
    EVP_CIPHER_CTX_free(context); /* wipes the expanded key */
    return ok ? QW_OK : QW_ERR_UNAVAILABLE;
}

static qw_err aes_decrypt(const struct qw_aead_call *call,
                          const uint8_t tag[static QW_AEAD_TAG_LEN])
{
    EVP_CIPHER_CTX *context;
    uint8_t expected[QW_AEAD_TAG_LEN];
    uint8_t nothing[QW_AEAD_TAG_LEN];
    int len = 0;
    bool ok;

    if (is_too_long(call)) {
        return QW_ERR_ARG;
    }
    context = start(call, 0);
    if (context == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    memcpy(expected, tag, sizeof expected); /* the control call takes a pointer to non-const */
    ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, QW_AEAD_TAG_LEN, expected) == 1 &&
         EVP_CipherFinal_ex(context, nothing, &len) == 1; /* compares in constant time */
    EVP_CIPHER_CTX_free(context);
    return ok ? QW_OK : QW_ERR_AUTH;
}

const struct qw_aead_backend qw_aead_openssl_aes256_gcm = {
    .info = { .name = "AES-256-GCM",
              .key_len = 32,
              .library = "OpenSSL " OPENSSL_VERSION_STR,
              .is_available = true,
              .constant_time = "yes" },
    .encrypt = aes_encrypt,
    .decrypt = aes_decrypt,
};
