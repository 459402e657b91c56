/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 */
/* The conformance checks of ETSI GS QKD 004 against a little server that is right, and then wrong
 * in one way after the other: each wrongness must fail the check that is named for it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/qwave/little_004.h"

static struct little little;

static const struct conform_row *row_of(const struct conform_report *report, const char *id)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->rows[i].title.id, id) == 0) {
            return &report->rows[i];
        }
    }
    fail_msg("no check %s", id);
    return NULL;
}

static void a_right_server_passes_everything_and_nothing_is_left_open(void **state)
{
    struct conform_report report;

    (void)state;
    little_run(&little, RIGHT, true, &report);
    for (size_t i = 0; i < report.count; i++) {
        if (report.rows[i].result != CONFORM_PASSED) {
            fail_msg("%s: %s", report.rows[i].title.id, report.rows[i].reason);
        }
    }
    assert_int_equal(report.passed, report.count);
    assert_int_equal(report.mandatory_failed, 0);
    assert_int_equal(little.left_open, 0);
}

static void what_cannot_be_tried_is_skipped(void **state)
{
    static const char *const skipped[] = { "O8", "G10", "C5" };
    struct conform_report report;

    (void)state;
    little_run(&little, RIGHT, false, &report);
    assert_int_equal(report.failed, 0);
    assert_int_equal(report.skipped, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(row_of(&report, skipped[i])->result, CONFORM_SKIPPED);
        assert_string_not_equal(row_of(&report, skipped[i])->reason, "");
    }
}

static void each_wrongness_fails_its_check(void **state)
{
    static const struct {
        const char *name, *check;
    } rows[WRONGNESS_COUNT] = {
#define LITTLE_ROW(name, check) [name] = { #name, check },
        LITTLE_WRONGNESSES(LITTLE_ROW)
#undef LITTLE_ROW
    };
    struct conform_report report;

    (void)state;
    for (int wrongness = RIGHT + 1; wrongness < WRONGNESS_COUNT; wrongness++) {
        const struct conform_row *row;

        little_run(&little, (enum wrongness)wrongness, true, &report);
        row = row_of(&report, rows[wrongness].check);
        if (row->result != CONFORM_FAILED || row->reason[0] == '\0') {
            fail_msg("%s was not found by %s", rows[wrongness].name, row->title.id);
        }
        assert_true(!row->title.is_mandatory || report.mandatory_failed >= 1);
        assert_int_equal(report.passed + report.failed + report.skipped, report.count);
    }
}

/* A suite that finds fault everywhere would find each of them: most leave most checks alone. */
static void a_wrongness_fails_few_checks_beside_its_own(void **state)
{
    static const enum wrongness rows[] = { TAKES_ANY_VERSION,    WAITS_FOR_HALVES,
                                           OPENS_AN_END_TWICE,   KNOWS_EVERYBODY,
                                           GIVES_TO_STRANGERS,   GIVES_SHORT_CHUNKS,
                                           NEVER_WAITS,          IGNORES_THE_RATE,
                                           CLOSES_UNKNOWN_NAMES, USES_NAMES_AGAIN };
    struct conform_report report;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        little_run(&little, rows[i], true, &report);
        assert_in_range(report.failed, 1, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_server_passes_everything_and_nothing_is_left_open),
        cmocka_unit_test(what_cannot_be_tried_is_skipped),
        cmocka_unit_test(each_wrongness_fails_its_check),
        cmocka_unit_test(a_wrongness_fails_few_checks_beside_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
