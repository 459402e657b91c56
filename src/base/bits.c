/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"

#include "base/error.h"

void qw_bits_append(uint8_t *bits, size_t *at, uint64_t value, unsigned count)
{
    qw_assert(count <= 64);
    for (unsigned i = count; i > 0; i--) {
        qw_bit_set(bits, *at, (value >> (i - 1)) & 1);
        (*at)++;
    }
}

size_t qw_bits_distance(const uint8_t *a, const uint8_t *b, size_t n)
{
    size_t whole = n / 8;
    size_t distance = 0;

    for (size_t i = 0; i < whole; i++) {
        distance += (size_t)__builtin_popcount((unsigned)(a[i] ^ b[i]));
    }
    if (n % 8 != 0) {
        unsigned mask = 0xffu << (8 - n % 8) & 0xffu;

        distance += (size_t)__builtin_popcount((unsigned)(a[whole] ^ b[whole]) & mask);
    }
    return distance;
}

bool qw_bits_tail_clear(const uint8_t *bits, size_t n)
{
    return n % 8 == 0 || (bits[n / 8] & (0xffu >> (n % 8))) == 0;
}
