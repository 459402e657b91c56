/* SPDX-License-Identifier: Apache-2.0 */
/* Error verification [W3]. The number of bits enters the hash as its own last word, because the
 * bytes alone do not tell 7 bits from 8. */
#include "distill/verify.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

#include <math.h>
#include <string.h>

void qw_verify_tag(const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *bits, size_t n,
                   uint8_t tag[static QW_VERIFY_TAG_LEN])
{
    struct qw_poly_hash hash;
    uint8_t full[QW_POLY_HASH_LEN];
    uint8_t count[8];

    qw_assert(qw_bits_tail_clear(bits, n));
    qw_store_u64be(count, n);
    qw_poly_hash_init(&hash, key);
    qw_poly_hash_update(&hash, bits, QW_BITS_TO_BYTES(n));
    qw_poly_hash_update(&hash, count, sizeof count);
    qw_poly_hash_final(&hash, full);
    memcpy(tag, full, QW_VERIFY_TAG_LEN);
    qw_wipe(full, sizeof full); /* the cut bits would be leakage that nobody counted */
}

double qw_verify_epsilon_log2(size_t n)
{
    double blocks = (double)(n / 128 + (n % 128 != 0)) + 2.0;

    return log2(blocks) - QW_VERIFY_TAG_BITS;
}
