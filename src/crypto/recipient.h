/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_RECIPIENT_H
#define QW_CRYPTO_RECIPIENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who reads what others seal: a P-256 key, of which the sealing side needs the public half alone.
 * The sealing key comes from a one-time key of the sealer and the reader's (ephemeral ECDH), by
 * HKDF-SHA256 over both points. Never the only protection of a key [S3]. A value's
 * owner frees it; safe from several threads. */
struct qw_recipient;
enum { QW_RECIPIENT_POINT_LEN = 65, QW_RECIPIENT_KEY_LEN = 32, QW_RECIPIENT_HASH_LEN = 32 };

/* PEM of SubjectPublicKeyInfo, or of a private key without a passphrase. QW_ERR_FORMAT: neither, or
 * of another curve; QW_ERR_NOMEM. */
qw_err qw_recipient_read(const void *pem, size_t len, struct qw_recipient **recipient) QW_MUST_USE;
void qw_recipient_free(struct qw_recipient *recipient); /* NULL is fine */
bool qw_recipient_can_open(const struct qw_recipient *recipient);

/* SHA-256 of the public point, by which people tell recipients apart. */
void qw_recipient_hash(const struct qw_recipient *recipient,
                       uint8_t hash[static QW_RECIPIENT_HASH_LEN]);

/* A new key for the recipient; point is what he needs to find it. QW_ERR_NOMEM. */
qw_err qw_recipient_wrap(const struct qw_recipient *recipient,
                         uint8_t point[static QW_RECIPIENT_POINT_LEN],
                         uint8_t key[static QW_RECIPIENT_KEY_LEN]) QW_MUST_USE;
/* The same key, by the private half. QW_ERR_ARG: it is not there; QW_ERR_FORMAT: no point of the
 * curve; QW_ERR_NOMEM. */
qw_err qw_recipient_unwrap(const struct qw_recipient *recipient,
                           const uint8_t point[static QW_RECIPIENT_POINT_LEN],
                           uint8_t key[static QW_RECIPIENT_KEY_LEN]) QW_MUST_USE;

#endif
