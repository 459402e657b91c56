/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/toeplitz_tiles.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLAB_TILES_LOG = 21, /* of the values that the tiles of one round may have */
    PAD_VALUES = 8 /* between arrays of 2^log values: else all fall into one set of the cache */
};

/* Words of input and output that 2^log points carry. The points hold 2 in + 2 out seed limbs, and
 * below them what wraps around in the product may fall. */
static size_t capacity_words(unsigned log)
{
    return (((size_t)1 << log) - qw_additive_fft_wrap(log)) / 2;
}

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Measured on Zen 5 with the widest kernel: a point of a transform costs about log + 8 units, a
 * product of values 1.1. */
static void set_cost(struct qw_toeplitz_tiles *t)
{
    double points = (double)((size_t)1 << t->log);
    double transforms = 2.0 * (double)(t->in_tiles + t->out_tiles) - 1;

    t->cost =
        points * (transforms * (t->log + 8) + 1.1 * (double)t->in_tiles * (double)t->out_tiles);
}

static struct qw_toeplitz_tiles tiles_of(unsigned log, size_t in_words, size_t out_words)
{
    size_t capacity = capacity_words(log);
    struct qw_toeplitz_tiles t = { .log = log };

    if (out_words <= capacity / 2) {
        t.out_words = out_words;
        t.in_words = capacity - out_words;
    } else if (in_words <= capacity / 2) {
        t.in_words = in_words;
        t.out_words = capacity - in_words;
    } else {
        t.in_words = capacity / 2;
        t.out_words = capacity / 2;
    }
    if (t.in_words > in_words) {
        t.in_words = in_words;
    }
    if (t.out_words > out_words) {
        t.out_words = out_words;
    }
    t.in_tiles = divide_up(in_words, t.in_words);
    t.out_tiles = divide_up(out_words, t.out_words);
    set_cost(&t);
    return t;
}

struct qw_toeplitz_tiles qw_toeplitz_tiles_for(size_t in_words, size_t out_words)
{
    struct qw_toeplitz_tiles best = tiles_of(QW_ADDITIVE_FFT_LOG_MIN, in_words, out_words);

    /* Odd logs wrap around at half of the points and carry no more than the next lower one. */
    for (unsigned log = QW_ADDITIVE_FFT_LOG_MIN + 2; log <= QW_ADDITIVE_FFT_LOG_MAX; log += 2) {
        struct qw_toeplitz_tiles t = tiles_of(log, in_words, out_words);

        if (t.cost < best.cost) {
            best = t;
        }
    }
    return best;
}

/* One rectangle of tiles that is held in memory at a time. */
struct slab {
    const struct qw_additive_fft *fft;
    const struct qw_toeplitz_tiles *tiles;
    const struct qw_bit_polynomial *in;
    const struct qw_bit_polynomial *seed;
    ptrdiff_t seed_shift; /* brings coefficient in_bits - 1 of the product to the start of a word */
    size_t points;
    size_t stride;
    size_t in_count, out_count; /* tiles, at most */
    uint64_t *twiddle;
    uint64_t *words; /* [size: points / 2], as limbs next */
    uint32_t *limbs; /* [size: points] */
    uint64_t *ins;   /* [size: in_count x stride] */
    uint64_t *seeds; /* [size: (in_count + out_count - 1) x stride] */
    uint64_t *outs;  /* [size: out_count x stride] */
};

/* Words at `at` of a polynomial shifted up by `shift`, to values; the first of them at limb
 * `first`, limbs elsewhere zero. */
static void transform(const struct slab *s, const struct qw_bit_polynomial *polynomial,
                      ptrdiff_t at_bit, size_t first, size_t words, uint64_t *values)
{
    qw_bit_polynomial_load(polynomial, at_bit, s->words, words);
    memset(s->limbs, 0, s->points * sizeof *s->limbs);
    for (size_t i = 0; i < words; i++) {
        s->limbs[first + 2 * i] = (uint32_t)s->words[i];
        s->limbs[first + 2 * i + 1] = (uint32_t)(s->words[i] >> 32);
    }
    s->fft->forward(s->twiddle, s->tiles->log, first + 2 * words <= s->points / 2, s->limbs,
                    values);
}

/* The tiles of input and seed for in_count tiles from in_first and out_count from out_first. The
 * seed's tile for (in, out) starts at word in_tiles x in_words + out x out_words - (in + 1) x
 * in_words: the same all along a diagonal, number out - in + in_count - 1. */
