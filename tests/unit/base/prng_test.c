/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"

#include "support/test_seed.h"

#include <math.h>
#include <string.h>

static void is_the_published_generator(void **state)
{
    /* The first outputs of the authors' xoshiro256** from the state 1, 2, 3, 4. */
    static const uint64_t expected[] = { 11520u, 0u, 1509978240u, 1215971899390074240u };
    struct qw_prng prng = { { 1, 2, 3, 4 } };

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_true(qw_prng_u64(&prng) == expected[i]);
    }
}

static void one_seed_gives_one_sequence_and_each_stream_its_own(void **state)
{
    struct qw_prng a, b, c, d;

    (void)state;
    qw_prng_init(&a, 7, 0);
    qw_prng_init(&b, 7, 0);
    qw_prng_init(&c, 7, 1);
    qw_prng_init(&d, 8, 0);
    assert_memory_equal(&a, &b, sizeof a);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = qw_prng_u64(&a);

        assert_true(qw_prng_u64(&b) == value);
        assert_true(qw_prng_u64(&c) != value); /* fixed seeds: no chance in it */
        assert_true(qw_prng_u64(&d) != value);
    }
}

static void below_stays_below_and_reaches_every_value(void **state)
{
    struct qw_prng prng;
    int seen[5] = { 0 };

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (int i = 0; i < 5000; i++) {
        uint64_t value = qw_prng_below(&prng, 5);

        assert_true(value < 5);
        seen[value]++;
        assert_true(qw_prng_below(&prng, 1) == 0);
        assert_true(qw_prng_below(&prng, ((uint64_t)1 << 63) + 1) <= (uint64_t)1 << 63);
    }
    for (int v = 0; v < 5; v++) { /* mean 1000, deviation 28: 8 of them, false alarm < 1e-14 */
        assert_in_range(seen[v], 770, 1230);
    }
}

static void uniform_and_gaussian_have_their_moments(void **state)
{
    enum { DRAWS = 100000 };
    struct qw_prng prng;
    double uniform_sum = 0, sum = 0, square_sum = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (int i = 0; i < DRAWS; i++) {
        double u = qw_prng_uniform(&prng);
        double g = qw_prng_gaussian(&prng);

        assert_true(u >= 0.0 && u < 1.0);
        assert_true(isfinite(g));
        uniform_sum += u;
        sum += g;
        square_sum += g * g;
    }
    /* Seven deviations of each mean: false alarm < 1e-11. */
    assert_true(fabs(uniform_sum / DRAWS - 0.5) < 7 * 0.2887 / sqrt(DRAWS));
    assert_true(fabs(sum / DRAWS) < 7 / sqrt(DRAWS));
    assert_true(fabs(square_sum / DRAWS - 1) < 7 * sqrt(2.0) / sqrt(DRAWS));
}

static void bytes_fill_exactly_their_length(void **state)
{
    struct qw_prng a, b;
    uint8_t out[20], whole[20];

    (void)state;
    for (size_t len = 0; len < sizeof out; len++) {
        qw_prng_init(&a, 1, 1);
        qw_prng_init(&b, 1, 1);
        memset(out, 0xee, sizeof out);
        qw_prng_bytes(&a, out, len);
        qw_prng_bytes(&b, whole, sizeof whole);
        assert_memory_equal(out, whole, len);
        assert_int_equal(out[len], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_published_generator),
        cmocka_unit_test(one_seed_gives_one_sequence_and_each_stream_its_own),
        cmocka_unit_test(below_stays_below_and_reaches_every_value),
        cmocka_unit_test(uniform_and_gaussian_have_their_moments),
        cmocka_unit_test(bytes_fill_exactly_their_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
