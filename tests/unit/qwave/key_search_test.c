/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#include "lab/key/key_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct key_channel one_mode(double eigenvalue, double capacity_bits)
{
    return (struct key_channel){
        .modes = 1, .eigenvalue = { eigenvalue }, .noise = 0.01, .capacity_bits = capacity_bits
    };
}

static void finds_about_as_many_probes_as_a_key_costs(void **state)
{
    struct key_channel channel = one_mode(10.0, 8.97);
    struct key_plan plan;

    (void)state;
    assert_int_equal(key_search(&channel, 32, 0, 1, &plan), QW_OK);
    assert_in_range(plan.probes, 48, 64); /* 417 bits at 8.97 are 47 */
}

static void a_number_that_is_given_stands(void **state)
{
    struct key_channel channel = one_mode(10.0, 8.97);
    struct key_plan plan;

    (void)state;
    assert_int_equal(key_search(&channel, 32, 100, 1, &plan), QW_OK);
    assert_int_equal(plan.probes, 100);
}

static void refuses_what_cannot_be(void **state)
{
    struct key_channel channel = one_mode(10.0, 8.97);
    struct key_channel weak = one_mode(0.002, 0.04);
    struct key_channel fine = one_mode(1e9, 35.0);
    struct key_plan plan = { .probes = 77 };

    (void)state;
    assert_int_equal(key_search(&channel, 32, 1, 1, &plan), QW_ERR_ARG); /* two numbers */
    assert_int_equal(key_search(&fine, 32, 0, 1, &plan), QW_ERR_ARG);    /* too many cells */
    assert_int_equal(key_search(&weak, 32, 0, 1, &plan), QW_ERR_REFUSED);
    assert_int_equal(plan.probes, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_about_as_many_probes_as_a_key_costs),
        cmocka_unit_test(a_number_that_is_given_stands),
        cmocka_unit_test(refuses_what_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
