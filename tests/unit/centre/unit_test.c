/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C16 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/people/unit.h"

#include <string.h>

static void takes_paths_of_names_and_nothing_else(void **state)
{
    static const char *const good[] = { "/", "/a", "/north", "/north/gas", "/North-2/Gas/7" };
    static const char *const bad[] = {
        "",      "north", "//",  "/north/",   "/north//gas", "/a b",      "/a.b",
        "/../a", "/a\n",  "/a*", "/\xc3\xa9", "north/gas",   "/north_gas"
    };
    char longest[QW_UNIT_CAP + 1];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(qw_unit_ok(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(qw_unit_ok(bad[i]));
    }
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[QW_UNIT_CAP] = '\0';
    assert_false(qw_unit_ok(longest));
    longest[QW_UNIT_CAP - 1] = '\0';
    assert_true(qw_unit_ok(longest));
}

static void a_place_lies_beneath_its_ancestors_and_nobody_else(void **state)
{
    static const struct {
        const char *unit, *place;
        bool contains;
    } rows[] = {
        { "/", "/", true },
        { "/", "/north/gas", true },
        { "/north", "/north", true },
        { "/north", "/north/gas", true },
        { "/north", "/", false },
        { "/north/gas", "/north", false },
        { "/north", "/northern", false },
        { "/north", "/south", false },
        { "/northern", "/north", false },
        { "/north/gas", "/south/gas", false },
        { "/North", "/north", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(qw_unit_contains(rows[i].unit, rows[i].place), rows[i].contains);
    }
}

static void a_tenant_is_the_first_name(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "/", "/", true },
        { "/north", "/north/gas", true },
        { "/north/gas", "/north/water/1", true },
        { "/", "/north", false },
        { "/north", "/northern", false },
        { "/north/gas", "/south/gas", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(qw_unit_share_tenant(rows[i].a, rows[i].b), rows[i].same);
        assert_int_equal(qw_unit_share_tenant(rows[i].b, rows[i].a), rows[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_paths_of_names_and_nothing_else),
        cmocka_unit_test(a_tenant_is_the_first_name),
        cmocka_unit_test(a_place_lies_beneath_its_ancestors_and_nobody_else),
    };

    return cmocka_run_group_tests_name("centre.unit", tests, NULL, NULL);
}
