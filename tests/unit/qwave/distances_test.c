/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "lab/distances.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void one_a_list_and_a_range(void **state)
{
    struct distances d;

    (void)state;
    assert_true(distances_parse("50", &d));
    assert_true(d.count == 1 && d.km[0] == 50);
    assert_true(distances_parse("0,12.5,2000", &d));
    assert_true(d.count == 3 && d.km[0] == 0 && d.km[1] == 12.5 && d.km[2] == 2000);
    assert_true(distances_parse("0:1:0.1", &d));
    assert_true(d.count == 11 && fabs(d.km[10] - 1) < 1e-9);
    assert_true(distances_parse("10:35:10", &d));
    assert_true(d.count == 3 && d.km[2] == 30);
    assert_true(distances_parse("7:7:1", &d));
    assert_int_equal(d.count, 1);
}

static void anything_else_is_refused_and_changes_nothing(void **state)
{
    static const char *const wrong[] = { "",     "x",   "-1",       "2000.1", "1,",      ",1",
                                         "1,,2", "1:2", "1:2:0",    "3:2:1",  "1:2:3:4", "1 ",
                                         "nan",  "1e9", "0:2000:1", "1;2" };
    struct distances d = { .count = 77 };
    char long_list[3 * DISTANCES_MAX] = "1";
    size_t len = 1;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(distances_parse(wrong[i], &d));
    }
    for (size_t i = 1; i < DISTANCES_MAX + 1; i++, len += 2) {
        memcpy(long_list + len, ",1", 3);
    }
    assert_false(distances_parse(long_list, &d));
    assert_int_equal(d.count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_a_list_and_a_range),
        cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
