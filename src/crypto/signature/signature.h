/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SIGNATURE_SIGNATURE_H
#define QW_CRYPTO_SIGNATURE_SIGNATURE_H

#include "base/error.h"
#include "crypto/hash.h"

#include <stddef.h>
#include <stdint.h>

/* Signatures over records [S2]: ECDSA on P-256 with SHA-256 [FIPS 186-5], and SM2 with SM3 [GB/T
 * 32918.2] under the usual distinguishing id "1234567812345678". Numbers are big-endian. */
enum qw_signature_algorithm { QW_SIGNATURE_NONE, QW_SIGNATURE_P256, QW_SIGNATURE_SM2 };
enum {
    QW_SIGNATURE_LEN = 64,         /* r, s */
    QW_SIGNATURE_PUBLIC_LEN = 65,  /* uncompressed point */
    QW_SIGNATURE_PRIVATE_LEN = 32, /* scalar */
    QW_SIGNATURE_PEM_CAP = 256
};

/* "p256", "sm2"; "" for others. */
const char *qw_signature_name(enum qw_signature_algorithm algorithm);
enum qw_signature_algorithm qw_signature_by_name(const char *name); /* _NONE: no such */

struct qw_signing_key; /* the private half; safe from several threads */

/* A new key. QW_ERR_ARG: no such algorithm; QW_ERR_NOMEM. */
qw_err qw_signing_key_new(enum qw_signature_algorithm algorithm,
                          struct qw_signing_key **key) QW_MUST_USE;
/* The key that _save wrote. QW_ERR_FORMAT: not a point of the curve, scalar out of range. */
qw_err qw_signing_key_load(enum qw_signature_algorithm algorithm,
                           const uint8_t scalar[static QW_SIGNATURE_PRIVATE_LEN],
                           const uint8_t point[static QW_SIGNATURE_PUBLIC_LEN],
                           struct qw_signing_key **key) QW_MUST_USE;
/* scalar is secret: the caller wipes it. */
qw_err qw_signing_key_save(const struct qw_signing_key *key,
                           uint8_t scalar[static QW_SIGNATURE_PRIVATE_LEN]) QW_MUST_USE;
void qw_signing_key_free(struct qw_signing_key *key); /* wipes; NULL is fine */

enum qw_signature_algorithm qw_signing_key_algorithm(const struct qw_signing_key *key);
const uint8_t *qw_signing_key_point(const struct qw_signing_key *key); /* its public half */

/* Signs the parts in order. QW_ERR_NOMEM. */
qw_err qw_sign(const struct qw_signing_key *key, const struct qw_bytes *parts, size_t count,
               uint8_t signature[static QW_SIGNATURE_LEN]) QW_MUST_USE;

struct qw_public_key { /* a value; holds no secret */
    enum qw_signature_algorithm algorithm;
    uint8_t point[QW_SIGNATURE_PUBLIC_LEN];
};
/* QW_ERR_AUTH: not signed by that key, or the key is none. */
qw_err qw_signature_check(const struct qw_public_key *key, const struct qw_bytes *parts,
                          size_t count,
                          const uint8_t signature[static QW_SIGNATURE_LEN]) QW_MUST_USE;

/* SubjectPublicKeyInfo [RFC 5280] as PEM, NUL-terminated. QW_ERR_FORMAT: key is none. */
qw_err qw_public_key_write(const struct qw_public_key *key,
                           char pem[static QW_SIGNATURE_PEM_CAP]) QW_MUST_USE;
/* QW_ERR_FORMAT: no PEM of a public key of one of the two algorithms. */
qw_err qw_public_key_read(const char *pem, size_t len, struct qw_public_key *key) QW_MUST_USE;

#endif
