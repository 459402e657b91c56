/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 Q7 */
#include "distill/cascade.h"

#include "base/wire_memory.h"
#include "distill/cascade/key.h"
#include "distill/cascade/plan.h"
#include "unit/distill/cascade_pair.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"

#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void __real_free(void *p);
void __wrap_free(void *p);

/* While a word is looked for: how often it stands in memory that is given back. */
static uint64_t sought;
static unsigned found;
static size_t freed;

void __wrap_free(void *p)
{
    const uint64_t *words = p;
    size_t count = sought != 0 && p != NULL ? malloc_usable_size(p) / sizeof *words : 0;

    for (size_t i = 0; i < count; i++) {
        found += words[i] == sought;
    }
    freed += count;
    __real_free(p);
}

static const enum qw_cascade_variant variants[] = { QW_CASCADE_ORIGINAL, QW_CASCADE_OPTIMISED };

static void check_counts(const struct cascade_pair *p)
{
    const struct qw_cascade_report *asker = qw_cascade_asker_report(p->asker);
    const struct qw_cascade_report *answerer = qw_cascade_answerer_report(p->answerer);

    assert_int_equal(asker->leaked_bits, answerer->leaked_bits);
    assert_int_equal(asker->round_trips, answerer->round_trips);
    assert_int_equal(asker->passes, answerer->passes);
    assert_int_equal(asker->bytes_requested, answerer->bytes_requested);
    assert_int_equal(asker->bytes_replied, answerer->bytes_replied);
}

static void reconciles_frames_of_every_short_length(void **state)
{
    struct qw_prng prng;
    size_t lost = 0;
    size_t frames = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (size_t bits = 1; bits <= 200; bits++) {
        struct cascade_pair *p = cascade_pair_new(bits, variants[bits % 2]);

        for (int i = 0; i < 10; i++, frames++) {
            cascade_pair_draw(p, &prng, 0.04);
            assert_int_equal(cascade_pair_run(p, 40000), QW_OK);
            check_counts(p);
            lost += !cascade_pair_agrees(p);
            assert_true(!cascade_pair_agrees(p) ||
                        qw_cascade_asker_report(p->asker)->corrected_bits == p->errors);
        }
        cascade_pair_free(p);
    }
    printf("%zu of %zu short frames left with errors\n", lost, frames);
    assert_true(lost <= frames / 20);
}

/* Around the first block size, word and group boundaries, and the change from one kind of order to
 * the other. */
static void reconciles_frames_around_every_boundary(void **state)
{
    static const size_t length[] = { 255,  256,  257,   511,   513,   4095,   4096,  4097,
                                     8191, 8193, 65535, 65536, 65537, 131072, 131073 };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (size_t i = 0; i < sizeof length / sizeof length[0]; i++) {
        for (size_t v = 0; v < 2; v++) {
            struct cascade_pair *p = cascade_pair_new(length[i], variants[v]);
            int agreed = 0;

            for (int frame = 0; frame < 3; frame++) {
                cascade_pair_draw(p, &prng, 0.02);
                assert_int_equal(cascade_pair_run(p, 20000), QW_OK);
                check_counts(p);
                agreed += cascade_pair_agrees(p);
            }
            assert_true(agreed >= 2);
            cascade_pair_free(p);
        }
    }
}

static void equal_keys_cost_the_block_parities_only(void **state)
{
    struct cascade_pair *p = cascade_pair_new(100000, QW_CASCADE_OPTIMISED);
    struct qw_cascade_plan plan;
    struct qw_prng prng;
    size_t expected = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 3);
    cascade_pair_draw(p, &prng, 0);
    assert_int_equal(cascade_pair_run(p, 10000), QW_OK);
    assert_true(cascade_pair_agrees(p));
    qw_cascade_plan_for(&p->config, 10000, &plan);
    for (unsigned pass = 0; pass < plan.passes; pass++) {
        expected += qw_cascade_opening_bits(pass, pass == 0 ? 100000 : 102400, plan.blocks[pass]);
    }
    assert_int_equal(qw_cascade_asker_report(p->asker)->leaked_bits, expected);
    assert_int_equal(qw_cascade_asker_report(p->asker)->corrected_bits, 0);
    assert_true(qw_cascade_asker_report(p->asker)->round_trips <= plan.passes);
    cascade_pair_free(p);
}

