/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 slow */
/* How much of the mutual information is left after reconciliation, and how often one message is
 * enough: the tables of docs/adr/0013. Frames lost count as bits lost. */
#include "distill/multilevel.h"

#include "base/clock.h"
#include "unit/distill/gaussian_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { N_MAX = 65536, MESSAGE_CAP = N_MAX };

struct result {
    size_t blocks;
    size_t first; /* right after the first message */
    size_t right; /* right in the end */
    double leak;  /* bits said for those */
    int64_t decode_ns;
};

static void run_block(const struct gaussian_source *source, struct qw_prng *prng,
                      struct qw_multilevel *ends[2], size_t n, struct result *r)
{
    static uint16_t symbol[N_MAX];
    static uint16_t word[N_MAX];
    static float mean[N_MAX];
    static uint8_t message[MESSAGE_CAP];
    double leak = (double)qw_multilevel_leak_bits(ends[0]);
    int64_t start;
    qw_err err;
    bool right;

    gaussian_source_draw(source, prng, symbol, mean, n);
    qw_multilevel_encode(ends[0], symbol, message);
    start = qw_clock_cpu_ns();
    err = qw_multilevel_decode(ends[1], mean, message, qw_multilevel_message_len(ends[0]), word);
    r->decode_ns += qw_clock_cpu_ns() - start;
    right = err == QW_OK && memcmp(word, symbol, n * sizeof *word) == 0;
    r->first += right;
    while (!right && qw_multilevel_wanted(ends[1]) != QW_MULTILEVEL_DEPTH_MAX) {
        size_t level = qw_multilevel_wanted(ends[1]);
        size_t len = qw_multilevel_more_len(ends[0], level);

        leak += (double)qw_multilevel_more_bits(ends[0], level);
        assert_int_equal(qw_multilevel_encode_more(ends[0], level, symbol, message), QW_OK);
        err = qw_multilevel_decode_more(ends[1], level, mean, message, len, word);
        right = err == QW_OK && memcmp(word, symbol, n * sizeof *word) == 0;
    }
    r->blocks++;
    r->right += right;
    r->leak += right ? leak : 0.0;
}

static void measure(enum qw_level_thrift thrift, double sigma, double snr_db, size_t n,
                    size_t blocks, double beta_min)
{
    struct gaussian_source source = gaussian_source_at(snr_db, sigma);
    struct qw_multilevel *ends[2] = { NULL, NULL };
    struct qw_prng prng;
    struct result r = { 0 };
    static uint8_t depth[N_MAX];
    double beta;

    memset(depth, (int)source.depth, n);
    qw_prng_init(&prng, 20221122, n);
    assert_int_equal(qw_multilevel_new(depth, n, sigma, thrift, &ends[0]), QW_OK);
    assert_int_equal(qw_multilevel_new(depth, n, sigma, thrift, &ends[1]), QW_OK);
    while (r.blocks < blocks) {
        run_block(&source, &prng, ends, n, &r);
    }
    beta = ((double)r.right * (double)n * gaussian_source_entropy(&source) - r.leak) /
           (double)(blocks * n) / gaussian_source_information(&source);
    printf("sigma %.2f  %2.0f dB  n %5zu: beta %.4f  first message failed %zu/%zu  lost %zu  "
           "decoding %.1f ms\n",
           sigma, snr_db, n, beta, blocks - r.first, blocks, blocks - r.right,
           (double)r.decode_ns / 1e6 / (double)blocks);
    fflush(stdout);
    assert_true(beta >= beta_min);
    qw_multilevel_free(ends[0]);
    qw_multilevel_free(ends[1]);
}

static void keeps_most_of_the_mutual_information(void **state)
{
    static const double snr_db[] = { 15.0, 20.0, 25.0 };

    (void)state;
    for (size_t i = 0; i < sizeof snr_db / sizeof snr_db[0]; i++) {
        measure(QW_LEVEL_ONE_MESSAGE, 3.25, snr_db[i], 1024, 1000, 0.87);
        measure(QW_LEVEL_ONE_MESSAGE, 3.25, snr_db[i], 4096, 300, 0.91);
        measure(QW_LEVEL_ONE_MESSAGE, 3.25, snr_db[i], 16384, 60, 0.94);
        measure(QW_LEVEL_ONE_MESSAGE, 3.25, snr_db[i], 65536, 10, 0.95);
    }
    measure(QW_LEVEL_ONE_MESSAGE, 1.0, 20.0, 1024, 500, 0.87);
    measure(QW_LEVEL_ONE_MESSAGE, 1.0, 20.0, 16384, 40, 0.92);
}

static void a_lean_first_message_keeps_more_of_little(void **state)
{
    (void)state;
    measure(QW_LEVEL_LEAN, 3.25, 5.0, 1024, 1000, 0.80);
    measure(QW_LEVEL_LEAN, 3.25, 10.0, 1024, 1000, 0.89);
    measure(QW_LEVEL_LEAN, 3.25, 5.0, 16384, 40, 0.90);
    measure(QW_LEVEL_LEAN, 3.25, 10.0, 16384, 40, 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_most_of_the_mutual_information),
        cmocka_unit_test(a_lean_first_message_keeps_more_of_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
