/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C16 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/key/releases.h"

static void sums_up_what_counts_in_the_same_charge(void **state)
{
    struct qw_key_release list[4];
    struct qw_key_releases releases = { .list = list, .cap = 4 };
    struct qw_key_charge a = { .unit = "a", .seq = 1 };
    struct qw_key_charge later = { .unit = "a", .seq = 2 };
    struct qw_key_charge b = { .unit = "b", .seq = 2 };

    (void)state;
    qw_key_releases_note(&releases, &a, 2);
    qw_key_releases_note(&releases, &a, 3);
    qw_key_releases_note(&releases, &later, 5);
    qw_key_releases_note(&releases, &b, 7);
    qw_key_releases_note(&releases, &a, 1); /* only neighbours are put together */
    assert_int_equal(releases.count, 4);
    assert_int_equal(list[0].keys, 5);
    assert_string_equal(list[0].charge.unit, "a");
    assert_int_equal(list[0].charge.seq, 1);
    assert_int_equal(list[1].keys, 5);
    assert_int_equal(list[1].charge.seq, 2);
    assert_int_equal(list[2].keys, 7);
    assert_string_equal(list[2].charge.unit, "b");
    assert_int_equal(list[3].keys, 1);
}

static void leaves_out_what_no_unit_counts(void **state)
{
    struct qw_key_release list[1];
    struct qw_key_releases releases = { .list = list, .cap = 1 };
    struct qw_key_charge nobody = { .unit = "" };
    struct qw_key_charge a = { .unit = "a" };

    (void)state;
    qw_key_releases_note(&releases, &nobody, 9);
    qw_key_releases_note(&releases, &a, 0);
    assert_int_equal(releases.count, 0);
    qw_key_releases_note(&releases, &a, 1);
    qw_key_releases_note(&releases, &nobody, 9);
    qw_key_releases_note(&releases, &a, 1);
    assert_int_equal(releases.count, 1);
    assert_int_equal(list[0].keys, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_up_what_counts_in_the_same_charge),
        cmocka_unit_test(leaves_out_what_no_unit_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
