/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W10 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/plkg/disagreement.h"

#include <string.h>

enum { PROBES = 3, STRIDE = 4 };

/* Two numbers of each probe count, with 3 and 1 bits of cells that are 10 wide. */
static const struct qw_model model = {
    .dims = 2, .centre = { 0, 0 }, .width = { 10, 10 }, .depth = { 3, 1 }
};

static struct qw_plkg_disagreement count(const int32_t *x, const int32_t *y, size_t probes)
{
    struct qw_disclosed disclosed = { .count = probes, .stride = STRIDE, .x = x, .y = y };

    return qw_plkg_disagreement_count(&disclosed, &model);
}

static void counts_bits_of_cells_and_not_cells(void **state)
{
    /* cells of the first number: 4 = 100 and 3 = 011, three bits; 4 and 5, one; equal. Of the
     * second one: 1 and 0; equal; equal. What is not used does not count. */
    const int32_t x[PROBES * STRIDE] = { 5, 5, 1, 1, 5, 5, 2, 2, 15, -5, 3, 3 };
    const int32_t y[PROBES * STRIDE] = { -5, -5, 9, 9, 15, 5, 9, 9, 19, -1, 9, 9 };
    struct qw_plkg_disagreement found = count(x, y, PROBES);

    (void)state;
    assert_int_equal(found.compared_bits, PROBES * 4);
    assert_int_equal(found.different_bits, 3 + 1 + 1);
    assert_int_equal(count(x, x, PROBES).different_bits, 0);
}

static void numbers_beyond_the_cells_are_in_the_last_one(void **state)
{
    const int32_t x[STRIDE] = { 1000000, -1000000, 0, 0 };
    const int32_t y[STRIDE] = { 35, -5, 0, 0 };

    (void)state;
    assert_int_equal(count(x, y, 1).different_bits, 0);
    assert_int_equal(count(x, y, 0).compared_bits, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_bits_of_cells_and_not_cells),
        cmocka_unit_test(numbers_beyond_the_cells_are_in_the_last_one),
    };

    return cmocka_run_group_tests_name("radio.plkg_disagreement", tests, NULL, NULL);
}
