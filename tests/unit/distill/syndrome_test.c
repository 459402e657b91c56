/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 W3 W11 */
#include "distill/syndrome.h"

#include "base/wire_memory.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"
#include "unit/distill/syndrome_pair.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_aligned_alloc(alignment, size);
}

static struct syndrome_pair *pair_for(size_t bits, uint32_t qber_ppm, enum qw_syndrome_aim aim)
{
    return syndrome_pair_new(bits, qw_syndrome_checks(bits, qber_ppm, aim));
}

/* Both ends counted the same; [S1] */
static void check_counts(const struct syndrome_pair *p)
{
    const struct qw_syndrome_report *a = qw_syndrome_sender_report(p->sender);
    const struct qw_syndrome_report *b = qw_syndrome_receiver_report(p->receiver);

    assert_int_equal(a->leaked_bits, b->leaked_bits);
    assert_int_equal(a->round_trips, b->round_trips);
    assert_int_equal(a->bytes_sent, b->bytes_sent);
    assert_int_equal(a->bytes_asked, b->bytes_asked);
    assert_true(a->leaked_bits >= p->config.checks && a->leaked_bits <= p->config.bits);
    assert_true(a->round_trips > 0 || a->leaked_bits == p->config.checks);
}

static void counts_what_was_said_at_both_ends(void **state)
{
    struct syndrome_pair *p = pair_for(3000, 50000, QW_SYNDROME_LEAST_LEAK);
    struct qw_prng prng;
    unsigned asked = 0;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (int i = 0; i < 40; i++) {
        syndrome_pair_draw(p, &prng, 0.05);
        if (syndrome_pair_run(p, 50000) == QW_OK && syndrome_pair_agrees(p)) {
            assert_int_equal(qw_syndrome_receiver_report(p->receiver)->corrected_bits, p->errors);
        }
        check_counts(p);
        asked += qw_syndrome_receiver_report(p->receiver)->round_trips > 0;
    }
    printf("%u of 40 frames needed a question\n", asked);
    assert_true(asked > 0 && asked < 40);
    syndrome_pair_free(p);
}

static void reconciles_frames_of_many_lengths(void **state)
{
    static const size_t bits[] = { 1,   2,   3,    7,    8,    63,   64,   65,    127,   128,
                                   129, 255, 1000, 1023, 1024, 4095, 4097, 10007, 16384, 65537 };
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        struct syndrome_pair *p = pair_for(bits[i], 30000, QW_SYNDROME_ONE_MESSAGE);
        unsigned right = 0;

        for (int frame = 0; frame < 5; frame++) {
            syndrome_pair_draw(p, &prng, 0.03);
            right += syndrome_pair_run(p, 30000) == QW_OK && syndrome_pair_agrees(p);
            check_counts(p);
        }
        assert_true(right >= (bits[i] < 1000 ? 3 : 5));
        syndrome_pair_free(p);
    }
}

/* Short frames leave some words wrong that verification has to find; longer ones hardly ever. More
 * of them: syndrome_efficiency_test.c. */
static void thousands_of_frames_end_at_random_rates(void **state)
{
    enum { FRAMES = 3000, OBJECTS = 10 };
    unsigned wrong = 0;
    unsigned given_up = 0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 3);
    for (int object = 0; object < OBJECTS; object++) {
        uint32_t expected_ppm = 5000 + (uint32_t)qw_prng_below(&prng, 105000);
        struct syndrome_pair *p =
            pair_for(1500 + (size_t)qw_prng_below(&prng, 600), expected_ppm,
                     object % 2 ? QW_SYNDROME_LEAST_LEAK : QW_SYNDROME_ONE_MESSAGE);

        for (int i = 0; i < FRAMES / OBJECTS; i++) {
            double rate = expected_ppm / 1e6 * (0.7 + 0.5 * qw_prng_uniform(&prng));
            double estimate = fmin(0.15, rate * (0.5 + qw_prng_uniform(&prng)));
            qw_err err;

            syndrome_pair_draw(p, &prng, rate);
            err = syndrome_pair_run(p, (uint32_t)(estimate * 1e6));
            assert_true(err == QW_OK || err == QW_ERR_EXHAUSTED);
            check_counts(p);
            given_up += err != QW_OK;
            wrong += err == QW_OK && !syndrome_pair_agrees(p);
        }
        syndrome_pair_free(p);
    }
    printf("of %d frames %u given up, %u wrong\n", FRAMES, given_up, wrong);
    assert_true(given_up + wrong <= FRAMES / 50);
}

