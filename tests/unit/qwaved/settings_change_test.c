/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reload/settings_change.h"

#include <stdio.h>
#include <string.h>

static struct settings some(void)
{
    struct settings s = { .centre_id = "c-1", .syslog = "/dev/log", .threads = 8 };

    return s;
}

/* Another value in one row of the table. */
static void alter(struct settings *s, const struct qw_config_row *row)
{
    char *member = (char *)s + row->offset;

    member[0] = (char)(member[0] + 1);
}

static void one_row_changes_one_name_and_no_other(void **state)
{
    struct settings before = some();
    struct settings_change change;
    size_t live = 0;

    (void)state;
    settings_compare(&before, &before, &change);
    assert_int_equal(change.live_count + change.fixed_count, 0);
    for (size_t i = 0; i < settings_row_count; i++) {
        struct settings after = before, taken = before;

        alter(&after, &settings_rows[i]);
        settings_compare(&before, &after, &change);
        assert_int_equal(change.live_count + change.fixed_count, 1);
        assert_string_equal(change.live_count == 1 ? change.live[0] : change.fixed[0],
                            settings_rows[i].name);
        settings_take_live(&taken, &after);
        assert_memory_equal(&taken, change.live_count == 1 ? &after : &before, sizeof taken);
        live += change.live_count;
    }
    assert_int_equal(live, 14);
}

static void all_at_once_are_told_apart(void **state)
{
    struct settings before = some(), after = some();
    struct settings_change change;

    (void)state;
    for (size_t i = 0; i < settings_row_count; i++) {
        alter(&after, &settings_rows[i]);
    }
    settings_compare(&before, &after, &change);
    assert_int_equal(change.live_count, 14);
    assert_int_equal(change.live_count + change.fixed_count, settings_row_count);
    settings_take_live(&before, &after);
    settings_compare(&before, &after, &change);
    assert_int_equal(change.live_count, 0); /* the others wait for a restart */
    assert_int_not_equal(change.fixed_count, 0);
}

static void to_ship_the_journal_or_not_takes_a_restart(void **state)
{
    struct settings before = some(), after = some();
    struct settings_change change;

    (void)state;
    after.syslog[0] = '\0';
    settings_compare(&before, &after, &change);
    assert_int_equal(change.fixed_count, 1);
    settings_take_live(&before, &after);
    assert_string_equal(before.syslog, "/dev/log");
    settings_compare(&after, &before, &change);
    assert_int_equal(change.fixed_count, 1);
}

/* Who may do what, and who keeps the key, is decided by a start. */
static void nothing_of_security_is_relaxed_by_a_reload(void **state)
{
    static const char *const never[] = { "dual_control", "custody",        "passphrase_file",
                                         "database",     "high_mark",      "centre_id",
                                         "window_ms",    "revocation_list" };
    const struct settings before = some();

    (void)state;
    for (size_t i = 0; i < settings_row_count; i++) {
        struct settings after = before;
        struct settings_change change;

        alter(&after, &settings_rows[i]);
        settings_compare(&before, &after, &change);
        for (size_t n = 0; n < sizeof never / sizeof never[0]; n++) {
            assert_true(strcmp(never[n], settings_rows[i].name) != 0 || change.live_count == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_changes_one_name_and_no_other),
        cmocka_unit_test(all_at_once_are_told_apart),
        cmocka_unit_test(to_ship_the_journal_or_not_takes_a_restart),
        cmocka_unit_test(nothing_of_security_is_relaxed_by_a_reload),
    };

    return cmocka_run_group_tests_name("qwaved.settings_change", tests, NULL, NULL);
}
