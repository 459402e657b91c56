/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* A clock that jumps is in the journal, once, and one that is adjusted is not. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"

#include "centre/clock_watch.h"

static int64_t monotonic_ms;
int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return monotonic_ms;
}

static void pass(int64_t ms)
{
    monotonic_ms += ms;
    scene_now_ms += ms;
}

static uint64_t records_of(struct scene *scene)
{
    return status_of(scene).audit_records;
}

/* A look that writes what is expected, "" for nothing. */
static void look(struct scene *scene, const char *detail)
{
    uint64_t before = records_of(scene);

    assert_int_equal(qw_centre_clock_watch(scene->centre), QW_OK);
    assert_int_equal(records_of(scene) - before, detail[0] == '\0' ? 0 : 1);
    if (detail[0] != '\0') {
        assert_last_deed(scene, "clock", QW_ERR_CONFLICT, detail);
    }
}

static void what_time_does_by_itself_is_no_jump(void **state)
{
    struct scene *scene = *state;

    look(scene, "");
    for (int i = 0; i < 5; i++) {
        pass(1000);
        scene_now_ms += i % 2 == 0 ? 9999 : -9999; /* steps of time synchronisation */
        look(scene, "");
    }
    pass(86400000); /* a process that was stopped for a day */
    look(scene, "");
}

static void a_jump_either_way_is_one_record(void **state)
{
    struct scene *scene = *state;

    look(scene, "");
    pass(1000);
    scene_now_ms -= 3600000;
    look(scene, "went back by 3600 s");
    pass(1000);
    look(scene, "");
    scene_now_ms += 10000;
    look(scene, "went ahead by 10 s");
    pass(1000);
    look(scene, "");
    assert_journal_whole(scene);
}

static void one_that_was_set_back_while_nobody_served_is_noticed(void **state)
{
    struct scene *scene = *state;

    scene_restart(scene);
    scene_now_ms -= 7200000;
    look(scene, "behind the store by 7");
    look(scene, "");
}

static void what_cannot_be_written_is_written_later(void **state)
{
    struct scene *scene = *state;

    look(scene, "");
    scene_now_ms += 60000;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_clock_watch(scene->centre), QW_ERR_IO);
    look(scene, "went ahead by 60 s");
    look(scene, "");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(what_time_does_by_itself_is_no_jump),
        CASE(a_jump_either_way_is_one_record),
        CASE(one_that_was_set_back_while_nobody_served_is_noticed),
        CASE(what_cannot_be_written_is_written_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
