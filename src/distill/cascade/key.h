/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_KEY_H
#define QW_DISTILL_CASCADE_KEY_H

#include <stddef.h>
#include <stdint.h>

/* Keys of Cascade in 64-bit words: bit i is bit i % 64 of word i / 64, least significant first. */

/* bytes [ceil(bits / 8)] as in base/bits.h; words beyond the bits are zeroed up to word_count. */
void qw_cascade_key_load(const uint8_t *bytes, size_t bits, uint64_t *words, size_t word_count);
void qw_cascade_key_store(const uint64_t *words, size_t bits, uint8_t *bytes);

static inline unsigned qw_cascade_parity(uint64_t word)
{
    return (unsigned)__builtin_parityll(word);
}

/* Bits below bit % 64 of a word. */
static inline uint64_t qw_cascade_below(uint32_t bit)
{
    return ((uint64_t)1 << (bit % 64)) - 1;
}

#endif
