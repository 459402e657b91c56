/* SPDX-License-Identifier: Apache-2.0 */
/* SM4-GCM [RFC 8998] on libgcrypt: OpenSSL 3.0 has no SM4-GCM at all. */
#include "crypto/aead_backend.h"

#include <gcrypt.h>

enum { SM4_KEY_LEN = 16 };

/* libgcrypt wants one initialisation before the first thread, and a library must not keep a flag of
 * its own for that: so it happens before main. Its secure memory is off on purpose: the handle
 * lives for one call and is wiped when it is closed. */
__attribute__((constructor)) static void initialise_library(void)
{
    if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
        return; /* the program did it */
    }
    if (gcry_check_version("1.10.0") != NULL) {
        gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
}

/* A handle with key, nonce and additional data; NULL when SM4 is not there (FIPS mode). */
static gcry_cipher_hd_t start(const struct qw_aead_call *call)
{
    gcry_cipher_hd_t handle = NULL;

    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) ||
        gcry_cipher_open(&handle, GCRY_CIPHER_SM4, GCRY_CIPHER_MODE_GCM, 0) != 0) {
        return NULL;
    }
    if (gcry_cipher_setkey(handle, call->key, SM4_KEY_LEN) != 0 ||
        gcry_cipher_setiv(handle, call->nonce, QW_AEAD_NONCE_LEN) != 0 ||
        (call->aad.len > 0 &&
         gcry_cipher_authenticate(handle, call->aad.data, call->aad.len) != 0)) {
        gcry_cipher_close(handle);
        return NULL;
    }
    return handle;
}

static qw_err sm4_encrypt(const struct qw_aead_call *call, uint8_t tag[static QW_AEAD_TAG_LEN])
{
    gcry_cipher_hd_t handle = start(call);
    bool ok;

    if (handle == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    ok = gcry_cipher_final(handle) == 0 &&
         gcry_cipher_encrypt(handle, call->out, call->len, call->in, call->len) == 0 &&
         gcry_cipher_gettag(handle, tag, QW_AEAD_TAG_LEN) == 0;
    gcry_cipher_close(handle); /* wipes the expanded key */
    return ok ? QW_OK : QW_ERR_UNAVAILABLE;
}

static qw_err sm4_decrypt(const struct qw_aead_call *call,
                          const uint8_t tag[static QW_AEAD_TAG_LEN])
{
    gcry_cipher_hd_t handle = start(call);
    bool ok;

    if (handle == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    ok = gcry_cipher_final(handle) == 0 &&
         gcry_cipher_decrypt(handle, call->out, call->len, call->in, call->len) == 0 &&
         gcry_cipher_checktag(handle, tag, QW_AEAD_TAG_LEN) == 0;
    gcry_cipher_close(handle);
    return ok ? QW_OK : QW_ERR_AUTH;
}

const struct qw_aead_backend qw_aead_gcrypt_sm4_gcm = {
    .info = { .name = "SM4-GCM",
              .key_len = SM4_KEY_LEN,
              .library = "libgcrypt " GCRYPT_VERSION,
              .is_available = true,
              .constant_time = "no" }, /* table look-ups in the key schedule */
    .encrypt = sm4_encrypt,
    .decrypt = sm4_decrypt,
};
