/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "distill/toeplitz_tiles.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    SLAB_VALUES_LOG = 22, /* about what the input's or the output's tiles of one round may hold */
    CACHE_LINE = 64,
    LARGE_PAGE = 1 << 21,
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

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Fitted to the widest kernel on Zen 5 (docs/adr/0010-additive-fft.md): what a point of a transform
 * costs grows faster than log once the points leave the caches one after the other. */
static void set_cost(struct qw_toeplitz_tiles *t)
{
    double points = (double)((size_t)1 << t->log);
    double transforms = 2.0 * (double)(t->in_tiles + t->out_tiles) - 1;
    double products = (double)t->in_tiles * (double)t->out_tiles;
    double from_12 = (double)t->log - 12;

    t->cost = points * (transforms * (20 + 1.2 * from_12 + 0.13 * from_12 * from_12) +
                        products * (t->log > 14 ? 1.6 : 1.1));
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

struct range {
    size_t first;
    size_t count;
};

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
    uint64_t *words; /* [size: points / 2] */
    uint64_t *ins;   /* [size: in_count x stride] */
    uint64_t *seeds; /* [size: (in_count + out_count - 1) x stride] */
    uint64_t *outs;  /* [size: out_count x stride] */
};

/* Words of a polynomial from bit `at` on, moved up to word `first`; zero elsewhere. */
static void transform(const struct slab *s, const struct qw_bit_polynomial *polynomial,
                      ptrdiff_t at, size_t first, size_t count, uint64_t *values)
{
    memset(s->words, 0, first * sizeof *s->words);
    qw_bit_polynomial_load(polynomial, at, s->words + first, count);
    memset(s->words + first + count, 0, (s->points / 2 - first - count) * sizeof *s->words);
    s->fft->forward(s->twiddle, s->tiles->log, first + count <= s->points / 4, s->words, values);
}

static void transform_ins(const struct slab *s, struct range in)
{
    for (size_t j = 0; j < in.count; j++) {
        transform(s, s->in, (ptrdiff_t)(64 * (in.first + j) * s->tiles->in_words), 0,
                  s->tiles->in_words, s->ins + j * s->stride);
    }
}

/* The seed's tile for tiles (in, out) starts at word out x out_words + (in_tiles - in - 1) x
 * in_words: the same all along a diagonal, number out - in + in.count - 1 here. */
static void transform_seeds(const struct slab *s, struct range in, struct range out)
{
    const struct qw_toeplitz_tiles *t = s->tiles;
    size_t words = t->in_words + t->out_words;

    for (size_t d = 0; d < in.count + out.count - 1; d++) {
        size_t j = in.first + (d < in.count - 1 ? in.count - 1 - d : 0);
        size_t k = out.first + (d < in.count - 1 ? 0 : d - (in.count - 1));
        size_t word = (t->in_tiles - j - 1) * t->in_words + k * t->out_words;

        transform(s, s->seed, (ptrdiff_t)(64 * word) - s->seed_shift, s->points / 2 - words, words,
                  s->seeds + d * s->stride);
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

static void add_products(const struct slab *s, struct range in, struct range out,
                         uint64_t *out_words, size_t count)
{
    for (size_t i = 0; i < s->points; i += QW_ADDITIVE_FFT_GROUP) {
        s->fft->sums_of_products(s->outs + i, s->seeds + (in.count - 1) * s->stride + i, s->ins + i,
                                 out.count, in.count, s->stride);
    }
    for (size_t k = 0; k < out.count; k++) {
        size_t first = (out.first + k) * s->tiles->out_words;
        uint64_t *values = s->outs + k * s->stride;

        s->fft->inverse(s->twiddle, s->tiles->log, values);
        add_output(s, values, out_words + first, lesser(count - first, s->tiles->out_words));
    }
}

/* Long inputs on large pages where the system has them: saves a quarter of the time. */
static uint64_t *new_values(size_t size)
{
    size_t alignment = size >= LARGE_PAGE ? LARGE_PAGE : CACHE_LINE;
    void *memory = aligned_alloc(alignment, divide_up(size, alignment) * alignment);

#ifdef MADV_HUGEPAGE
    if (memory != NULL && size >= LARGE_PAGE) {
        (void)madvise(memory, size, MADV_HUGEPAGE); /* no harm if refused */
    }
#endif
    return memory;
}

static size_t slab_values(const struct slab *s)
{
    return s->points + 2 * (s->in_count + s->out_count) * s->stride;
}

/* Carves the arrays out of memory [size: slab_values]. */
static void place(struct slab *s, uint64_t *memory)
{
    s->twiddle = memory;
    s->words = s->twiddle + s->points / 2;
    s->ins = s->words + s->points / 2;
    s->outs = s->ins + s->in_count * s->stride;
    s->seeds = s->outs + s->out_count * s->stride;
}

static void run_slabs(const struct slab *s, uint64_t *out_words, size_t count)
{
    struct range in = { 0, 0 };

    for (; in.first < s->tiles->in_tiles; in.first += in.count) {
        struct range out = { 0, 0 };

        in.count = lesser(s->in_count, s->tiles->in_tiles - in.first);
        transform_ins(s, in);
        for (; out.first < s->tiles->out_tiles; out.first += out.count) {
            out.count = lesser(s->out_count, s->tiles->out_tiles - out.first);
            transform_seeds(s, in, out);
            add_products(s, in, out, out_words, count);
        }
    }
}

/* Tiles per round: all, or equal parts of at most at_once. */
static size_t part(size_t tiles, size_t at_once)
{
    return divide_up(tiles, divide_up(tiles, at_once));
}

qw_err qw_toeplitz_tiles_run(const struct qw_additive_fft *fft,
                             const struct qw_toeplitz_tiles *tiles,
                             const struct qw_bit_polynomial *in,
                             const struct qw_bit_polynomial *seed, uint64_t *out, size_t out_words)
{
    size_t at_once = ((size_t)1 << (SLAB_VALUES_LOG - tiles->log)) + 1;
    struct slab s = { .fft = fft, .tiles = tiles, .in = in, .seed = seed };
    size_t size;
    uint64_t *memory;

    s.seed_shift = (ptrdiff_t)(64 * tiles->in_tiles * tiles->in_words) - (ptrdiff_t)(in->limit - 1);
    s.points = (size_t)1 << tiles->log;
    s.stride = s.points + PAD_VALUES;
    s.in_count = part(tiles->in_tiles, at_once);
    s.out_count = part(tiles->out_tiles, at_once);
    size = slab_values(&s) * sizeof *out;
    memory = new_values(size);
    if (memory == NULL) {
        return QW_ERR_NOMEM;
    }
    place(&s, memory);
    qw_additive_fft_twiddle(s.twiddle, tiles->log);
    memset(out, 0, out_words * sizeof *out);
    run_slabs(&s, out, out_words);
    qw_wipe_free(memory, size);
    return QW_OK;
}
