/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_AEAD_H
#define QW_CRYPTO_AEAD_H

#include "base/error.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Authenticated encryption. AES-256-GCM is the default [S1]; SM4-GCM (128-bit key, RFC 8998) for
 * the GM profile, labelled so. */
enum qw_aead { QW_AEAD_AES256_GCM, QW_AEAD_SM4_GCM };
enum { QW_AEAD_NONCE_LEN = 12, QW_AEAD_TAG_LEN = 16, QW_AEAD_KEY_LEN_MAX = 32 };

struct qw_aead_info {
    const char *name;    /* "AES-256-GCM" */
    size_t key_len;      /* bytes */
    const char *library; /* "OpenSSL 3.0.22" */
    bool is_available;
    const char *constant_time; /* "yes", "no", "unknown" */
};
const struct qw_aead_info *qw_aead_info(enum qw_aead aead);

/* Seals len bytes: out = nonce(12, fresh random) | ciphertext(len) | tag(16)  [out: len +
 * QW_AEAD_OVERHEAD bytes, may not overlap]. aad is authenticated, not carried. */
enum { QW_AEAD_OVERHEAD = QW_AEAD_NONCE_LEN + QW_AEAD_TAG_LEN };
qw_err qw_aead_seal(enum qw_aead aead, const uint8_t *key, struct qw_bytes aad,
                    const uint8_t *plain, size_t len, uint8_t *out) QW_MUST_USE;

/* Opens what seal made  [out: len - QW_AEAD_OVERHEAD bytes]. QW_ERR_AUTH: nothing is written;
 * QW_ERR_FORMAT: too short. */
qw_err qw_aead_open(enum qw_aead aead, const uint8_t *key, struct qw_bytes aad,
                    const uint8_t *sealed, size_t len, uint8_t *out) QW_MUST_USE;

/* The same with the caller's secret memory for what is not authenticated yet, wiped at the end
 * [scratch: len - QW_AEAD_OVERHEAD bytes, apart from out]: for who opens large texts often. */
qw_err qw_aead_open_through(enum qw_aead aead, const uint8_t *key, struct qw_bytes aad,
                            const uint8_t *sealed, size_t len, uint8_t *scratch,
                            uint8_t *out) QW_MUST_USE;

#endif
