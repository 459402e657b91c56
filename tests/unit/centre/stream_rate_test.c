/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 */
/* The max rate of a stream [docs/protocol/etsi004.md G8]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "centre/stream/rate.h"
#include "support/test_seed.h"

enum { CHUNKS = 4000 };

/* In every interval between two chunks: at most rate x (T + 1 s) bits and one chunk. */
static void no_interval_holds_more_than_the_rate_and_a_second(void **state)
{
    static const struct {
        uint32_t max_bps, bits;
        int step_ms;
    } rows[] = { { 1, 24, 7000 },       { 256, 256, 300 },       { 1000, 4096, 500 },
                 { 100000, 256, 3 },    { 1000000000, 4096, 1 }, { UINT32_MAX, 4096, 1 },
                 { 4096000, 4096, 20 }, { 777, 48, 11 } };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        static int64_t times_ms[CHUNKS];
        struct qw_stream_rate rate;
        int64_t now_ms = 5;
        size_t count = 0;

        qw_stream_rate_init(&rate, now_ms);
        for (int i = 0; i < CHUNKS; i++) {
            if (qw_stream_rate_has(&rate, rows[row].max_bps, now_ms)) {
                qw_stream_rate_pay(&rate, rows[row].max_bps, rows[row].bits);
                times_ms[count++] = now_ms;
            }
            now_ms += (int64_t)qw_prng_below(&prng, (uint64_t)rows[row].step_ms);
        }
        assert_true(count >= 2);
        for (size_t a = 0; a < count; a++) {
            size_t b = a + (size_t)qw_prng_below(&prng, count - a);
            double bits = (double)(b - a + 1) * rows[row].bits;
            double most = rows[row].max_bps * ((double)(times_ms[b] - times_ms[a]) / 1000 + 1);

            assert_true(bits <= most + rows[row].bits);
        }
    }
}

static void who_asks_all_the_time_gets_the_whole_rate(void **state)
{
    struct qw_stream_rate rate;
    uint64_t bits = 0;

    (void)state;
    qw_stream_rate_init(&rate, 0);
    for (int64_t now_ms = 0; now_ms < 60000; now_ms += 20) {
        while (qw_stream_rate_has(&rate, 100000, now_ms)) {
            qw_stream_rate_pay(&rate, 100000, 256);
            bits += 256;
        }
    }
    assert_true(bits >= 100000ULL * 60);
    assert_true(bits <= 100000ULL * 61 + 256);
}

static void zero_is_no_limit(void **state)
{
    struct qw_stream_rate rate;

    (void)state;
    qw_stream_rate_init(&rate, 0);
    for (int i = 0; i < 100000; i++) {
        assert_true(qw_stream_rate_has(&rate, 0, 0));
        qw_stream_rate_pay(&rate, 0, 4096);
    }
    assert_true(qw_stream_rate_has(&rate, 8, 0)); /* what went without a limit is not owed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_interval_holds_more_than_the_rate_and_a_second),
        cmocka_unit_test(who_asks_all_the_time_gets_the_whole_rate),
        cmocka_unit_test(zero_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
