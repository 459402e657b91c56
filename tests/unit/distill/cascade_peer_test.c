/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 S1 */
/* What a party of Cascade does with a peer that lies, is confused, or sends nonsense: an error, or
 * a frame that verification refuses; never more work than the frame allows. */
#include "distill/cascade.h"

#include "base/bytes.h"
#include "distill/cascade/message.h"
#include "distill/cascade/order.h"
#include "unit/distill/cascade_pair.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { BITS = 3000 };

static struct cascade_pair *drawn(uint64_t stream, double rate)
{
    struct cascade_pair *p = cascade_pair_new(BITS, QW_CASCADE_OPTIMISED);
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), stream);
    cascade_pair_draw(p, &prng, rate);
    return p;
}

/* The pair after so many whole round trips, with a request that waits for its answer. */
static void run_to(struct cascade_pair *p, unsigned round_trips)
{
    bool is_done = false;

    assert_int_equal(cascade_pair_begin(p, 30000), QW_OK);
    for (unsigned i = 0; i < round_trips; i++) {
        assert_int_equal(cascade_pair_step(p, &is_done), QW_OK);
    }
    assert_int_equal(qw_cascade_next(p->asker, p->reply, p->reply_len, p->request,
                                     sizeof p->request, &p->request_len, &is_done),
                     QW_OK);
    assert_false(is_done);
}

static qw_err answer(struct cascade_pair *p, const uint8_t *request, size_t len)
{
    return qw_cascade_answer(p->answerer, request, len, p->reply, sizeof p->reply, &p->reply_len);
}

static size_t one_question(uint8_t *message, uint32_t number, uint8_t opened, uint8_t pass,
                           uint32_t position)
{
    struct qw_cascade_ask_writer w = qw_cascade_ask_begin(message, 32, number);

    qw_cascade_ask_open_passes(&w, opened);
    assert_true(qw_cascade_ask_section(&w, pass));
    assert_true(qw_cascade_ask_question(&w, position));
    qw_cascade_ask_end_section(&w);
    return w.len;
}

static void the_answers_are_the_parities_of_the_formula(void **state)
{
    struct cascade_pair *p = drawn(40, 0);
    struct qw_cascade_order *order = NULL;
    uint8_t prefix[2][BITS + 1] = { { 0 } }; /* of the first and of the second pass */
    uint8_t message[32];

    (void)state;
    assert_int_equal(qw_cascade_order_new(BITS, p->config.seed, 1, true, &order), QW_OK);
    for (uint32_t i = 0; i < BITS; i++) {
        prefix[0][i + 1] = prefix[0][i] ^ qw_bit_get(p->key, i);
        prefix[1][i + 1] = prefix[1][i] ^ qw_bit_get(p->key, qw_cascade_order_from(order, i));
    }
    qw_cascade_order_free(order);
    run_to(p, 0);
    assert_int_equal(answer(p, p->request, p->request_len), QW_OK);
    for (uint32_t number = 1; number < BITS / 2; number++) {
        uint8_t pass = number == 1 ? 0 : (uint8_t)(number % 2);
        uint32_t position = 2 * number + 1; /* odd: no block ends there */
        size_t len = one_question(message, number, number == 1, pass, position);
        uint64_t leaked = qw_cascade_answerer_report(p->answerer)->leaked_bits;

        assert_int_equal(answer(p, message, len), QW_OK);
        leaked = qw_cascade_answerer_report(p->answerer)->leaked_bits - leaked;
        assert_true(number == 1 || leaked == 1);
        assert_int_equal(qw_bit_get(p->reply + QW_CASCADE_REPLY_HEAD_LEN, leaked - 1),
                         prefix[pass][position]);
    }
    cascade_pair_free(p);
}

static void the_answerer_refuses_an_asker_with_another_frame(void **state)
{
    struct cascade_pair *p = drawn(41, 0.01);
    const struct qw_cascade_open right = { QW_CASCADE_OPTIMISED, BITS, 30000, p->config.seed };
    struct qw_cascade_open open[4];
    uint8_t message[QW_CASCADE_OPEN_LEN];

    (void)state;
    for (int i = 0; i < 4; i++) {
        open[i] = right;
    }
    open[0].variant = QW_CASCADE_ORIGINAL;
    open[1].bits++;
    open[2].qber_ppm++;
    open[3].seed++;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(cascade_pair_begin(p, 30000), QW_OK);
        qw_cascade_open_encode(&open[i], message);
        p->reply_len = 77;
        assert_int_equal(answer(p, message, sizeof message), QW_ERR_CONFLICT);
        assert_int_equal(p->reply_len, 77);
        qw_cascade_open_encode(&right, message);
        assert_int_equal(answer(p, message, sizeof message), QW_ERR_STATE); /* it has failed */
    }
    cascade_pair_free(p);
}