static void one_object_serves_frames_with_different_rates(void **state)
{
    static const double rate[] = { 0.0001, 0.11, 0.005, 0.15, 0.03 };
    struct cascade_pair *p = cascade_pair_new(20000, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;
    int agreed = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 4);
    for (size_t i = 0; i < 20; i++) {
        cascade_pair_draw(p, &prng, rate[i % 5]);
        assert_int_equal(cascade_pair_run(p, (uint32_t)(rate[i % 5] * 1e6)), QW_OK);
        agreed += cascade_pair_agrees(p);
    }
    assert_true(agreed >= 19);
    cascade_pair_free(p);
}

/* More of them, and of longer ones: cascade_efficiency_test.c. */
static void thousands_of_frames_end_at_random_rates(void **state)
{
    enum { FRAMES = 4000 };
    struct cascade_pair *p = cascade_pair_new(997, QW_CASCADE_OPTIMISED);
    unsigned lost = 0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 13);
    for (int i = 0; i < FRAMES; i++) {
        double rate = 0.11 * qw_prng_uniform(&prng);
        double estimate = rate * (0.7 + 0.6 * qw_prng_uniform(&prng));

        cascade_pair_draw(p, &prng, rate);
        assert_int_equal(cascade_pair_run(p, (uint32_t)(estimate * 1e6)), QW_OK);
        check_counts(p);
        lost += !cascade_pair_agrees(p);
    }
    printf("%u of %d frames left with errors\n", lost, FRAMES);
    assert_true(lost <= FRAMES / 100);
    cascade_pair_free(p);
}

static void a_wrong_estimate_costs_leakage_but_not_the_frame(void **state)
{
    static const uint32_t estimate_ppm[] = { 0, 5000, 10000, 40000, 80000, 150000 };
    struct cascade_pair *p = cascade_pair_new(50000, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;
    uint64_t leaked_at_the_truth = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 5);
    cascade_pair_draw(p, &prng, 0.02);
    assert_int_equal(cascade_pair_run(p, 20000), QW_OK);
    assert_true(cascade_pair_agrees(p));
    leaked_at_the_truth = qw_cascade_asker_report(p->asker)->leaked_bits;
    for (size_t i = 0; i < sizeof estimate_ppm / sizeof estimate_ppm[0]; i++) {
        cascade_pair_draw(p, &prng, 0.02);
        assert_int_equal(cascade_pair_run(p, estimate_ppm[i]), QW_OK);
        assert_true(estimate_ppm[i] == 0 || cascade_pair_agrees(p));
        printf("true 2 %%, estimate %.1f %%: %llu bits, %llu at the truth\n", estimate_ppm[i] / 1e4,
               (unsigned long long)qw_cascade_asker_report(p->asker)->leaked_bits,
               (unsigned long long)leaked_at_the_truth);
    }
    cascade_pair_free(p);
}

static void bursts_are_corrected(void **state)
{
    struct cascade_pair *p = cascade_pair_new(100000, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 6);
    for (int frame = 0; frame < 5; frame++) {
        cascade_pair_draw(p, &prng, 0);
        for (size_t burst = 0; burst < 40; burst++) {
            size_t start = (size_t)qw_prng_below(&prng, 100000 - 100);

            for (size_t i = 0; i < 50; i++) { /* all, or every second bit */
                cascade_pair_flip(p, start + i * (1 + burst % 2));
            }
        }
        assert_int_equal(cascade_pair_run(p, 20000), QW_OK);
        assert_true(cascade_pair_agrees(p));
    }
    cascade_pair_free(p);
}

/* Every bit wrong: every block of even size looks right. The frame ends, with an answer that
 * verification refuses. */
