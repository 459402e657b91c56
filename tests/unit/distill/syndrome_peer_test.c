/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 S1 */
/* What a party of a syndrome does with a peer that lies, is confused, or sends nonsense: an error,
 * or a frame that verification refuses; never more said than the frame allows. */
#include "distill/syndrome.h"

#include "distill/syndrome/message.h"
#include "unit/distill/seed.h"
#include "unit/distill/syndrome_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { BITS = 1200, CHECKS = 380, QBER_PPM = 60000 };

/* A pair whose receiver waits for the answer to his first question. */
static struct syndrome_pair *asking(void)
{
    struct syndrome_pair *p = syndrome_pair_new(BITS, CHECKS);
    bool is_done = false;
    struct qw_prng prng;

    qw_prng_init(&prng, test_seed(), 1);
    syndrome_pair_draw(p, &prng, 0.075); /* more than the checks tell */
    assert_int_equal(syndrome_pair_begin(p, QBER_PPM), QW_OK);
    assert_int_equal(qw_syndrome_next(p->receiver, p->message, p->message_len, p->request,
                                      sizeof p->request, &p->request_len, &is_done),
                     QW_OK);
    assert_false(is_done);
    return p;
}

static qw_err answer(struct syndrome_pair *p, const uint8_t *request, size_t len)
{
    return qw_syndrome_answer(p->sender, request, len, p->message, sizeof p->message,
                              &p->message_len);
}

static void a_sender_says_no_bit_twice(void **state)
{
    struct syndrome_pair *p = asking();
    static const uint32_t first[] = { 3, 5, 700 };
    static const uint32_t again[] = { 4, 700 };
    uint8_t request[64];

    (void)state;
    assert_int_equal(answer(p, request, qw_syndrome_ask_encode(1, first, 3, request)), QW_OK);
    assert_int_equal(p->message_len, QW_SYNDROME_BITS_HEAD_LEN + 1);
    assert_int_equal(answer(p, request, qw_syndrome_ask_encode(2, again, 2, request)),
                     QW_ERR_FORMAT);
    assert_int_equal(answer(p, request, qw_syndrome_ask_encode(2, first, 1, request)),
                     QW_ERR_STATE);
    syndrome_pair_free(p);
}

static void a_sender_says_no_more_than_there_are_bits(void **state)
{
    struct syndrome_pair *p = asking();
    uint32_t *position = malloc(BITS * sizeof *position);

    (void)state;
    for (uint32_t i = 0; i < BITS; i++) {
        position[i] = i;
    }
    assert_int_equal(
        answer(p, p->request, qw_syndrome_ask_encode(1, position, BITS - CHECKS + 1, p->request)),
        QW_ERR_EXHAUSTED);
    assert_int_equal(qw_syndrome_sender_report(p->sender)->leaked_bits, CHECKS);
    syndrome_pair_free(p);
    p = asking();
    assert_int_equal(
        answer(p, p->request, qw_syndrome_ask_encode(1, position, BITS - CHECKS, p->request)),
        QW_OK);
    assert_int_equal(qw_syndrome_sender_report(p->sender)->leaked_bits, BITS);
    free(position);
    syndrome_pair_free(p);
}

static void a_sender_answers_a_bounded_number_of_rounds(void **state)
{
    struct syndrome_pair *p = asking();
    uint8_t request[64];

    (void)state;
    for (uint32_t round = 1; round <= QW_SYNDROME_ROUNDS_MAX; round++) {
        assert_int_equal(
            answer(p, request, qw_syndrome_ask_encode((uint8_t)round, &round, 1, request)), QW_OK);
    }
    assert_int_equal(
        answer(p, request,
               qw_syndrome_ask_encode(QW_SYNDROME_ROUNDS_MAX + 1, &(uint32_t){ 1000 }, 1, request)),
        QW_ERR_EXHAUSTED);
    syndrome_pair_free(p);
}

static void rounds_out_of_turn_are_refused(void **state)
{
    static const uint8_t rounds[] = { 0, 2, 255 };
    uint8_t request[64];

    (void)state;
    for (size_t i = 0; i < sizeof rounds; i++) {
        struct syndrome_pair *p = asking();
        uint32_t position = 9;

        assert_int_equal(
            answer(p, request, qw_syndrome_ask_encode(rounds[i], &position, 1, request)),
            QW_ERR_FORMAT);
        syndrome_pair_free(p);
    }
}

static void another_count_of_leakage_is_a_conflict(void **state)
{
    struct syndrome_pair *p = asking();
    uint8_t request[QW_SYNDROME_FINISH_LEN];

    (void)state;
    qw_syndrome_finish_encode(true, CHECKS - 1, request);
    assert_int_equal(answer(p, request, sizeof request), QW_ERR_CONFLICT);
    assert_int_equal(answer(p, request, sizeof request), QW_ERR_STATE);
    syndrome_pair_free(p);
}