static void check_refused(struct cascade_pair *p, const uint8_t *message, size_t len)
{
    run_to(p, 1);
    assert_int_equal(answer(p, message, len), QW_ERR_FORMAT);
    assert_int_equal(answer(p, p->request, p->request_len), QW_ERR_STATE);
}

static void the_answerer_refuses_questions_out_of_turn_or_range(void **state)
{
    struct cascade_pair *p = drawn(42, 0.03);
    uint8_t message[32];
    size_t len;

    (void)state;
    check_refused(p, message, one_question(message, 2, 0, 0, 1));        /* number */
    check_refused(p, message, one_question(message, 0, 0, 0, 1));        /* number */
    check_refused(p, message, one_question(message, 1, 0, 1, 1));        /* pass not open */
    check_refused(p, message, one_question(message, 1, 1, 1, 1));        /* not open yet */
    check_refused(p, message, one_question(message, 1, 0, 0, BITS + 1)); /* position */
    check_refused(p, message, one_question(message, 1, 0, 0, 0));        /* known */
    check_refused(p, message, one_question(message, 1, 0, 0, BITS));     /* said */
    check_refused(p, message, one_question(message, 1, 7, 0, 1));        /* too many passes */
    len = qw_cascade_ask_begin(message, sizeof message, 1).len;
    check_refused(p, message, len); /* asks nothing */
    check_refused(p, message, 0);
    message[0] = 9; /* no kind */
    check_refused(p, message, 6);
    run_to(p, 1);
    qw_cascade_open_encode(
        &(struct qw_cascade_open){ QW_CASCADE_OPTIMISED, BITS, 30000, p->config.seed }, message);
    assert_int_equal(answer(p, message, QW_CASCADE_OPEN_LEN), QW_ERR_FORMAT); /* a second time */
    cascade_pair_free(p);
}

static void the_answerer_refuses_a_parity_asked_twice(void **state)
{
    struct cascade_pair *p = drawn(43, 0.03);
    uint8_t message[32];

    (void)state;
    run_to(p, 1);
    assert_int_equal(answer(p, message, one_question(message, 1, 0, 0, 1)), QW_OK);
    assert_int_equal(answer(p, message, one_question(message, 2, 0, 0, 1)), QW_ERR_FORMAT);
    cascade_pair_free(p);
}

static void the_answerer_notices_another_count_of_leakage(void **state)
{
    struct cascade_pair *p = drawn(44, 0.03);
    uint8_t message[QW_CASCADE_FINISH_LEN];
    uint64_t leaked;

    (void)state;
    for (uint64_t more = 0; more < 2; more++) {
        run_to(p, 1);
        leaked = qw_cascade_answerer_report(p->answerer)->leaked_bits;
        qw_cascade_finish_encode(leaked + more, message);
        assert_int_equal(answer(p, message, sizeof message), more == 0 ? QW_OK : QW_ERR_CONFLICT);
        assert_true(more == 1 || p->reply_len == 0);
    }
    run_to(p, 0);
    assert_int_equal(answer(p, message, sizeof message), QW_ERR_FORMAT); /* before any answer */
    cascade_pair_free(p);
}

/* An asker that asks for everything gets no more than its leakage limit allows. */
static void the_answerer_stops_at_its_leakage_limit(void **state)
{
    struct cascade_pair *p = drawn(45, 0);
    uint32_t number = 1;
    uint64_t leaked = 0; /* before the last request */
    qw_err err = QW_OK;

    (void)state;
    run_to(p, 0);
    assert_int_equal(answer(p, p->request, p->request_len), QW_OK);
    for (uint8_t pass = 0; pass < 3 && err == QW_OK; pass++) {
        for (uint32_t position = 1; position < BITS && err == QW_OK; position += 2) {
            uint8_t opened = position == 1; /* the next one, on the way */
            uint8_t message[32];

            leaked = qw_cascade_answerer_report(p->answerer)->leaked_bits;
            err = answer(p, message, one_question(message, number++, opened, pass, position));
        }
    }
    assert_int_equal(err, QW_ERR_EXHAUSTED);
    assert_true(leaked >= BITS && leaked <= BITS + 512);
    cascade_pair_free(p);
}

