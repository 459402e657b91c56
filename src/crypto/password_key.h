/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_PASSWORD_KEY_H
#define QW_CRYPTO_PASSWORD_KEY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* scrypt (RFC 7914): a key from a passphrase, costly in time and memory (128 x r x 2^log2_n bytes).
 */
struct qw_password_cost {
    uint8_t log2_n; /* 10..20 */
    uint8_t r;      /* 1..32 */
    uint8_t p;      /* 1..16 */
};
enum { QW_PASSWORD_SALT_LEN = 16 };
extern const struct qw_password_cost
    qw_password_cost_standard; /* >= 250 ms on a 2020s core: see docs/design/crypto.md */

qw_err qw_password_key(struct qw_password_cost cost,
                       const uint8_t salt[static QW_PASSWORD_SALT_LEN], const uint8_t *password,
                       size_t password_len, uint8_t *key, size_t key_len) QW_MUST_USE;

#endif