static void equal_keys_need_the_syndrome_alone(void **state)
{
    struct syndrome_pair *p = pair_for(5000, 20000, QW_SYNDROME_LEAST_LEAK);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 4);
    syndrome_pair_draw(p, &prng, 0);
    assert_int_equal(syndrome_pair_run(p, 20000), QW_OK);
    assert_true(syndrome_pair_agrees(p));
    assert_int_equal(qw_syndrome_receiver_report(p->receiver)->leaked_bits, p->config.checks);
    assert_int_equal(qw_syndrome_receiver_report(p->receiver)->corrected_bits, 0);
    check_counts(p);
    syndrome_pair_free(p);
}

static void a_wrong_estimate_costs_questions_but_not_the_frame(void **state)
{
    static const uint32_t estimate_ppm[] = { 0, 5000, 10000, 40000, 80000, 150000 };
    struct syndrome_pair *p = pair_for(20000, 20000, QW_SYNDROME_ONE_MESSAGE);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 5);
    for (size_t i = 0; i < sizeof estimate_ppm / sizeof estimate_ppm[0]; i++) {
        syndrome_pair_draw(p, &prng, 0.02);
        assert_int_equal(syndrome_pair_run(p, estimate_ppm[i]), QW_OK);
        assert_true(syndrome_pair_agrees(p));
        printf("true 2 %%, estimate %.1f %%: %u questions\n", estimate_ppm[i] / 1e4,
               qw_syndrome_receiver_report(p->receiver)->round_trips);
    }
    syndrome_pair_free(p);
}

static void bursts_are_corrected(void **state)
{
    struct syndrome_pair *p = pair_for(100000, 20000, QW_SYNDROME_ONE_MESSAGE);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 6);
    for (int frame = 0; frame < 5; frame++) {
        syndrome_pair_draw(p, &prng, 0);
        for (size_t burst = 0; burst < 40; burst++) {
            size_t start = (size_t)qw_prng_below(&prng, 100000 - 100);

            for (size_t i = 0; i < 50; i++) { /* all, or every second bit */
                syndrome_pair_flip(p, start + i * (1 + burst % 2));
            }
        }
        assert_int_equal(syndrome_pair_run(p, 20000), QW_OK);
        assert_true(syndrome_pair_agrees(p));
    }
    syndrome_pair_free(p);
}

/* Every bit wrong, or half of them: the frame ends, and nothing is taken for the key. */
static void a_hopeless_frame_ends_and_the_objects_serve_the_next(void **state)
{
    static const double rates[] = { 1.0, 0.5 };
    struct syndrome_pair *p = pair_for(4000, 50000, QW_SYNDROME_ONE_MESSAGE);
    uint8_t *before = malloc(p->len);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 7);
    for (size_t i = 0; i < 2; i++) {
        syndrome_pair_draw(p, &prng, rates[i]);
        memcpy(before, p->noisy, p->len);
        assert_int_equal(syndrome_pair_run(p, 50000), QW_ERR_EXHAUSTED);
        assert_memory_equal(p->noisy, before, p->len);
        check_counts(p);
        syndrome_pair_draw(p, &prng, 0.04);
        assert_int_equal(syndrome_pair_run(p, 50000), QW_OK);
        assert_true(syndrome_pair_agrees(p));
    }
    free(before);
    syndrome_pair_free(p);
}

/* [S2] */
static void questions_depend_on_the_errors_alone(void **state)
{
    struct syndrome_pair *p = pair_for(3000, 50000, QW_SYNDROME_LEAST_LEAK);
    static uint8_t asked[2][1 << 16];
    size_t asked_len[2] = { 0, 0 };
    uint8_t *errors = malloc(p->len);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 8);
    syndrome_pair_draw(p, &prng, 0.065);
    for (size_t i = 0; i < p->len; i++) {
        errors[i] = p->key[i] ^ p->noisy[i];
    }
    for (int run = 0; run < 2; run++) {
        bool is_done = false;

        syndrome_pair_draw(p, &prng, 0);
        for (size_t i = 0; i < p->len; i++) {
            p->noisy[i] = p->key[i] ^ errors[i];
        }
        assert_int_equal(syndrome_pair_begin(p, 50000), QW_OK);
        while (!is_done) {
            assert_int_equal(syndrome_pair_step(p, &is_done), QW_OK);
            assert_true(asked_len[run] + p->request_len <= sizeof asked[run]);
            memcpy(asked[run] + asked_len[run], p->request, p->request_len);
            asked_len[run] += p->request_len;
        }
    }
    assert_true(asked_len[0] > 100); /* there were some */
    assert_int_equal(asked_len[0], asked_len[1]);
    assert_memory_equal(asked[0], asked[1], asked_len[0]);
    free(errors);
    syndrome_pair_free(p);
}