static void the_asker_refuses_a_reply_of_another_length_or_number(void **state)
{
    struct cascade_pair *p = drawn(46, 0.03);
    bool is_done = true;
    size_t len = 5;

    (void)state;
    for (int i = 0; i < 5; i++) {
        run_to(p, 2);
        assert_int_equal(answer(p, p->request, p->request_len), QW_OK);
        switch (i) {
        case 0:
            p->reply_len--;
            break;
        case 1:
            p->reply[p->reply_len++] = 0;
            break;
        case 2:
            p->reply_len = 0;
            break;
        case 3:
            p->reply[4] ^= 1; /* number */
            break;
        default:
            p->reply[0] = QW_CASCADE_ASK;
        }
        assert_int_equal(qw_cascade_next(p->asker, p->reply, p->reply_len, p->request,
                                         sizeof p->request, &len, &is_done),
                         QW_ERR_FORMAT);
        assert_int_equal(len, 5);
        assert_true(is_done);
        assert_int_equal(qw_cascade_next(p->asker, p->reply, p->reply_len, p->request,
                                         sizeof p->request, &len, &is_done),
                         QW_ERR_STATE);
    }
    assert_int_equal(cascade_pair_begin(p, 30000), QW_OK);
    assert_int_equal(
        qw_cascade_next(p->asker, p->reply, 3, p->request, sizeof p->request, &len, &is_done),
        QW_ERR_FORMAT); /* a reply to nothing */
    cascade_pair_free(p);
}

static void small_buffers_and_idle_parties_are_refused(void **state)
{
    struct cascade_pair *p = drawn(47, 0.03);
    bool is_done;
    size_t len;

    (void)state;
    assert_int_equal(
        qw_cascade_next(p->asker, p->reply, 0, p->request, sizeof p->request, &len, &is_done),
        QW_ERR_STATE);
    assert_int_equal(answer(p, p->request, 1), QW_ERR_STATE);
    assert_int_equal(cascade_pair_begin(p, 30000), QW_OK);
    assert_int_equal(
        qw_cascade_next(p->asker, p->reply, 0, p->request, sizeof p->request - 1, &len, &is_done),
        QW_ERR_SPACE);
    assert_int_equal(qw_cascade_answer(p->answerer, p->request, 18, p->reply, sizeof p->reply - 1,
                                       &p->reply_len),
                     QW_ERR_SPACE);
    assert_int_equal(cascade_pair_run(p, 30000), QW_OK);
    assert_int_equal(
        qw_cascade_next(p->asker, p->reply, 0, p->request, sizeof p->request, &len, &is_done),
        QW_ERR_STATE);
    cascade_pair_free(p);
}

/* Replies of the right shape with lies in them. A liar can spoil the frame, and not keep the asker
 * busy: each parity is asked once. */
static void lies_end_in_an_error_or_in_a_key_that_differs(void **state)
{
    struct cascade_pair *p = drawn(48, 0.03);
    unsigned errors = 0;
    unsigned wrong = 0;
    unsigned lied = 0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 49);
    for (int frame = 0; frame < 200; frame++) {
        uint64_t one_in = (uint64_t)1 << qw_prng_below(&prng, 12);
        unsigned lies = 0;
        bool is_done = false;
        qw_err err;

        cascade_pair_draw(p, &prng, 0.03);
        err = cascade_pair_begin(p, 30000);
        while (err == QW_OK && !is_done) {
            size_t spare = 8 * (p->reply_len - QW_CASCADE_REPLY_HEAD_LEN);

            for (size_t i = 0; p->reply_len > 0 && i + 7 < spare; i++) {
                if (qw_prng_below(&prng, one_in) == 0) {
                    p->reply[QW_CASCADE_REPLY_HEAD_LEN + i / 8] ^= (uint8_t)(0x80 >> i % 8);
                    lies++;
                }
            }
            err = cascade_pair_step(p, &is_done);
        }
        if (lies > 0) {
            lied++;
            errors += err != QW_OK;
            wrong += err == QW_OK && qw_cascade_asker_key(p->asker, p->noisy) == QW_OK &&
                     !cascade_pair_agrees(p);
        }
    }
    printf("%u frames with lies: %u refused, %u left wrong\n", lied, errors, wrong);
    assert_true(lied > 100);
    assert_true(errors > 0);
    assert_true(errors + wrong > lied * 9 / 10);
    cascade_pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answers_are_the_parities_of_the_formula),
        cmocka_unit_test(the_answerer_refuses_an_asker_with_another_frame),
        cmocka_unit_test(the_answerer_refuses_questions_out_of_turn_or_range),
        cmocka_unit_test(the_answerer_refuses_a_parity_asked_twice),
        cmocka_unit_test(the_answerer_notices_another_count_of_leakage),
        cmocka_unit_test(the_answerer_stops_at_its_leakage_limit),
        cmocka_unit_test(the_asker_refuses_a_reply_of_another_length_or_number),
        cmocka_unit_test(small_buffers_and_idle_parties_are_refused),
        cmocka_unit_test(lies_end_in_an_error_or_in_a_key_that_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
