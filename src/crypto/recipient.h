/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_RECIPIENT_H
#define QW_CRYPTO_RECIPIENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who reads what others seal: a key of P-256 or SM2, of which the sealing side needs the public
 * half alone. Never the only protection of a key [S3]. A value's owner frees it; safe from several
 * threads.
 *
 * P-256: the sealing key comes from a one-time key of the sealer and the reader's (ephemeral ECDH),
 * by HKDF-SHA256; what the reader needs is the one-time point. SM2: it comes from random bytes that
 * are encrypted to the reader [GB/T 32918.4], by HKDF-SM3. Both points, or ciphertext and point,
 * are in the key: what was exchanged gives another one. */
struct qw_recipient;
enum qw_recipient_kind { QW_RECIPIENT_P256, QW_RECIPIENT_SM2 };
enum {
    QW_RECIPIENT_P256_LEN = 65, /* of what is wrapped */
    QW_RECIPIENT_SM2_LEN = 129,
    QW_RECIPIENT_WRAPPED_MAX = QW_RECIPIENT_SM2_LEN,
    QW_RECIPIENT_KEY_LEN = 32,
    QW_RECIPIENT_HASH_LEN = 32
};

/* PEM of SubjectPublicKeyInfo, or of a private key without a passphrase. QW_ERR_FORMAT: neither, or
 * of another curve; QW_ERR_NOMEM. */
qw_err qw_recipient_read(const void *pem, size_t len, struct qw_recipient **recipient) QW_MUST_USE;
void qw_recipient_free(struct qw_recipient *recipient); /* NULL is fine */
bool qw_recipient_can_open(const struct qw_recipient *recipient);
enum qw_recipient_kind qw_recipient_kind(const struct qw_recipient *recipient);
size_t qw_recipient_wrapped_len(enum qw_recipient_kind kind);

/* SHA-256 of the public point, by which people tell recipients apart. */
void qw_recipient_hash(const struct qw_recipient *recipient,
                       uint8_t hash[static QW_RECIPIENT_HASH_LEN]);

/* A new key for the recipient; wrapped is what he needs to find it [wrapped:
 * qw_recipient_wrapped_len of his kind]. QW_ERR_NOMEM; what qw_random_bytes says. */
qw_err qw_recipient_wrap(const struct qw_recipient *recipient, uint8_t *wrapped,
                         uint8_t key[static QW_RECIPIENT_KEY_LEN]) QW_MUST_USE;
/* The same key, by the private half. QW_ERR_ARG: it is not there; QW_ERR_FORMAT: no point of the
 * curve; QW_ERR_AUTH: SM2, for another key or altered (P-256: another key comes out); QW_ERR_NOMEM.
 */
qw_err qw_recipient_unwrap(const struct qw_recipient *recipient, const uint8_t *wrapped,
                           uint8_t key[static QW_RECIPIENT_KEY_LEN]) QW_MUST_USE;

#endif
