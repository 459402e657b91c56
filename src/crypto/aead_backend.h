/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_AEAD_BACKEND_H
#define QW_CRYPTO_AEAD_BACKEND_H

#include "crypto/aead.h"

/* What a library does for one algorithm, with the nonce given: for aead.c, the self-test and the
 * tests. Everybody else goes through qw_aead_seal, which never repeats a nonce. */
struct qw_aead_call {
    const uint8_t *key;   /* as long as the algorithm says */
    const uint8_t *nonce; /* [QW_AEAD_NONCE_LEN] */
    struct qw_bytes aad;
    const uint8_t *in;
    size_t len; /* bytes of in and out */
    uint8_t *out;
};

struct qw_aead_backend {
    struct qw_aead_info info;
    qw_err (*encrypt)(const struct qw_aead_call *call, uint8_t tag[static QW_AEAD_TAG_LEN]);
    /* QW_ERR_AUTH; out may then hold anything: aead.c wipes it. */
    qw_err (*decrypt)(const struct qw_aead_call *call, const uint8_t tag[static QW_AEAD_TAG_LEN]);
};

const struct qw_aead_backend *qw_aead_backend(enum qw_aead aead);

extern const struct qw_aead_backend qw_aead_openssl_aes256_gcm;
extern const struct qw_aead_backend qw_aead_gcrypt_sm4_gcm;

#endif
