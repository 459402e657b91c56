/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/bit_polynomial.h"

#include "base/bits.h"

/* Whole strings pass here: written so that compilers make one load and a byte swap of it. */
static inline uint64_t load_word(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

static inline void store_word(uint8_t *p, uint64_t word)
{
    p[0] = (uint8_t)(word >> 56);
    p[1] = (uint8_t)(word >> 48);
    p[2] = (uint8_t)(word >> 40);
    p[3] = (uint8_t)(word >> 32);
    p[4] = (uint8_t)(word >> 24);
    p[5] = (uint8_t)(word >> 16);
    p[6] = (uint8_t)(word >> 8);
    p[7] = (uint8_t)word;
}

static uint64_t word_at_the_edge(const struct qw_bit_polynomial *p, ptrdiff_t at)
{
    uint64_t word = 0;

    for (ptrdiff_t degree = at < 0 ? 0 : at; degree < at + 64 && degree < (ptrdiff_t)p->limit;
         degree++) {
        word |= (uint64_t)qw_bit_get(p->bytes, p->bits - 1 - (size_t)degree) << (degree - at);
    }
    return word;
}

/* Words that lie inside the string, the first of them from bit `first` on; each next one eight
 * bytes before. */
static void load_inner_words(const struct qw_bit_polynomial *p, size_t first, uint64_t *words,
                             size_t count)
{
    const uint8_t *byte = p->bytes + first / 8;
    unsigned shift = first % 8;

    for (size_t i = 0; i < count; i++) {
        words[i] = load_word(byte - 8 * i) << shift;
    }
    for (size_t i = 0; shift > 0 && i < count; i++) {
        words[i] |= (uint64_t)(byte - 8 * i)[8] >> (8 - shift);
    }
}

void qw_bit_polynomial_load(const struct qw_bit_polynomial *p, ptrdiff_t at, uint64_t *words,
                            size_t count)
{
    ptrdiff_t last_whole = (ptrdiff_t)p->limit - 64;
    size_t i = 0;

    for (; i < count && at < 0; i++, at += 64) {
        words[i] = word_at_the_edge(p, at);
    }
    if (i < count && at <= last_whole) {
        size_t inner = (size_t)(last_whole - at) / 64 + 1;

        inner = inner < count - i ? inner : count - i;
        load_inner_words(p, p->bits - 64 - (size_t)at, words + i, inner);
        i += inner;
        at += (ptrdiff_t)(64 * inner);
    }
    for (; i < count; i++, at += 64) {
        words[i] = word_at_the_edge(p, at);
    }
}

void qw_bit_polynomial_store(const uint64_t *words, uint8_t *bytes, size_t bits)
{
    size_t first = 0;

    for (; first + 64 <= bits; first += 64) {
        size_t degree = bits - 64 - first;
        unsigned shift = degree % 64;
        uint64_t word = words[degree / 64] >> shift;

        if (shift > 0) {
            word |= words[degree / 64 + 1] << (64 - shift);
        }
        store_word(bytes + first / 8, word);
    }
    for (; first < bits; first += 8) { /* what is left lies in the first word */
        size_t left = bits - first;

        bytes[first / 8] = (uint8_t)(left >= 8 ? words[0] >> (left - 8) : words[0] << (8 - left));
    }
}
