/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include "base/bits.h"
#include "base/clock.h"
#include "base/prng.h"
#include "distill/toeplitz.h"
#include "distill/toeplitz_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Privacy amplification to half the length, both forms, every kernel of the machine. The slower
 * ones are left out where they would take more than seconds. */

enum { FRAMES_MIN = 3, ENOUGH_NS = 400000000 };

static const size_t lengths[] = { 1 << 14, 1 << 17, 1 << 20, 1 << 23, 1 << 27 };
enum { LENGTHS = sizeof lengths / sizeof lengths[0], FORMS = 2, KERNELS = 3 };
static const size_t longest[KERNELS] = { 1 << 20, 1 << 23, 1 << 27 };

struct buffers {
    uint8_t *in;
    uint8_t *seed;
    uint8_t *out;
};

static qw_err measure(const struct qw_toeplitz_kernel *kernel, const struct qw_toeplitz_job *job,
                      struct bench *bench)
{
    struct bench_row row = bench_row_of("toeplitz");
    int64_t start = qw_clock_cpu_ns();
    int64_t spent = 0;

    while (row.frames < FRAMES_MIN || spent < ENOUGH_NS) {
        qw_err err = qw_toeplitz_run(kernel, job);

        if (err != QW_OK) {
            return err;
        }
        row.frames++;
        spent = qw_clock_cpu_ns() - start;
    }
    snprintf(row.impl, sizeof row.impl, "%s, %s", kernel->name,
             job->modified ? "modified (I|T')" : "plain");
    row.n_bits = job->in_bits;
    row.cpu_s = (double)spent / 1e9;
    row.throughput_mbps = (double)(row.n_bits * row.frames) / 1e6 / row.cpu_s;
    bench_add(bench, &row);
    return QW_OK;
}

static qw_err run_all(const struct buffers *buffers, struct bench *bench)
{
    struct qw_toeplitz_kernel kernel;

    for (size_t k = 0; k < KERNELS && qw_toeplitz_kernel_at(k, &kernel); k++) {
        for (size_t i = 0; i < LENGTHS && lengths[i] <= longest[k]; i++) {
            for (size_t form = 0; form < FORMS; form++) {
                const struct qw_toeplitz_job job = { .modified = form == 1,
                                                     .in = buffers->in,
                                                     .in_bits = lengths[i],
                                                     .seed = buffers->seed,
                                                     .out = buffers->out,
                                                     .out_bits = lengths[i] / 2 };
                qw_err err;

                bench_progress(bench, "toeplitz", (k * LENGTHS + i) * FORMS + form,
                               (size_t)KERNELS * LENGTHS * FORMS);
                err = measure(&kernel, &job, bench);
                if (err != QW_OK) {
                    return err;
                }
            }
        }
    }
    return QW_OK;
}

qw_err bench_toeplitz(struct bench *bench)
{
    size_t in_bits = lengths[LENGTHS - 1];
    size_t in_len = QW_BITS_TO_BYTES(in_bits);
    size_t seed_len = QW_BITS_TO_BYTES(qw_toeplitz_seed_bits(in_bits, in_bits / 2));
    struct buffers buffers = { malloc(in_len), malloc(seed_len), malloc(in_len / 2) };
    struct qw_prng prng;
    qw_err err = QW_ERR_NOMEM;

    qw_prng_init(&prng, BENCH_SEED, 1);
    if (buffers.in != NULL && buffers.seed != NULL && buffers.out != NULL) {
        qw_prng_bytes(&prng, buffers.in, in_len);
        qw_prng_bytes(&prng, buffers.seed, seed_len);
        memset(buffers.out, 0, in_len / 2);
        err = run_all(&buffers, bench);
    }
    free(buffers.in);
    free(buffers.seed);
    free(buffers.out);
    return err;
}
