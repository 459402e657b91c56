/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/share/shamir.h"

#include "base/secret.h"
#include "crypto/random.h"
#include "crypto/share/gf256.h"

#include <stdbool.h>
#include <string.h>

void qw_shamir_evaluate(const uint8_t *secret, const uint8_t *coefficients, size_t len,
                        unsigned threshold, uint8_t x, uint8_t *share)
{
    memset(share, 0, len);
    for (unsigned power = threshold; power-- > 0;) { /* Horner's rule, highest first */
        const uint8_t *of_power = power == 0 ? secret : coefficients + (power - 1) * len;

        for (size_t i = 0; i < len; i++) {
            share[i] = qw_gf256_mul(share[i], x) ^ of_power[i];
        }
    }
}

qw_err qw_shamir_split(const uint8_t *secret, size_t len, unsigned threshold, unsigned count,
                       uint8_t *shares)
{
    uint8_t *coefficients;
    qw_err err;

    if (len < 1 || len > QW_SHAMIR_SECRET_MAX || threshold < 2 || threshold > count ||
        count > QW_SHAMIR_SHARES_MAX) {
        return QW_ERR_ARG;
    }
    coefficients = qw_secret_new((threshold - 1) * len);
    if (coefficients == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_random_bytes(coefficients, (threshold - 1) * len);
    for (unsigned i = 0; err == QW_OK && i < count; i++) {
        qw_shamir_evaluate(secret, coefficients, len, threshold, (uint8_t)(i + 1),
                           shares + i * len);
    }
    qw_secret_free(coefficients);
    return err;
}

/* What the share at x[which] counts for at 0: the product of x[j] / (x[j] - x[which]). */
static uint8_t weight(const uint8_t *x, unsigned count, unsigned which)
{
    uint8_t product = 1;

    for (unsigned j = 0; j < count; j++) {
        if (j != which) {
            product = qw_gf256_mul(
                product, qw_gf256_mul(x[j], qw_gf256_inverse((uint8_t)(x[j] ^ x[which]))));
        }
    }
    return product;
}

static bool places_are_fine(const uint8_t *x, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (x[i] == 0) {
            return false;
        }
        for (unsigned j = 0; j < i; j++) {
            if (x[j] == x[i]) {
                return false;
            }
        }
    }
    return true;
}

qw_err qw_shamir_combine(const uint8_t *x, const uint8_t *shares, unsigned count, size_t len,
                         uint8_t *secret)
{
    if (len < 1 || len > QW_SHAMIR_SECRET_MAX || count < 2 || count > QW_SHAMIR_SHARES_MAX ||
        !places_are_fine(x, count)) {
        return QW_ERR_ARG;
    }
    memset(secret, 0, len);
    for (unsigned j = 0; j < count; j++) {
        uint8_t factor = weight(x, count, j);

        for (size_t i = 0; i < len; i++) {
            secret[i] ^= qw_gf256_mul(factor, shares[j * len + i]);
        }
    }
    return QW_OK;
}
