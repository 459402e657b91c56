/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 W3 slow */
/* Measures leakage and lost frames of each aim, and holds the bars that do not depend on the
 * machine; then a hundred thousand short frames with everything about them at random. Throughput:
 * qwave bench distill --kernel ldpc. */
#include "distill/syndrome.h"

#include "unit/distill/seed.h"
#include "unit/distill/syndrome_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct figures {
    double first; /* checks over n h(Q) */
    double efficiency;
    double round_trips;
    unsigned asked; /* frames with a question */
    unsigned lost;  /* given up or wrong */
    unsigned frames;
};

static double entropy(double q)
{
    return -q * log2(q) - (1 - q) * log2(1 - q);
}

static struct figures measure(size_t bits, double rate, enum qw_syndrome_aim aim, unsigned frames)
{
    static const char *const names[] = { "one message", "least leak", "fast" };
    size_t checks = qw_syndrome_checks(bits, (uint32_t)lround(rate * 1e6), aim);
    struct syndrome_pair *p = syndrome_pair_new(bits, checks);
    double limit = (double)bits * entropy(rate);
    struct figures sum = { .frames = frames, .first = (double)checks / limit };
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), (uint64_t)(rate * 1e6) + bits);
    for (unsigned i = 0; i < frames; i++) {
        const struct qw_syndrome_report *report = qw_syndrome_receiver_report(p->receiver);
        qw_err err;

        syndrome_pair_draw(p, &prng, rate);
        err = syndrome_pair_run(p, (uint32_t)lround(rate * 1e6));
        assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
        sum.efficiency += (double)report->leaked_bits / limit / frames;
        sum.round_trips += (double)report->round_trips / frames;
        sum.asked += report->round_trips > 0;
        sum.lost += err != QW_OK || !syndrome_pair_agrees(p);
    }
    printf("%-11s n %7zu Q %4.1f %%: first %.4f, in all f %.4f, asked %u, lost %u of %u\n",
           names[aim], bits, 100 * rate, sum.first, sum.efficiency, sum.asked, sum.lost, frames);
    syndrome_pair_free(p);
    return sum;
}

/* One frame in a hundred may need a question; the test allows what that gives but once in a million
 * runs. */
static void one_message_is_enough_and_says_little(void **state)
{
    static const double rates[] = { 0.01, 0.02, 0.03, 0.05, 0.08, 0.11 };

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct figures f = measure(65536, rates[i], QW_SYNDROME_ONE_MESSAGE, 1000);

        assert_true(f.first <= 1.22);
        assert_true(f.asked + f.lost <= 27);
        assert_true(f.lost <= 10);
        f = measure(1 << 20, rates[i], QW_SYNDROME_ONE_MESSAGE, 50);
        assert_true(f.first <= 1.10);
        assert_true(f.asked <= 5);
        assert_int_equal(f.lost, 0);
    }
}

static void least_leak_is_close_to_the_limit(void **state)
{
    static const double rates[] = { 0.01, 0.02, 0.03, 0.05, 0.08, 0.11 };

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct figures f = measure(1 << 20, rates[i], QW_SYNDROME_LEAST_LEAK, 20);

        assert_true(f.efficiency <= 1.08);
        assert_int_equal(f.lost, 0);
    }
}

static void short_frames_too(void **state)
{
    static const size_t bits[] = { 1024, 4096, 16384 };
    static const double rates[] = { 0.01, 0.03, 0.05, 0.08, 0.11 };

    (void)state;
    for (size_t n = 0; n < sizeof bits / sizeof bits[0]; n++) {
        for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
            struct figures f = measure(bits[n], rates[i], QW_SYNDROME_ONE_MESSAGE, 2000);

            assert_true(f.asked <= 60);
            assert_true(f.lost <= 20);
        }
    }
}

/* Sizes, rates, estimates, aims, bursts, none and all wrong: every frame ends, both ends count the
 * same, and what came out wrong stays rare. */
static void a_hundred_thousand_frames_end(void **state)
{
    enum { FRAMES = 100000, PER_OBJECT = 200 };
    unsigned wrong = 0;
    unsigned given_up = 0;
    unsigned hopeless = 0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (unsigned object = 0; object < FRAMES / PER_OBJECT; object++) {
        size_t bits = 1 + (size_t)qw_prng_below(&prng, object % 4 == 0 ? 70 : 3000);
        double expected = 0.001 + 0.14 * qw_prng_uniform(&prng);
        enum qw_syndrome_aim aim = (enum qw_syndrome_aim)qw_prng_below(&prng, 3);
        struct syndrome_pair *p =
            syndrome_pair_new(bits, qw_syndrome_checks(bits, (uint32_t)(expected * 1e6), aim));

        for (unsigned i = 0; i < PER_OBJECT; i++) {
            double rate = expected * 1.1 * qw_prng_uniform(&prng);
            bool is_hopeless = i % 50 == 0;
            qw_err err;

            syndrome_pair_draw(p, &prng, is_hopeless ? i % 100 / 50 : rate);
            for (size_t k = 0; i % 50 == 1 && k < bits / 50; k++) {
                syndrome_pair_flip(p, bits / 3 + k);
            }
            err = syndrome_pair_run(
                p, (uint32_t)(fmin(0.15, 2 * rate * qw_prng_uniform(&prng)) * 1e6));
            assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
            assert_int_equal(qw_syndrome_sender_report(p->sender)->leaked_bits,
                             qw_syndrome_receiver_report(p->receiver)->leaked_bits);
            hopeless += is_hopeless;
            given_up += !is_hopeless && err != QW_OK;
            wrong += !is_hopeless && err == QW_OK && !syndrome_pair_agrees(p);
        }
        syndrome_pair_free(p);
    }
    printf("%d frames: %u hopeless; of the others %u given up, %u wrong\n", FRAMES, hopeless,
           given_up, wrong);
    assert_true(given_up + wrong <= FRAMES / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_is_enough_and_says_little),
        cmocka_unit_test(least_leak_is_close_to_the_limit),
        cmocka_unit_test(short_frames_too),
        cmocka_unit_test(a_hundred_thousand_frames_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