static void transform_inputs(const struct slab *s, size_t in_first, size_t in_count,
                             size_t out_first, size_t out_count)
{
    const struct qw_toeplitz_tiles *t = s->tiles;
    size_t seed_words = t->in_words + t->out_words;

    for (size_t j = 0; j < in_count; j++) {
        transform(s, s->in, (ptrdiff_t)(64 * (in_first + j) * t->in_words), 0, t->in_words,
                  s->ins + j * s->stride);
    }
    for (size_t d = 0; d < in_count + out_count - 1; d++) {
        size_t in = in_first + (d < in_count - 1 ? in_count - 1 - d : 0);
        size_t out = out_first + (d < in_count - 1 ? 0 : d - (in_count - 1));
        size_t word = (t->in_tiles - in - 1) * t->in_words + out * t->out_words;

        transform(s, s->seed, (ptrdiff_t)(64 * word) - s->seed_shift, s->points - 2 * seed_words,
                  seed_words, s->seeds + d * s->stride);
    }
}

/* Limb by limb a product reaches from one limb into the next. */
static void add_output(const struct slab *s, const uint64_t *values, uint64_t *out, size_t words)
{
    const uint64_t *limb = values + s->points - 2 * s->tiles->out_words;

    for (size_t i = 0; i < words; i++, limb += 2) {
        out[i] ^= limb[0] ^ limb[-1] >> 32 ^ limb[1] << 32;
    }
}

static void run_slab(const struct slab *s, size_t in_first, size_t in_count, size_t out_first,
                     size_t out_count, uint64_t *out, size_t out_words)
{
    transform_inputs(s, in_first, in_count, out_first, out_count);
    for (size_t i = 0; i < s->points; i += QW_ADDITIVE_FFT_GROUP) {
        for (size_t k = 0; k < out_count; k++) {
            s->fft->sum_of_products(s->outs + k * s->stride + i,
                                    s->seeds + (k + in_count - 1) * s->stride + i, s->ins + i,
                                    in_count, s->stride);
        }
    }
    for (size_t k = 0; k < out_count; k++) {
        size_t first = (out_first + k) * s->tiles->out_words;
        size_t left = out_words - first;
        uint64_t *values = s->outs + k * s->stride;

        s->fft->inverse(s->twiddle, s->tiles->log, values);
        add_output(s, values, out + first, left < s->tiles->out_words ? left : s->tiles->out_words);
    }
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t slab_values(const struct slab *s)
{
    return 3 * s->points / 2 + 2 * (s->in_count + s->out_count) * s->stride;
}

/* Carves the arrays out of memory [size: slab_values]. */
static void place(struct slab *s, uint64_t *memory)
{
    s->twiddle = memory;
    s->words = s->twiddle + s->points / 2;
    s->limbs = (uint32_t *)(void *)(s->words + s->points / 2);
    s->ins = s->words + s->points;
    s->outs = s->ins + s->in_count * s->stride;
    s->seeds = s->outs + s->out_count * s->stride;
}

qw_err qw_toeplitz_tiles_run(const struct qw_additive_fft *fft,
                             const struct qw_toeplitz_tiles *tiles,
                             const struct qw_bit_polynomial *in,
                             const struct qw_bit_polynomial *seed, uint64_t *out, size_t out_words)
{
    size_t at_once = (size_t)1 << (SLAB_TILES_LOG - tiles->log);
    struct slab s = { .fft = fft, .tiles = tiles, .in = in, .seed = seed };
    size_t size;
    void *memory;

    s.seed_shift = (ptrdiff_t)(64 * tiles->in_tiles * tiles->in_words) - (ptrdiff_t)(in->limit - 1);
    s.points = (size_t)1 << tiles->log;
    s.stride = s.points + PAD_VALUES;
    s.in_count = lesser(tiles->in_tiles, at_once);
    s.out_count = lesser(tiles->out_tiles, at_once);
    size = (slab_values(&s) + PAD_VALUES) * sizeof *out;
    memory = calloc(1, size);
    if (memory == NULL) {
        return QW_ERR_NOMEM;
    }
    place(&s, (uint64_t *)(((uintptr_t)memory + 63) / 64 * 64));
    qw_additive_fft_twiddle(s.twiddle, tiles->log);
    memset(out, 0, out_words * sizeof *out);
    for (size_t i = 0; i < tiles->in_tiles; i += s.in_count) {
        for (size_t k = 0; k < tiles->out_tiles; k += s.out_count) {
            run_slab(&s, i, lesser(s.in_count, tiles->in_tiles - i), k,
                     lesser(s.out_count, tiles->out_tiles - k), out, out_words);
        }
    }
    qw_wipe(memory, size);
    free(memory);
    return QW_OK;
}