static void refuses_an_estimate_above_the_limit_and_bits_beyond_the_key(void **state)
{
    struct syndrome_pair *p = pair_for(13, 20000, QW_SYNDROME_ONE_MESSAGE);
    uint8_t key[2] = { 0xff, 0xf8 };

    (void)state;
    assert_int_equal(qw_syndrome_receiver_begin(p->receiver, key, QW_SYNDROME_QBER_MAX_PPM), QW_OK);
    assert_int_equal(qw_syndrome_receiver_begin(p->receiver, key, QW_SYNDROME_QBER_MAX_PPM + 1),
                     QW_ERR_REFUSED);
    key[1] |= 4;
    assert_int_equal(qw_syndrome_receiver_begin(p->receiver, key, 20000), QW_ERR_FORMAT);
    p->message_len = 77;
    assert_int_equal(
        qw_syndrome_sender_begin(p->sender, key, p->message, sizeof p->message, &p->message_len),
        QW_ERR_FORMAT);
    assert_int_equal(p->message_len, 77);
    syndrome_pair_free(p);
}

static void refuses_a_shape_out_of_range(void **state)
{
    static const struct qw_syndrome_config wrong[] = {
        { 0, 0 }, { 0, 1 }, { 10, 0 }, { 10, 11 }, { QW_SYNDROME_BITS_MAX + 1, 100 }
    };
    struct qw_syndrome_sender *sender = NULL;
    struct qw_syndrome_receiver *receiver = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(qw_syndrome_sender_new(&wrong[i], &sender), QW_ERR_ARG);
        assert_int_equal(qw_syndrome_receiver_new(&wrong[i], &receiver), QW_ERR_ARG);
    }
    assert_null(sender);
    assert_null(receiver);
}

static void nothing_is_allowed_out_of_turn(void **state)
{
    struct syndrome_pair *p = pair_for(100, 20000, QW_SYNDROME_ONE_MESSAGE);
    uint8_t key[13] = { 0 };
    uint8_t kept[13];
    bool is_done = false;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 9);
    syndrome_pair_draw(p, &prng, 0.02);
    assert_int_equal(syndrome_pair_step(p, &is_done), QW_ERR_STATE);
    assert_int_equal(qw_syndrome_answer(p->sender, p->request, 1, p->message, sizeof p->message,
                                        &p->message_len),
                     QW_ERR_STATE);
    memset(key, 0x5a, sizeof key);
    memcpy(kept, key, sizeof key);
    assert_int_equal(qw_syndrome_receiver_key(p->receiver, key), QW_ERR_STATE);
    assert_int_equal(syndrome_pair_begin(p, 20000), QW_OK);
    assert_int_equal(qw_syndrome_receiver_key(p->receiver, key), QW_ERR_STATE);
    assert_memory_equal(key, kept, sizeof key);
    assert_int_equal(qw_syndrome_next(p->receiver, p->message, p->message_len, p->request,
                                      QW_SYNDROME_MESSAGE_MAX - 1, &p->request_len, &is_done),
                     QW_ERR_SPACE);
    assert_int_equal(syndrome_pair_run(p, 20000), QW_OK);
    assert_int_equal(syndrome_pair_step(p, &is_done), QW_ERR_STATE);
    syndrome_pair_free(p);
}

static void every_allocation_may_fail(void **state)
{
    static const struct qw_syndrome_config configs[] = { { 100, 30 }, { 3000, 600 } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct qw_syndrome_sender *sender = NULL;
        struct qw_syndrome_receiver *receiver = NULL;
        int n = 1;

        for (fail_at = n; qw_syndrome_sender_new(&configs[i], &sender) == QW_ERR_NOMEM;
             fail_at = ++n) {
            assert_null(sender);
        }
        assert_true(n > 15);
        n = 1;
        for (fail_at = n; qw_syndrome_receiver_new(&configs[i], &receiver) == QW_ERR_NOMEM;
             fail_at = ++n) {
            assert_null(receiver);
        }
        assert_true(n > 20);
        fail_at = 0;
        assert_non_null(sender);
        assert_non_null(receiver);
        qw_syndrome_sender_free(sender);
        qw_syndrome_receiver_free(receiver);
    }
}

static void a_frame_allocates_nothing(void **state)
{
    struct syndrome_pair *p = pair_for(20000, 50000, QW_SYNDROME_LEAST_LEAK);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 10);
    syndrome_pair_draw(p, &prng, 0.05);
    fail_at = 1;
    assert_int_equal(syndrome_pair_run(p, 50000), QW_OK);
    assert_int_equal(fail_at, 1); /* never called */
    fail_at = 0;
    assert_true(syndrome_pair_agrees(p));
    syndrome_pair_free(p);
}

