/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
#include "distill/ldpc_decoder.h"

#include "base/prng.h"
#include "distill/ldpc_split.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BITS = 1000, CHECKS = 560 };

struct bench {
    struct qw_ldpc_code *code;
    struct qw_ldpc_decoder *decoder;
    struct qw_prng prng;
    uint8_t bit[2 * BITS];
    uint8_t syndrome[2 * BITS];
    uint8_t word[2 * BITS];
    float llr[2 * BITS];
};

static void open_bench(struct bench *b, size_t checks)
{
    memset(b, 0, sizeof *b);
    qw_prng_init(&b->prng, test_seed(), 1);
    assert_int_equal(qw_ldpc_code_new(BITS, checks, &b->code), QW_OK);
    assert_int_equal(qw_ldpc_decoder_new(b->code, &b->decoder), QW_OK);
    for (size_t i = 0; i < BITS; i++) {
        b->bit[i] = qw_prng_u64(&b->prng) & 1;
    }
    qw_ldpc_code_syndrome(b->code, b->bit, b->syndrome);
}

static void close_bench(struct bench *b)
{
    qw_ldpc_decoder_free(b->decoder);
    qw_ldpc_code_free(b->code);
}

static void hear(struct bench *b, double error_rate)
{
    float sure = (float)log((1.0 - error_rate) / error_rate);

    for (size_t i = 0; i < BITS; i++) {
        bool error = qw_prng_uniform(&b->prng) < error_rate;

        b->llr[i] = (b->bit[i] != 0) != error ? -sure : sure;
    }
}

static bool search(struct bench *b, unsigned iterations_max)
{
    qw_ldpc_decoder_load(b->decoder, b->llr);
    return qw_ldpc_decoder_run(b->decoder, b->code, b->syndrome, iterations_max, b->word);
}

/* 7 % of the bits wrong cost h(0.07) = 0.366 of the 0.56 that the syndrome says. */
static void corrects_a_noisy_word_from_its_syndrome(void **state)
{
    static struct bench b;
    size_t right = 0;

    (void)state;
    open_bench(&b, CHECKS);
    for (int i = 0; i < 50; i++) {
        hear(&b, 0.07);
        if (search(&b, 100)) {
            right += memcmp(b.word, b.bit, BITS) == 0;
        }
    }
    printf("%zu of 50 frames right\n", right);
    assert_true(right >= 48);
    close_bench(&b);
}

static void takes_a_word_that_is_right_already_in_no_iteration(void **state)
{
    static struct bench b;

    (void)state;
    open_bench(&b, CHECKS);
    for (size_t i = 0; i < BITS; i++) {
        b.llr[i] = b.bit[i] ? -0.1f : 0.1f;
    }
    assert_true(search(&b, 0));
    assert_memory_equal(b.word, b.bit, BITS);
    close_bench(&b);
}

static void says_so_and_writes_nothing_when_the_noise_is_too_strong(void **state)
{
    static struct bench b;

    (void)state;
    open_bench(&b, CHECKS);
    hear(&b, 0.25);
    memset(b.word, 0xaa, sizeof b.word);
    assert_false(search(&b, 30));
    for (size_t i = 0; i < sizeof b.word; i++) {
        assert_int_equal(b.word[i], 0xaa);
    }
    close_bench(&b);
}

static void a_found_word_always_has_the_syndrome(void **state)
{
    static struct bench b;
    uint8_t check[2 * BITS];
    int found = 0;

    (void)state;
    open_bench(&b, 100); /* far too few checks: many words fit */
    for (int i = 0; i < 200; i++) {
        memset(b.word, 0, sizeof b.word);
        hear(&b, 0.02);
        if (search(&b, 50)) {
            found++;
            qw_ldpc_code_syndrome(b.code, b.word, check);
            assert_memory_equal(check, b.syndrome, b.code->checks);
        }
    }
    printf("%d words found\n", found);
    assert_true(found > 0);
    close_bench(&b);
}

static void known_bits_stay_known(void **state)
{
    static struct bench b;

    (void)state;
    open_bench(&b, CHECKS);
    hear(&b, 0.25);
    for (size_t i = 0; i < BITS; i++) {
        if (i % 4 != 0) { /* three quarters are told: the rest follows from the checks */
            b.llr[i] = b.bit[i] ? -QW_LDPC_LLR_KNOWN : QW_LDPC_LLR_KNOWN;
        }
    }
    assert_true(search(&b, 100));
    assert_memory_equal(b.word, b.bit, BITS);
    close_bench(&b);
}

/* Stuck with the first syndrome, done with the parities of half rows, from where it was. */
static void further_parities_finish_what_got_stuck(void **state)
{
    static struct bench b;
    static uint8_t syndrome[4 * BITS];
    static uint32_t row_start[4 * BITS];
    struct qw_ldpc_code halved;
    int stuck = 0;
    int rescued = 0;

    (void)state;
    open_bench(&b, CHECKS);
    qw_ldpc_split(b.code, b.code->rows, row_start, &halved);
    qw_ldpc_code_syndrome(&halved, b.bit, syndrome);
    for (int i = 0; i < 20; i++) {
        hear(&b, 0.13);
        if (!search(&b, 60)) {
            stuck++;
            rescued += qw_ldpc_decoder_run(b.decoder, &halved, syndrome, 60, b.word) &&
                       memcmp(b.word, b.bit, BITS) == 0;
        }
    }
    printf("%d of 20 stuck, %d of them rescued\n", stuck, rescued);
    assert_true(stuck >= 15);
    assert_true(rescued >= stuck - 1);
    close_bench(&b);
}

static void construction_survives_every_failing_allocation(void **state)
{
    struct qw_ldpc_code *code = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_ldpc_code_new(100, 60, &code), QW_OK);
    for (int n = 1; err != QW_OK; n++) {
        struct qw_ldpc_decoder *decoder = NULL;

        assert_true(n < 100);
        fail_at = n;
        err = qw_ldpc_decoder_new(code, &decoder);
        fail_at = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && decoder == NULL));
        qw_ldpc_decoder_free(decoder);
    }
    qw_ldpc_code_free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corrects_a_noisy_word_from_its_syndrome),
        cmocka_unit_test(takes_a_word_that_is_right_already_in_no_iteration),
        cmocka_unit_test(says_so_and_writes_nothing_when_the_noise_is_too_strong),
        cmocka_unit_test(a_found_word_always_has_the_syndrome),
        cmocka_unit_test(known_bits_stay_known),
        cmocka_unit_test(further_parities_finish_what_got_stuck),
        cmocka_unit_test(construction_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
