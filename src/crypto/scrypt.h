/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SCRYPT_H
#define QW_CRYPTO_SCRYPT_H

#include "crypto/hash.h"
#include "crypto/password_key.h"

/* scrypt [RFC 7914] with any salt and cost: for password_key.c, the self-test and the tests, whose
 * vectors have other sizes than ours. QW_ERR_NOMEM when the library refuses, which in practice is
 * its memory. */
qw_err qw_scrypt(struct qw_password_cost cost, struct qw_bytes salt, struct qw_bytes password,
                 uint8_t *key, size_t key_len) QW_MUST_USE;

#endif
