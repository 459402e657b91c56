/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#define _DEFAULT_SOURCE
#include "lab/key/key_maker.h"

#include "distill/verify.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_qw_verify_tag(const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *bits, size_t n,
                          uint8_t tag[static QW_VERIFY_TAG_LEN]);
void __wrap_qw_verify_tag(const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *bits, size_t n,
                          uint8_t tag[static QW_VERIFY_TAG_LEN]);
qw_err __real_qw_multilevel_decode(struct qw_multilevel *multilevel, const float *mean,
                                   const uint8_t *message, size_t len, uint16_t *symbol);
qw_err __wrap_qw_multilevel_decode(struct qw_multilevel *multilevel, const float *mean,
                                   const uint8_t *message, size_t len, uint16_t *symbol);

static int fail_at, allocations;
static bool is_twisted; /* the decoder's first word is wrong in one bit */
static bool is_blind;   /* every word passes the check */

void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}

void __wrap_qw_verify_tag(const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *bits, size_t n,
                          uint8_t tag[static QW_VERIFY_TAG_LEN])
{
    __real_qw_verify_tag(key, bits, n, tag);
    if (is_blind) {
        memset(tag, 0, QW_VERIFY_TAG_LEN);
    }
}

qw_err __wrap_qw_multilevel_decode(struct qw_multilevel *multilevel, const float *mean,
                                   const uint8_t *message, size_t len, uint16_t *symbol)
{
    qw_err err = __real_qw_multilevel_decode(multilevel, mean, message, len, symbol);

    if (err == QW_OK && is_twisted) {
        symbol[0] ^= 1;
    }
    return err;
}

static const struct key_channel channel = {
    .modes = 3, .eigenvalue = { 10.0, 1.0, 0.1 }, .noise = 0.01, .capacity_bits = 17.17
};

static void make(size_t probes, uint64_t seed, bool is_trial, int keys, struct key_tally *tally)
{
    struct key_plan plan;
    struct key_maker *maker;

    assert_int_equal(key_plan_make(&channel, 32, probes, 3, 3.0, &plan), QW_OK);
    assert_int_equal(key_maker_new(&plan, seed, is_trial, &maker), QW_OK);
    *tally = (struct key_tally){ 0 };
    for (int i = 0; i < keys; i++) {
        assert_int_equal(key_maker_make(maker, tally), QW_OK);
    }
    key_maker_free(maker);
    tally->cpu_s = 0.0;
}

static void enough_probes_make_equal_keys(void **state)
{
    struct key_tally tally;

    (void)state;
    make(40, 1, false, 100, &tally);
    assert_int_equal(tally.asked, 100);
    assert_true(tally.made >= 90);
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.made + tally.undecoded + tally.too_short, 100);
    assert_true(tally.course_bits == 100 * KEY_DONE_BITS + tally.more * KEY_MORE_BITS);
}

/* The mean of what strings are worth is their entropy. */
static void strings_are_worth_their_entropy_on_the_average(void **state)
{
    struct key_plan plan;
    struct key_tally tally;
    double deviation = 0.5 * M_SQRT2 * M_LOG2E * sqrt(240.0 / 100.0); /* of a mean of 100 */

    (void)state;
    make(40, 1, false, 100, &tally);
    assert_int_equal(key_plan_make(&channel, 32, 40, 3, 3.0, &plan), QW_OK);
    assert_true(fabs(tally.worth_bits / 100.0 - plan.entropy_bits) < 4.0 * deviation);
}

static void too_few_probes_make_none(void **state)
{
    struct key_tally tally;

    (void)state;
    make(20, 1, false, 50, &tally);
    assert_int_equal(tally.made, 0);
    assert_true(tally.too_short >= 45);
}

static void a_seed_repeats_and_trials_are_others(void **state)
{
    struct key_tally a;
    struct key_tally b;
    struct key_tally trial;

    (void)state;
    make(30, 5, false, 20, &a);
    make(30, 5, false, 20, &b);
    make(30, 5, true, 20, &trial);
    assert_true(a.worth_bits == b.worth_bits && a.said_bits == b.said_bits && a.made == b.made);
    assert_true(a.worth_bits != trial.worth_bits);
}

/* Without the check such keys differ, and they are counted. */
static void the_check_finds_a_wrong_word(void **state)
{
    struct key_tally tally;

    (void)state;
    is_twisted = true;
    make(40, 1, false, 20, &tally);
    assert_true(tally.made >= 15);
    assert_int_equal(tally.wrong, 0);
    is_blind = true;
    make(40, 1, false, 20, &tally);
    is_blind = false;
    is_twisted = false;
    assert_true(tally.made >= 15);
    assert_true(tally.wrong >= 5);
    assert_true(tally.wrong <= tally.made);
}

static void no_memory_is_said(void **state)
{
    struct key_plan plan;
    struct key_maker *maker = NULL;
    qw_err err = QW_ERR_NOMEM;
    int i = 1;

    (void)state;
    assert_int_equal(key_plan_make(&channel, 32, 30, 3, 3.0, &plan), QW_OK);
    for (; err == QW_ERR_NOMEM; i++) {
        assert_null(maker);
        allocations = 0;
        fail_at = i;
        err = key_maker_new(&plan, 1, false, &maker);
    }
    fail_at = 0;
    assert_int_equal(err, QW_OK);
    assert_true(i > 5);
    key_maker_free(maker);
    key_maker_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_probes_make_equal_keys),
        cmocka_unit_test(strings_are_worth_their_entropy_on_the_average),
        cmocka_unit_test(too_few_probes_make_none),
        cmocka_unit_test(a_seed_repeats_and_trials_are_others),
        cmocka_unit_test(the_check_finds_a_wrong_word),
        cmocka_unit_test(no_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