/* Every truncation, one byte too many, every message of another kind: the frame ends. */
static void a_receiver_refuses_what_is_no_answer(void **state)
{
    struct syndrome_pair *p = asking();
    size_t whole;
    bool is_done = false;

    (void)state;
    assert_int_equal(answer(p, p->request, p->request_len), QW_OK);
    whole = p->message_len;
    syndrome_pair_free(p);
    for (size_t len = 0; len <= whole + 1; len++) {
        p = asking();
        if (len != whole) {
            assert_int_equal(answer(p, p->request, p->request_len), QW_OK);
            p->message[whole] = 0;
            assert_int_equal(qw_syndrome_next(p->receiver, p->message, len, p->request,
                                              sizeof p->request, &p->request_len, &is_done),
                             QW_ERR_FORMAT);
            assert_int_equal(qw_syndrome_next(p->receiver, p->message, whole, p->request,
                                              sizeof p->request, &p->request_len, &is_done),
                             QW_ERR_STATE);
        }
        syndrome_pair_free(p);
    }
}

/* What the sender's first message says, changed at one bit each, and then no further lie. [S4] */
static void every_changed_message_is_refused_or_ends_in_another_string(void **state)
{
    struct syndrome_pair *p = syndrome_pair_new(300, 180);
    uint8_t *noisy = malloc(p->len);
    unsigned refused = 0;
    unsigned differ = 0;
    unsigned given_up = 0;
    struct qw_prng prng;
    size_t bits;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    syndrome_pair_draw(p, &prng, 0.03);
    memcpy(noisy, p->noisy, p->len);
    bits = 8 * (QW_SYNDROME_HEAD_LEN + QW_BITS_TO_BYTES(180));
    for (size_t i = 0; i < bits; i++) {
        bool is_done = false;
        qw_err err;

        memcpy(p->noisy, noisy, p->len);
        assert_int_equal(syndrome_pair_begin(p, 30000), QW_OK);
        assert_int_equal(8 * p->message_len, bits);
        p->message[i / 8] ^= (uint8_t)(1u << i % 8);
        do {
            err = syndrome_pair_step(p, &is_done);
        } while (err == QW_OK && !is_done);
        if (err != QW_OK) {
            refused++;
            continue;
        }
        err = qw_syndrome_receiver_key(p->receiver, p->noisy);
        given_up += err != QW_OK;
        assert_true(err != QW_OK || !syndrome_pair_agrees(p));
        differ += err == QW_OK;
    }
    printf("%zu flips: %u refused, %u other strings, %u given up\n", bits, refused, differ,
           given_up);
    assert_true(refused >= 8 * QW_SYNDROME_HEAD_LEN);
    assert_true(differ + given_up >= 180);
    free(noisy);
    syndrome_pair_free(p);
}

/* A sender that says a wrong bit for each question. */
static void lying_bits_end_in_an_error_or_in_another_string(void **state)
{
    struct syndrome_pair *p = syndrome_pair_new(BITS, CHECKS);
    unsigned lied = 0;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 3);
    for (int frame = 0; frame < 30; frame++) {
        bool is_done = false;
        bool asked = false;
        qw_err err;

        syndrome_pair_draw(p, &prng, 0.07);
        err = syndrome_pair_begin(p, QBER_PPM);
        while (err == QW_OK && !is_done) {
            err = syndrome_pair_step(p, &is_done);
            if (!is_done && err == QW_OK) {
                p->message[QW_SYNDROME_BITS_HEAD_LEN] ^= 0x80;
                asked = true;
            }
        }
        assert_int_equal(err, QW_OK);
        if (asked) {
            lied++;
            assert_true(qw_syndrome_receiver_key(p->receiver, p->noisy) != QW_OK ||
                        !syndrome_pair_agrees(p));
        }
    }
    assert_true(lied > 10);
    syndrome_pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sender_says_no_bit_twice),
        cmocka_unit_test(a_sender_says_no_more_than_there_are_bits),
        cmocka_unit_test(a_sender_answers_a_bounded_number_of_rounds),
        cmocka_unit_test(rounds_out_of_turn_are_refused),
        cmocka_unit_test(another_count_of_leakage_is_a_conflict),
        cmocka_unit_test(a_receiver_refuses_what_is_no_answer),
        cmocka_unit_test(every_changed_message_is_refused_or_ends_in_another_string),
        cmocka_unit_test(lying_bits_end_in_an_error_or_in_another_string),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