static void a_frame_of_errors_only_ends(void **state)
{
    struct cascade_pair *p = cascade_pair_new(10007, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;
    qw_err err;

    (void)state;
    qw_prng_init(&prng, test_seed(), 7);
    cascade_pair_draw(p, &prng, 1.0);
    assert_int_equal(p->errors, 10007);
    err = cascade_pair_run(p, 50000);
    assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
    assert_false(cascade_pair_agrees(p));
    cascade_pair_free(p);
}

/* At half the bits wrong no reconciliation can help: leakage reaches its limit. */
static void unrelated_keys_exhaust_the_frame(void **state)
{
    struct cascade_pair *p = cascade_pair_new(20000, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;
    uint8_t *before = malloc(p->len);

    (void)state;
    qw_prng_init(&prng, test_seed(), 8);
    cascade_pair_draw(p, &prng, 0.5);
    memcpy(before, p->noisy, p->len);
    assert_int_equal(cascade_pair_run(p, 50000), QW_ERR_EXHAUSTED);
    assert_memory_equal(p->noisy, before, p->len);
    assert_int_equal(qw_cascade_asker_key(p->asker, p->noisy), QW_ERR_STATE);
    assert_memory_equal(p->noisy, before, p->len);
    free(before);
    cascade_pair_draw(p, &prng, 0.01); /* and the objects serve the next one */
    assert_int_equal(cascade_pair_run(p, 10000), QW_OK);
    assert_true(cascade_pair_agrees(p));
    cascade_pair_free(p);
}

static void refuses_an_estimate_above_the_limit_and_bits_beyond_the_key(void **state)
{
    struct cascade_pair *p = cascade_pair_new(13, QW_CASCADE_OPTIMISED);
    uint8_t key[2] = { 0xff, 0xf8 };

    (void)state;
    assert_int_equal(qw_cascade_asker_begin(p->asker, key, QW_CASCADE_QBER_MAX_PPM), QW_OK);
    assert_int_equal(qw_cascade_asker_begin(p->asker, key, QW_CASCADE_QBER_MAX_PPM + 1),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_cascade_answerer_begin(p->answerer, key, QW_CASCADE_QBER_MAX_PPM + 1),
                     QW_ERR_REFUSED);
    key[1] = 0xfc;
    assert_int_equal(qw_cascade_asker_begin(p->asker, key, 1000), QW_ERR_FORMAT);
    assert_int_equal(qw_cascade_answerer_begin(p->answerer, key, 1000), QW_ERR_FORMAT);
    cascade_pair_free(p);
}

static void refuses_a_shape_out_of_range(void **state)
{
    static const struct qw_cascade_config bad[] = { { 0, QW_CASCADE_ORIGINAL, 1 },
                                                    { QW_CASCADE_BITS_MAX + 1, QW_CASCADE_OPTIMISED,
                                                      1 },
                                                    { 1000, (enum qw_cascade_variant)7, 1 } };
    struct qw_cascade_asker *asker = NULL;
    struct qw_cascade_answerer *answerer = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(qw_cascade_asker_new(&bad[i], &asker), QW_ERR_ARG);
        assert_int_equal(qw_cascade_answerer_new(&bad[i], &answerer), QW_ERR_ARG);
        assert_null(asker);
        assert_null(answerer);
    }
    qw_cascade_asker_free(NULL);
    qw_cascade_answerer_free(NULL);
}

static void every_allocation_may_fail(void **state)
{
    static const size_t bits[] = { 3000, 70000 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct qw_cascade_config config = { bits[i], QW_CASCADE_OPTIMISED, 1 };
        struct qw_cascade_asker *asker = NULL;
        struct qw_cascade_answerer *answerer = NULL;
        int n = 1;

        for (fail_at = n; qw_cascade_asker_new(&config, &asker) == QW_ERR_NOMEM; fail_at = ++n) {
            assert_null(asker);
        }
        assert_true(n > 20);
        n = 1;
        for (fail_at = n; qw_cascade_answerer_new(&config, &answerer) == QW_ERR_NOMEM;
             fail_at = ++n) {
            assert_null(answerer);
        }
        assert_true(n > 15);
        fail_at = 0;
        qw_cascade_asker_free(asker);
        qw_cascade_answerer_free(answerer);
    }
}

static void a_frame_allocates_nothing(void **state)
{
    struct cascade_pair *p = cascade_pair_new(70000, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 9);
    cascade_pair_draw(p, &prng, 0.05);
    fail_at = 1;
    assert_int_equal(cascade_pair_run(p, 50000), QW_OK);
    assert_int_equal(fail_at, 1); /* never called */
    fail_at = 0;
    assert_true(cascade_pair_agrees(p));
    cascade_pair_free(p);
}

static void nothing_of_the_key_is_left_in_freed_memory(void **state)
{
    struct cascade_pair *p = cascade_pair_new(1000, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;
    uint64_t *copy;

    (void)state;
    qw_prng_init(&prng, test_seed(), 14);
    cascade_pair_draw(p, &prng, 0.03);
    assert_int_equal(cascade_pair_run(p, 30000), QW_OK);
    assert_true(cascade_pair_agrees(p));
    copy = malloc(sizeof *copy);
    qw_cascade_key_load(p->key, 64, copy, 1);
    sought = *copy;
    free(copy); /* the search works */
    assert_int_equal(found, 1);
    qw_cascade_asker_free(p->asker);
    qw_cascade_answerer_free(p->answerer);
    sought = 0;
    assert_int_equal(found, 1);
    assert_true(freed > 1000);
    p->asker = NULL;
    p->answerer = NULL;
    cascade_pair_free(p);
}

static void the_largest_frame_fits_its_messages(void **state)
{
    struct cascade_pair *p = cascade_pair_new(QW_CASCADE_BITS_MAX, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 10);
    cascade_pair_draw(p, &prng, 0.11);
    assert_int_equal(cascade_pair_run(p, QW_CASCADE_QBER_MAX_PPM), QW_OK);
    assert_true(cascade_pair_agrees(p));
    check_counts(p);
    cascade_pair_free(p);
}

struct ask_thread {
    struct qw_cascade_asker *asker;
    struct qw_wire wire;
    qw_err err;
};

static void *ask(void *context)
{
    struct ask_thread *t = context;

    t->err = qw_cascade_ask_wire(t->asker, &t->wire, 10000);
    qw_wire_close(&t->wire);
    return NULL;
}

static void two_threads_reconcile_over_a_wire(void **state)
{
    struct cascade_pair *p = cascade_pair_new(30000, QW_CASCADE_OPTIMISED);
    struct ask_thread t = { .asker = p->asker };
    struct qw_wire wire;
    struct qw_prng prng;
    pthread_t thread;

    (void)state;
    qw_prng_init(&prng, test_seed(), 11);
    cascade_pair_draw(p, &prng, 0.03);
    assert_int_equal(cascade_pair_begin(p, 30000), QW_OK);
    assert_int_equal(qw_wire_memory_pair(&t.wire, &wire), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, ask, &t), 0);
    assert_int_equal(qw_cascade_answer_wire(p->answerer, &wire, 10000), QW_OK);
    assert_int_equal(wire.counters(wire.self)->bytes_sent,
                     qw_cascade_answerer_report(p->answerer)->bytes_replied);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(t.err, QW_OK);
    qw_wire_close(&wire);
    assert_int_equal(qw_cascade_asker_key(p->asker, p->noisy), QW_OK);
    assert_true(cascade_pair_agrees(p));
    check_counts(p);
    cascade_pair_free(p);
}

static void a_silent_or_closed_peer_is_an_error(void **state)
{
    struct cascade_pair *p = cascade_pair_new(300, QW_CASCADE_OPTIMISED);
    struct qw_wire asker_wire;
    struct qw_wire answerer_wire;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 12);
    cascade_pair_draw(p, &prng, 0.03);
    assert_int_equal(cascade_pair_begin(p, 30000), QW_OK);
    assert_int_equal(qw_wire_memory_pair(&asker_wire, &answerer_wire), QW_OK);
    assert_int_equal(qw_cascade_ask_wire(p->asker, &asker_wire, 20), QW_ERR_TIMEOUT);
    qw_wire_close(&asker_wire);
    assert_int_equal(qw_cascade_answer_wire(p->answerer, &answerer_wire, 20), QW_ERR_CLOSED);
    qw_wire_close(&answerer_wire);
    cascade_pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reconciles_frames_of_every_short_length),
        cmocka_unit_test(reconciles_frames_around_every_boundary),
        cmocka_unit_test(equal_keys_cost_the_block_parities_only),
        cmocka_unit_test(one_object_serves_frames_with_different_rates),
        cmocka_unit_test(thousands_of_frames_end_at_random_rates),
        cmocka_unit_test(a_wrong_estimate_costs_leakage_but_not_the_frame),
        cmocka_unit_test(bursts_are_corrected),
        cmocka_unit_test(a_frame_of_errors_only_ends),
        cmocka_unit_test(unrelated_keys_exhaust_the_frame),
        cmocka_unit_test(refuses_an_estimate_above_the_limit_and_bits_beyond_the_key),
        cmocka_unit_test(refuses_a_shape_out_of_range),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_frame_allocates_nothing),
        cmocka_unit_test(nothing_of_the_key_is_left_in_freed_memory),
        cmocka_unit_test(the_largest_frame_fits_its_messages),
        cmocka_unit_test(two_threads_reconcile_over_a_wire),
        cmocka_unit_test(a_silent_or_closed_peer_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
