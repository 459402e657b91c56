/* SPDX-License-Identifier: Apache-2.0 */
/* Toeplitz hashing as a middle product of binary polynomials [W4]: with s(z) = sum seed_k z^k and
 * x(z) = sum in_j z^j, out_i is the coefficient of z^(i + in_bits - 1) in s(z) x(z). The seed is
 * shifted up so that this window starts at a word, x is cut into blocks as long as the output, and
 * each block costs two square products. */
#include "distill/toeplitz.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "distill/clmul.h"
#include "distill/toeplitz_kernel.h"

#include <stdlib.h>
#include <string.h>

enum { IN_BITS_MAX = 1 << 28 };

struct toeplitz {
    const struct qw_clmul *kernel;
    size_t block_words; /* of the output and of a block of the input */
    size_t in_words;    /* a multiple of block_words */
    size_t seed_words;
    uint64_t *in;      /* [size: in_words] */
    uint64_t *seed;    /* [size: seed_words] */
    uint64_t *out;     /* [size: block_words] */
    uint64_t *product; /* [size: 2 x block_words] */
    uint64_t *scratch;
};

size_t qw_toeplitz_seed_bits(size_t in_bits, size_t out_bits)
{
    return in_bits + out_bits - 1;
}

static uint8_t reverse_byte(uint8_t byte)
{
    unsigned x = byte;

    x = (x >> 1 & 0x55u) | (x & 0x55u) << 1;
    x = (x >> 2 & 0x33u) | (x & 0x33u) << 2;
    return (uint8_t)(x >> 4 | (x & 0x0fu) << 4);
}

/* Adds the bit string, bit 0 as the coefficient of z^at; words is zero before. */
static void load_bits(uint64_t *words, size_t at, const uint8_t *bits, size_t count)
{
    for (size_t i = 0; i < QW_BITS_TO_BYTES(count); i++) {
        size_t left = count - 8 * i;
        uint8_t mask = (uint8_t)(left >= 8 ? 0xffu : 0xffu << (8 - left));
        uint64_t byte = reverse_byte(bits[i] & mask);
        size_t place = at + 8 * i;
        unsigned shift = (unsigned)(place % 64);

        words[place / 64] |= byte << shift;
        if (shift > 56) {
            words[place / 64 + 1] |= byte >> (64 - shift);
        }
    }
}

static void store_bits(const uint64_t *words, uint8_t *bits, size_t count)
{
    for (size_t i = 0; i < QW_BITS_TO_BYTES(count); i++) {
        size_t left = count - 8 * i;
        uint8_t mask = (uint8_t)(left >= 8 ? 0xffu : 0xffu << (8 - left));

        bits[i] = reverse_byte((uint8_t)(words[i / 8] >> (i % 8 * 8))) & mask;
    }
}

/* Input block number block against the 2 x block_words seed words that reach the output. */
static void add_block(struct toeplitz *t, size_t block)
{
    size_t words = t->block_words;
    const uint64_t *x = t->in + block * words;
    const uint64_t *window = t->seed + (t->in_words - (block + 1) * words);

    qw_clmul_multiply(t->kernel, t->product, window, x, words, t->scratch);
    for (size_t i = 0; i < words; i++) {
        t->out[i] ^= t->product[words + i];
    }
    qw_clmul_multiply(t->kernel, t->product, window + words, x, words, t->scratch);
    for (size_t i = 0; i < words; i++) {
        t->out[i] ^= t->product[i];
    }
}

qw_err qw_toeplitz_hash_with(const struct qw_clmul *kernel, const uint8_t *in, size_t in_bits,
                             const uint8_t *seed, uint8_t *out, size_t out_bits)
{
    struct toeplitz t = { .kernel = kernel };
    uint64_t *memory;
    size_t words;

    if (in_bits == 0 || out_bits == 0 || out_bits > in_bits || in_bits > IN_BITS_MAX) {
        return QW_ERR_ARG;
    }
    t.block_words = (out_bits + 63) / 64;
    t.in_words = ((in_bits + 63) / 64 + t.block_words - 1) / t.block_words * t.block_words;
    t.seed_words = t.in_words + t.block_words + 1; /* the last takes a byte cut by a word's end */
    words = t.in_words + t.seed_words + 3 * t.block_words + qw_clmul_scratch_words(t.block_words);
    memory = calloc(words, sizeof *memory);
    if (memory == NULL) {
        return QW_ERR_NOMEM;
    }
    t.in = memory;
    t.seed = t.in + t.in_words;
    t.out = t.seed + t.seed_words;
    t.product = t.out + t.block_words;
    t.scratch = t.product + 2 * t.block_words;

    /* The window for block b starts in_words - (b + 1) x block_words words into the seed when seed
     * bit in_bits - 1 lies at the first bit of word in_words. */
    load_bits(t.in, 0, in, in_bits);
    load_bits(t.seed, 64 * t.in_words - (in_bits - 1), seed,
              qw_toeplitz_seed_bits(in_bits, out_bits));
    for (size_t block = 0; block < t.in_words / t.block_words; block++) {
        add_block(&t, block);
    }
    store_bits(t.out, out, out_bits);
    qw_wipe(memory, words * sizeof *memory);
    free(memory);
    return QW_OK;
}

qw_err qw_toeplitz_hash(const uint8_t *in, size_t in_bits, const uint8_t *seed, uint8_t *out,
                        size_t out_bits)
{
    return qw_toeplitz_hash_with(qw_clmul_best(), in, in_bits, seed, out, out_bits);
}
