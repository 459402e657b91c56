/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_BITS_H
#define QW_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bit strings of the project: bit 0 is the most significant bit of byte 0; unused bits of the last
 * byte are zero. */
#define QW_BITS_TO_BYTES(bits) (((bits) + 7) / 8)

static inline bool qw_bit_get(const uint8_t *bits, size_t index)
{
    return (bits[index / 8] >> (7 - index % 8)) & 1;
}

static inline void qw_bit_set(uint8_t *bits, size_t index, bool value)
{
    uint8_t mask = (uint8_t)(0x80u >> (index % 8));

    bits[index / 8] = (uint8_t)((bits[index / 8] & ~mask) | (value ? mask : 0));
}

/* Appends the low count (0..64) bits of value, most significant of them first, at bit *at and
 * advances it. */
void qw_bits_append(uint8_t *bits, size_t *at, uint64_t value, unsigned count);

/* Number of positions in which the first n bits differ. */
size_t qw_bits_distance(const uint8_t *a, const uint8_t *b, size_t n);

/* True when the unused bits of the last byte of an n-bit string are zero: a decoder refuses
 * anything else. */
bool qw_bits_tail_clear(const uint8_t *bits, size_t n);

#endif
