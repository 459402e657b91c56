/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include "base/clock.h"
#include "base/prng.h"
#include "crypto/poly_hash_blocks.h"

#include <stdio.h>
#include <stdlib.h>

/* The polynomial hash of the one-time MAC and of verification: all but the last step of a tag. */

enum { MESSAGE_LEN_MAX = 1 << 20, AT_ONCE = 1 << 21, ENOUGH_NS = 200000000 };

static bool always(void)
{
    return true;
}

static const struct {
    const char *name;
    bool (*is_there)(void);
    void (*hash)(uint8_t *state, const uint8_t *key, const uint8_t *blocks, size_t count);
} versions[] = {
    { "portable", always, qw_poly_hash_blocks_portable },
    { "pclmul", qw_poly_hash_has_pclmul, qw_poly_hash_blocks_pclmul },
    { "vpclmul", qw_poly_hash_has_vpclmul, qw_poly_hash_blocks_vpclmul },
};
static const size_t lengths[] = { 1 << 10, 1 << 16, MESSAGE_LEN_MAX };
enum {
    VERSIONS = sizeof versions / sizeof versions[0],
    LENGTHS = sizeof lengths / sizeof *lengths
};

static void measure(size_t version, const uint8_t *message, size_t len, struct bench *bench)
{
    static const uint8_t key[QW_POLY_HASH_LEN] = "sixteen byte key";
    uint8_t state[QW_POLY_HASH_LEN] = { 0 };
    struct bench_row row = bench_row_of("mac");
    int64_t start = qw_clock_cpu_ns();
    int64_t spent = 0;

    while (spent < ENOUGH_NS) {
        for (size_t i = 0; i < AT_ONCE / len; i++) {
            versions[version].hash(state, key, message, len / QW_POLY_HASH_LEN);
        }
        row.frames += AT_ONCE / len;
        spent = qw_clock_cpu_ns() - start;
    }
    snprintf(row.impl, sizeof row.impl, "%s", versions[version].name);
    row.n_bits = 8 * (uint64_t)len;
    row.cpu_s = (double)spent / 1e9;
    row.throughput_mbps = (double)(row.n_bits * row.frames) / 1e6 / row.cpu_s;
    bench_add(bench, &row);
}

qw_err bench_mac(struct bench *bench)
{
    uint8_t *message = malloc(MESSAGE_LEN_MAX);
    struct qw_prng prng;

    if (message == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&prng, BENCH_SEED, 2);
    qw_prng_bytes(&prng, message, MESSAGE_LEN_MAX);
    for (size_t v = 0; v < VERSIONS; v++) {
        for (size_t i = 0; i < LENGTHS && versions[v].is_there(); i++) {
            bench_progress(bench, "mac", v * LENGTHS + i, (size_t)VERSIONS * LENGTHS);
            measure(v, message, lengths[i], bench);
        }
    }
    free(message);
    return QW_OK;
}
