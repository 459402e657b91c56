/* SPDX-License-Identifier: Apache-2.0 */
/* Toeplitz hashing as a middle product of binary polynomials [W4]: with the strings read from their
 * ends, s(z) = sum seed_k z^(seed_bits - 1 - k) and x(z) = sum in_j z^(in_bits - 1 - j), out_i is
 * the coefficient of z^(in_bits - 1 + out_bits - 1 - i) in s(z) x(z): out read from its end begins
 * at z^(in_bits - 1). Short ones by Karatsuba here, long ones by toeplitz_tiles.c. */
#include "distill/toeplitz.h"

#include "base/bits.h"
#include "base/secret.h"
#include "distill/bit_polynomial.h"
#include "distill/clmul.h"
#include "distill/toeplitz_kernel.h"
#include "distill/toeplitz_tiles.h"

#include <stdlib.h>
#include <string.h>

/* The part of a job that is a product. */
struct product {
    struct qw_bit_polynomial in;
    struct qw_bit_polynomial seed;
    size_t in_words;
    size_t out_words;
    uint64_t *out; /* [size: out_words] */
};

struct karatsuba {
    const struct qw_clmul *kernel;
    size_t block_words; /* of the output and of a block of the input */
    size_t in_words;    /* a multiple of block_words */
    uint64_t *in;       /* [size: in_words] */
    uint64_t *seed;     /* [size: in_words + block_words] */
    uint64_t *product;  /* [size: 2 x block_words] */
    uint64_t *scratch;
    uint64_t *out; /* [size: block_words] */
};

size_t qw_toeplitz_seed_bits(size_t in_bits, size_t out_bits)
{
    return in_bits + out_bits - 1;
}

size_t qw_toeplitz_modified_seed_bits(size_t in_bits)
{
    return in_bits - 1;
}

/* Input block number block against the 2 x block_words seed words that reach the output. */
static void add_block(const struct karatsuba *k, size_t block)
{
    size_t words = k->block_words;
    const uint64_t *x = k->in + block * words;
    const uint64_t *window = k->seed + (k->in_words - (block + 1) * words);

    qw_clmul_multiply(k->kernel, k->product, window, x, words, k->scratch);
    for (size_t i = 0; i < words; i++) {
        k->out[i] ^= k->product[words + i];
    }
    qw_clmul_multiply(k->kernel, k->product, window + words, x, words, k->scratch);
    for (size_t i = 0; i < words; i++) {
        k->out[i] ^= k->product[i];
    }
}

/* The seed is shifted up so that the output starts at a word, the input is cut into blocks as long
 * as the output, and each block costs two square products. */
static qw_err run_karatsuba(const struct qw_clmul *kernel, const struct product *p)
{
    size_t block_words = p->out_words;
    size_t blocks = (p->in_words + block_words - 1) / block_words;
    struct karatsuba k = { .kernel = kernel, .block_words = block_words, .out = p->out };
    size_t words;
    uint64_t *memory;

    k.in_words = blocks * block_words;
    words = 2 * k.in_words + 3 * block_words + qw_clmul_scratch_words(block_words);
    memory = calloc(words, sizeof *memory);
    if (memory == NULL) {
        return QW_ERR_NOMEM;
    }
    k.in = memory;
    k.seed = k.in + k.in_words;
    k.product = k.seed + k.in_words + block_words;
    k.scratch = k.product + 2 * block_words;
    qw_bit_polynomial_load(&p->in, 0, k.in, k.in_words);
    qw_bit_polynomial_load(&p->seed, (ptrdiff_t)(p->in.limit - 1) - (ptrdiff_t)(64 * k.in_words),
                           k.seed, k.in_words + block_words);
    memset(k.out, 0, block_words * sizeof *k.out);
    for (size_t block = 0; block < blocks; block++) {
        add_block(&k, block);
    }
    qw_wipe_free(memory, words * sizeof *memory);
    return QW_OK;
}

static qw_err run_product(const struct qw_toeplitz_kernel *kernel, enum qw_toeplitz_method method,
                          const struct product *p)
{
    struct qw_toeplitz_tiles tiles;

    if (method == QW_TOEPLITZ_KARATSUBA ||
        (method == QW_TOEPLITZ_BY_SIZE && p->in_words * p->out_words < kernel->fft_from)) {
        return run_karatsuba(kernel->clmul, p);
    }
    tiles = qw_toeplitz_tiles_for(p->in_words, p->out_words);
    return qw_toeplitz_tiles_run(kernel->fft, &tiles, &p->in, &p->seed, p->out, p->out_words);
}

static void add_first_bits(uint8_t *out, const uint8_t *in, size_t bits)
{
    for (size_t i = 0; i < bits / 8; i++) {
        out[i] ^= in[i];
    }
    if (bits % 8 > 0) {
        out[bits / 8] = (uint8_t)(out[bits / 8] ^ (in[bits / 8] & (0xff00u >> bits % 8)));
    }
}

