/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/permute.h"

#include <openssl/evp.h>
#include <stdbool.h>

static qw_err run(const uint8_t *key, const uint8_t (*in)[QW_PERMUTE_LEN], size_t count,
                  uint8_t (*out)[QW_PERMUTE_LEN], int forward)
{
    EVP_CIPHER_CTX *context;
    int len = 0;
    bool ok;

    if (count < 1 || count > QW_PERMUTE_COUNT_MAX) {
        return QW_ERR_ARG;
    }
    context = EVP_CIPHER_CTX_new();
    if (context == NULL) {
        return QW_ERR_NOMEM;
    }
    ok = EVP_CipherInit_ex(context, EVP_aes_256_ecb(), NULL, key, NULL, forward) == 1 &&
         EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
         EVP_CipherUpdate(context, out[0], &len, in[0], (int)(count * QW_PERMUTE_LEN)) == 1;
    EVP_CIPHER_CTX_free(context); /* wipes the expanded key */
    return ok ? QW_OK : QW_ERR_UNAVAILABLE;
}

qw_err qw_permute(const uint8_t key[static QW_PERMUTE_KEY_LEN], const uint8_t (*in)[QW_PERMUTE_LEN],
                  size_t count, uint8_t (*out)[QW_PERMUTE_LEN])
{
    return run(key, in, count, out, 1);
}

qw_err qw_permute_back(const uint8_t key[static QW_PERMUTE_KEY_LEN],
                       const uint8_t (*in)[QW_PERMUTE_LEN], size_t count,
                       uint8_t (*out)[QW_PERMUTE_LEN])
{
    return run(key, in, count, out, 0);
}
