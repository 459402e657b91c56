/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_HASH_H
#define QW_CRYPTO_HASH_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Hashes the mission allows [S2]; MD5 and SHA-1 have no name here. */
enum qw_hash { QW_HASH_SHA256, QW_HASH_SHA512, QW_HASH_SM3 };
enum { QW_HASH_LEN_MAX = 64 };

size_t qw_hash_len(enum qw_hash hash);
const char *qw_hash_name(enum qw_hash hash);

struct qw_bytes { /* a borrowed run of bytes */
    const void *data;
    size_t len;
};

/* Digest / HMAC (RFC 2104) of the parts in order  [out: qw_hash_len bytes]. */
qw_err qw_hash_of(enum qw_hash hash, const struct qw_bytes *parts, size_t count,
                  uint8_t *out) QW_MUST_USE;
qw_err qw_hmac(enum qw_hash hash, const uint8_t *key, size_t key_len, const struct qw_bytes *parts,
               size_t count, uint8_t *out) QW_MUST_USE;

/* HKDF (RFC 5869) extract and expand  [out: len <= 255 x qw_hash_len bytes]. salt may be empty. */
qw_err qw_hkdf(enum qw_hash hash, struct qw_bytes salt, struct qw_bytes key, struct qw_bytes info,
               uint8_t *out, size_t len) QW_MUST_USE;

#endif