/* words [size: ceil(out_bits / 64)]: T x of the window. */
static qw_err run_window(const struct qw_toeplitz_kernel *kernel, enum qw_toeplitz_method method,
                         const struct qw_toeplitz_window *window, uint64_t *words)
{
    size_t seed_bits = window->columns + window->out_bits - 1;
    struct product p = { .in = { window->in, window->in_bits, window->columns },
                         .seed = { window->seed, window->seed_from + seed_bits, seed_bits },
                         .in_words = (window->columns + 63) / 64,
                         .out_words = (window->out_bits + 63) / 64,
                         .out = words };

    return run_product(kernel, method, &p);
}

qw_err qw_toeplitz_run(const struct qw_toeplitz_kernel *kernel, const struct qw_toeplitz_job *job)
{
    struct qw_toeplitz_window window = { .in = job->in,
                                         .in_bits = job->in_bits,
                                         .columns =
                                             job->in_bits - (job->modified ? job->out_bits : 0),
                                         .seed = job->seed,
                                         .out_bits = job->out_bits };
    size_t words = (job->out_bits + 63) / 64;
    uint64_t *out;
    qw_err err = QW_OK;

    if (job->in_bits == 0 || job->out_bits == 0 || job->out_bits > job->in_bits ||
        job->in_bits > QW_TOEPLITZ_BITS_MAX) {
        return QW_ERR_ARG;
    }
    out = calloc(words, sizeof *out);
    if (out == NULL) {
        return QW_ERR_NOMEM;
    }
    if (window.columns > 0) {
        err = run_window(kernel, job->method, &window, out);
    }
    if (err == QW_OK) {
        qw_bit_polynomial_store(out, job->out, job->out_bits);
        if (job->modified) {
            add_first_bits(job->out, job->in, job->out_bits);
        }
    }
    qw_wipe_free(out, words * sizeof *out);
    return err;
}

qw_err qw_toeplitz_window_add(const struct qw_toeplitz_kernel *kernel,
                              const struct qw_toeplitz_window *window, uint8_t *out)
{
    size_t words = (window->out_bits + 63) / 64;
    uint64_t *product = calloc(2 * words, sizeof *product);
    uint8_t *bytes = (uint8_t *)(product + words);
    qw_err err;

    if (product == NULL) {
        return QW_ERR_NOMEM;
    }
    err = run_window(kernel, QW_TOEPLITZ_BY_SIZE, window, product);
    if (err == QW_OK) {
        qw_bit_polynomial_store(product, bytes, window->out_bits);
        add_first_bits(out, bytes, window->out_bits);
    }
    qw_wipe_free(product, 2 * words * sizeof *product);
    return err;
}

bool qw_toeplitz_kernel_at(size_t number, struct qw_toeplitz_kernel *kernel)
{
    const struct qw_toeplitz_kernel all[] = {
        { "portable", &qw_clmul_portable, &qw_additive_fft_portable, 32768 },
        { "pclmul", qw_clmul_pclmul(), qw_additive_fft_pclmul(), 1024 },
        { "vpclmul", qw_clmul_pclmul(), qw_additive_fft_vpclmul(), 256 },
    };

    if (number >= sizeof all / sizeof all[0] || all[number].clmul == NULL ||
        all[number].fft == NULL) {
        return false;
    }
    *kernel = all[number];
    return true;
}

struct qw_toeplitz_kernel qw_toeplitz_kernel_best(void)
{
    struct qw_toeplitz_kernel kernel;
    size_t number = 0;

    while (qw_toeplitz_kernel_at(number, &kernel)) {
        number++;
    }
    return kernel;
}

qw_err qw_toeplitz_hash(const uint8_t *in, size_t in_bits, const uint8_t *seed, uint8_t *out,
                        size_t out_bits)
{
    const struct qw_toeplitz_kernel kernel = qw_toeplitz_kernel_best();
    const struct qw_toeplitz_job job = {
        .in = in, .in_bits = in_bits, .seed = seed, .out = out, .out_bits = out_bits
    };

    return qw_toeplitz_run(&kernel, &job);
}

qw_err qw_toeplitz_hash_modified(const uint8_t *in, size_t in_bits, const uint8_t *seed,
                                 uint8_t *out, size_t out_bits)
{
    const struct qw_toeplitz_kernel kernel = qw_toeplitz_kernel_best();
    const struct qw_toeplitz_job job = { .modified = true,
                                         .in = in,
                                         .in_bits = in_bits,
                                         .seed = seed,
                                         .out = out,
                                         .out_bits = out_bits };

    return qw_toeplitz_run(&kernel, &job);
}
