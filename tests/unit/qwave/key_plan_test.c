/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#include "lab/key/key_plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fail_at, allocations;

void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}

/* Three modes of 30, 20 and 10 dB. */
static struct key_channel channel_of(double eve_correlation)
{
    return (struct key_channel){ .modes = 3,
                                 .eigenvalue = { 10.0, 1.0, 0.1 },
                                 .noise = 0.01,
                                 .eve_correlation = eve_correlation,
                                 .capacity_bits = 8.97 + 5.67 + 2.53 };
}

static void a_plan_has_the_information_of_its_modes_and_an_account(void **state)
{
    struct key_channel channel = channel_of(0.0);
    struct key_plan plan;
    struct qw_multilevel *reconciler;
    size_t bits = 0;

    (void)state;
    assert_int_equal(key_plan_make(&channel, 32, 30, 2, 3.0, &plan), QW_OK);
    assert_int_equal(key_plan_numbers(&plan), 120);
    assert_true(fabs(plan.information_bits - 30 * (8.97 + 5.67)) < 0.5);
    assert_true(plan.entropy_bits == plan.cells_bits); /* nobody else knows anything */
    assert_true(plan.loss_bits == 128.0 && plan.order == 2.0);
    assert_true(fabs(plan.spare_bits - (plan.entropy_bits - 128 - 32 - KEY_DONE_BITS - KEY_BITS -
                                        (double)plan.first_bits)) < 1e-9);
    for (size_t k = 0; k < 2; k++) {
        bits += 60u * plan.mode[k].depth;
        assert_true(plan.mode[k].number.left == 1.0);
    }
    assert_int_equal(plan.string_bits, bits);
    assert_int_equal(key_plan_reconciler(&plan, &reconciler), QW_OK);
    assert_int_equal(qw_multilevel_leak_bits(reconciler), plan.first_bits);
    qw_multilevel_free(reconciler);
}

static void what_the_eavesdropper_knows_is_no_entropy(void **state)
{
    struct key_channel channel = channel_of(0.9);
    struct key_plan plan;

    (void)state;
    assert_int_equal(key_plan_make(&channel, 32, 30, 2, 3.0, &plan), QW_OK);
    assert_true(fabs(plan.mode[0].number.left - (10.01 - 0.81 * 10.0) / 10.01) < 1e-9);
    assert_true(plan.entropy_bits < plan.cells_bits - 60);
    assert_true(plan.loss_bits > 128.0);
}

static void what_no_code_takes_is_refused_and_changes_nothing(void **state)
{
    struct key_channel channel = channel_of(0.0);
    struct key_plan plan = { .probes = 77 };

    (void)state;
    assert_int_equal(key_plan_make(&channel, 32, 15, 2, 3.0, &plan), QW_ERR_ARG); /* 60 numbers */
    channel.noise = 1e-8;
    assert_int_equal(key_plan_make(&channel, 32, 30, 2, 3.0, &plan), QW_ERR_ARG); /* too fine */
    assert_int_equal(plan.probes, 77);
}

static void the_best_come_first(void **state)
{
    struct key_channel channel = channel_of(0.0);
    struct key_plan plan[KEY_PLANS];
    size_t count;

    (void)state;
    assert_int_equal(key_plan_best(&channel, 32, 40, plan, &count), QW_OK);
    assert_int_equal(count, KEY_PLANS);
    for (size_t i = 1; i < count; i++) {
        assert_true(plan[i].spare_bits <= plan[i - 1].spare_bits);
    }
    for (size_t modes = 1; modes <= 3; modes++) {
        struct key_plan other;

        assert_int_equal(key_plan_make(&channel, 32, 40, modes, 3.0, &other), QW_OK);
        assert_true(other.spare_bits <= plan[0].spare_bits);
    }
    assert_int_equal(key_plan_best(&channel, 32, 1, plan, &count), QW_OK);
    assert_int_equal(count, 0);
}

static void no_memory_is_said(void **state)
{
    struct key_channel channel = channel_of(0.0);
    struct key_plan plan[KEY_PLANS];
    size_t count;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        allocations = 0;
        fail_at = i;
        assert_int_equal(key_plan_best(&channel, 32, 40, plan, &count), QW_ERR_NOMEM);
    }
    fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_has_the_information_of_its_modes_and_an_account),
        cmocka_unit_test(what_the_eavesdropper_knows_is_no_entropy),
        cmocka_unit_test(what_no_code_takes_is_refused_and_changes_nothing),
        cmocka_unit_test(the_best_come_first),
        cmocka_unit_test(no_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