static void the_largest_frame_fits_its_messages(void **state)
{
    struct syndrome_pair *p =
        pair_for(QW_SYNDROME_BITS_MAX, QW_SYNDROME_QBER_MAX_PPM, QW_SYNDROME_ONE_MESSAGE);
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 11);
    syndrome_pair_draw(p, &prng, 0.11);
    assert_int_equal(syndrome_pair_run(p, 110000), QW_OK);
    assert_true(syndrome_pair_agrees(p));
    check_counts(p);
    syndrome_pair_free(p);
}

struct send_thread {
    struct syndrome_pair *pair;
    struct qw_wire wire;
    qw_err err;
};

static void *send_frame(void *context)
{
    struct send_thread *t = context;

    t->err = qw_syndrome_send_wire(t->pair->sender, t->pair->key, &t->wire, 20000);
    qw_wire_close(&t->wire);
    return NULL;
}

static void two_threads_reconcile_over_a_wire(void **state)
{
    struct syndrome_pair *p = pair_for(10000, 60000, QW_SYNDROME_LEAST_LEAK);
    struct send_thread t = { .pair = p };
    struct qw_wire wire;
    struct qw_prng prng;
    pthread_t thread;

    (void)state;
    qw_prng_init(&prng, test_seed(), 12);
    syndrome_pair_draw(p, &prng, 0.066);
    assert_int_equal(qw_syndrome_receiver_begin(p->receiver, p->noisy, 66000), QW_OK);
    assert_int_equal(qw_wire_memory_pair(&t.wire, &wire), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, send_frame, &t), 0);
    assert_int_equal(qw_syndrome_receive_wire(p->receiver, &wire, 20000), QW_OK);
    assert_int_equal(wire.counters(wire.self)->bytes_sent,
                     qw_syndrome_receiver_report(p->receiver)->bytes_asked);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(t.err, QW_OK);
    qw_wire_close(&wire);
    assert_int_equal(qw_syndrome_receiver_key(p->receiver, p->noisy), QW_OK);
    assert_true(syndrome_pair_agrees(p));
    assert_true(qw_syndrome_receiver_report(p->receiver)->round_trips > 0);
    check_counts(p);
    syndrome_pair_free(p);
}

static void a_silent_or_closed_peer_is_an_error(void **state)
{
    struct syndrome_pair *p = pair_for(300, 30000, QW_SYNDROME_ONE_MESSAGE);
    struct qw_wire sender_wire;
    struct qw_wire receiver_wire;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 13);
    syndrome_pair_draw(p, &prng, 0.03);
    assert_int_equal(qw_syndrome_receiver_begin(p->receiver, p->noisy, 30000), QW_OK);
    assert_int_equal(qw_wire_memory_pair(&sender_wire, &receiver_wire), QW_OK);
    assert_int_equal(qw_syndrome_receive_wire(p->receiver, &receiver_wire, 20), QW_ERR_TIMEOUT);
    assert_int_equal(qw_syndrome_send_wire(p->sender, p->key, &sender_wire, 20), QW_ERR_TIMEOUT);
    qw_wire_close(&receiver_wire);
    assert_int_equal(qw_syndrome_send_wire(p->sender, p->key, &sender_wire, 20), QW_ERR_CLOSED);
    qw_wire_close(&sender_wire);
    syndrome_pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_was_said_at_both_ends),
        cmocka_unit_test(reconciles_frames_of_many_lengths),
        cmocka_unit_test(thousands_of_frames_end_at_random_rates),
        cmocka_unit_test(equal_keys_need_the_syndrome_alone),
        cmocka_unit_test(a_wrong_estimate_costs_questions_but_not_the_frame),
        cmocka_unit_test(bursts_are_corrected),
        cmocka_unit_test(a_hopeless_frame_ends_and_the_objects_serve_the_next),
        cmocka_unit_test(questions_depend_on_the_errors_alone),
        cmocka_unit_test(refuses_an_estimate_above_the_limit_and_bits_beyond_the_key),
        cmocka_unit_test(refuses_a_shape_out_of_range),
        cmocka_unit_test(nothing_is_allowed_out_of_turn),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_frame_allocates_nothing),
        cmocka_unit_test(the_largest_frame_fits_its_messages),
        cmocka_unit_test(two_threads_reconcile_over_a_wire),
        cmocka_unit_test(a_silent_or_closed_peer_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
