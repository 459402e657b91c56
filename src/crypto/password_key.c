/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password_key.h"

#include "crypto/scrypt.h"

#include <stdbool.h>

enum { LOG2_N_MIN = 10, LOG2_N_MAX = 20, R_MAX = 32, P_MAX = 16 };

const struct qw_password_cost qw_password_cost_standard = { .log2_n = 17, .r = 8, .p = 1 };

static bool cost_ok(struct qw_password_cost cost)
{
    return cost.log2_n >= LOG2_N_MIN && cost.log2_n <= LOG2_N_MAX && cost.r >= 1 &&
           cost.r <= R_MAX && cost.p >= 1 && cost.p <= P_MAX;
}

qw_err qw_password_key(struct qw_password_cost cost,
                       const uint8_t salt[static QW_PASSWORD_SALT_LEN], const uint8_t *password,
                       size_t password_len, uint8_t *key, size_t key_len)
{
    if (!cost_ok(cost) || key_len == 0) {
        return QW_ERR_ARG;
    }
    return qw_scrypt(cost, (struct qw_bytes){ salt, QW_PASSWORD_SALT_LEN },
                     (struct qw_bytes){ password, password_len }, key, key_len);
}
