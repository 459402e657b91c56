/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* Alarms of a centre on a real store: what is found, who may acknowledge, what a restart and a
 * store that cannot be written leave. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/alarm/alarm.h"
#include "centre/books.h"
#include "centre/journal/journal.h"
#include "unit/centre/scene.h"

#include <string.h>

static struct qw_alarm alarms[QW_ALARMS_MAX], changed[QW_ALARMS_MAX];
static size_t count, changed_count;

static void watch(struct scene *scene)
{
    scene_now_ms += 1000;
    qw_centre_alarm_watch(scene->centre, NULL, 0, changed, &changed_count);
    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->operator_caller, alarms, &count),
                     QW_OK);
}

static const struct qw_alarm *find(enum qw_alarm_kind kind)
{
    for (size_t i = 0; i < count; i++) {
        if (alarms[i].kind == kind) {
            return &alarms[i];
        }
    }
    return NULL;
}

static qw_err acknowledge(struct scene *scene, uint64_t number)
{
    struct qw_alarm alarm;

    return qw_centre_alarm_acknowledge(scene->centre, &scene->operator_caller, number, &alarm);
}

static int make(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    return 0;
}

static void a_centre_that_is_well_has_none(void **state)
{
    struct scene *scene = *state;
    uint64_t before = qw_centre_journal_length(scene->centre);

    watch(scene);
    assert_int_equal(count, 0);
    assert_int_equal(changed_count, 0);
    assert_int_equal(qw_centre_journal_length(scene->centre), before); /* and writes nothing */
}

static void few_keys_are_an_alarm_and_none_is_a_worse_one(void **state)
{
    struct scene *scene = *state;

    scene->centre->books.stored = scene->config.stock_keys / 4 - 1;
    watch(scene);
    assert_int_equal(count, 1);
    assert_int_equal(alarms[0].kind, QW_ALARM_STOCK);
    assert_int_equal(alarms[0].severity, QW_ALARM_MINOR);
    assert_string_equal(alarms[0].subject, "centre-1");
    scene->centre->books.stored = scene->config.stock_keys / 4 + 1; /* not enough yet */
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_ACTIVE);
    assert_int_equal(changed_count, 0);
    scene->centre->books.stored = 0;
    watch(scene);
    assert_int_equal(count, 1);
    assert_int_equal(alarms[0].severity, QW_ALARM_MAJOR);
    assert_int_equal(alarms[0].count, 2);
    scene->centre->books.stored = scene->config.stock_keys / 2;
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_CLEARED);
    scene->centre->books.stored = scene->config.stock_keys / 2 - 1;
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_CLEARED);
}

static void a_source_that_gives_nothing_is_named(void **state)
{
    struct scene *scene = *state;

    scene->left = 0;
    scene->centre->books.stored = 200; /* below what there should be: it is asked */
    (void)!qw_centre_ingest(scene->centre);
    watch(scene);
    assert_non_null(find(QW_ALARM_SOURCE));
    assert_string_equal(find(QW_ALARM_SOURCE)->subject, "test-double");
    assert_true(find(QW_ALARM_SOURCE)->text[0] != '\0');
    scene->left = SIZE_MAX / 16;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    watch(scene);
    assert_int_equal(find(QW_ALARM_SOURCE)->state, QW_ALARM_CLEARED);
}

static void a_locked_name_is_an_alarm_while_it_is_locked(void **state)
{
    struct scene *scene = *state;

    qw_alarm_note_lock(scene->centre, "urn:qwave:device:phone-1", scene_now_ms + 3500);
    watch(scene);
    assert_int_equal(alarms[0].kind, QW_ALARM_AUTHENTICATION);
    assert_string_equal(alarms[0].subject, "urn:qwave:device:phone-1");
    watch(scene);
    assert_int_equal(changed_count, 0);
    scene_now_ms += 3000;
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_CLEARED);
    qw_alarm_note_lock(scene->centre, "urn:qwave:device:phone-1", scene_now_ms + 60000);
    watch(scene);
    assert_int_equal(alarms[0].count, 2);
    qw_alarm_note_lock(scene->centre, "urn:qwave:device:phone-1", 0); /* an officer lifts it */
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_CLEARED);
    qw_alarm_note_lock(scene->centre, "urn:qwave:device:nobody", 0); /* never locked */
    for (int i = 0; i < 2 * QW_ALARM_LOCKS_MAX; i++) {
        char name[32];

        snprintf(name, sizeof name, "urn:qwave:device:%d", i);
        qw_alarm_note_lock(scene->centre, name, scene_now_ms + 60000 + i);
    }
    watch(scene);
    assert_int_equal(count, 1 + QW_ALARM_LOCKS_MAX);
}

static void what_the_program_knows_is_an_alarm_like_any_other(void **state)
{
    struct scene *scene = *state;
    const struct qw_alarm_condition outside = {
        .kind = QW_ALARM_PARTNER, .severity = QW_ALARM_MINOR, .subject = "kme-b", .text = "away"
    };

    qw_centre_alarm_watch(scene->centre, &outside, 1, changed, &changed_count);
    assert_int_equal(changed_count, 1);
    assert_string_equal(changed[0].subject, "kme-b");
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_CLEARED);
    assert_int_equal(changed_count, 1);
    assert_int_equal(changed[0].state, QW_ALARM_CLEARED);
}

static void an_acknowledgement_is_in_the_journal_and_lasts_over_a_restart(void **state)
{
    struct scene *scene = *state;
    uint64_t before;

    scene->centre->books.stored = 0;
    watch(scene);
    before = qw_centre_journal_length(scene->centre);
    assert_int_equal(acknowledge(scene, alarms[0].number), QW_OK);
    assert_int_equal(qw_centre_journal_length(scene->centre), before + 1);
    scene_restart(scene);
    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->operator_caller, alarms, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_int_equal(alarms[0].state, QW_ALARM_ACKNOWLEDGED);
    assert_string_equal(alarms[0].acknowledged_by, "alice");
    assert_int_equal(alarms[0].acknowledged_ms, scene_now_ms);
    assert_string_equal(alarms[0].text, "no key is left in stock");
    assert_int_equal(acknowledge(scene, alarms[0].number), QW_ERR_STATE);
    scene->centre->books.stored = 300;
    watch(scene); /* over, and seen */
    assert_int_equal(count, 0);
    assert_int_equal(changed_count, 1);
    assert_int_equal(changed[0].state, QW_ALARM_GONE);
    scene_restart(scene);
    scene->centre->books.stored = 0;
    watch(scene); /* comes again: another one */
    assert_int_equal(alarms[0].number, 2);
    assert_int_equal(alarms[0].state, QW_ALARM_ACTIVE);
    assert_journal_whole(scene);
}

static void strangers_and_numbers_of_nothing_are_refused(void **state)
{
    struct scene *scene = *state;
    struct qw_alarm alarm = { .number = 99 };

    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->application, alarms, &count),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_alarm_acknowledge(scene->centre, &scene->application, 1, &alarm),
                     QW_ERR_REFUSED);
    assert_int_equal(acknowledge(scene, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(alarm.number, 99);
    assert_journal_whole(scene);
}

/* The disk is full: the alarm is there at once, in memory; the store gets it when it can. */
static void a_store_that_cannot_be_written_is_an_alarm(void **state)
{
    struct scene *scene = *state;
    struct qw_alarm_counts counts;

    atomic_store(&scene->centre->write_failed, true);
    watch(scene);
    assert_int_equal(count, 1);
    assert_int_equal(alarms[0].kind, QW_ALARM_STORE);
    assert_int_equal(alarms[0].severity, QW_ALARM_MAJOR);
    qw_centre_alarm_counts(scene->centre, &counts);
    assert_int_equal(counts.listed[QW_ALARM_MAJOR], 1);
    assert_int_equal(counts.unacknowledged[QW_ALARM_MAJOR], 1);
    assert_int_equal(counts.listed[QW_ALARM_MINOR], 0);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(acknowledge(scene, alarms[0].number), QW_ERR_IO);
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_ACTIVE); /* nothing has happened */
    atomic_store(&scene->centre->write_failed, false);  /* the sweep has found it so */
    watch(scene);
    assert_int_equal(alarms[0].state, QW_ALARM_CLEARED);
    scene_restart(scene);
    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->operator_caller, alarms, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_journal_whole(scene);
}

/* Whichever write fails: the alarm is there, and in the store after the next look. */
static void a_write_that_fails_is_made_up_for(void **state)
{
    struct scene *scene = *state;

    scene->centre->books.stored = 0;
    scene->fail_at = scene->submits + 1;
    watch(scene);
    assert_non_null(find(QW_ALARM_STOCK));
    atomic_store(&scene->centre->write_failed, false);
    watch(scene);
    scene_restart(scene);
    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->operator_caller, alarms, &count),
                     QW_OK);
    assert_non_null(find(QW_ALARM_STOCK));
}

/* Of two processes on one store each has its own. */
static void each_process_has_a_record_of_its_own(void **state)
{
    struct scene *scene = *state;

    scene->centre->books.stored = 0;
    watch(scene);
    scene->config.process = "host-b:8443";
    scene_restart(scene);
    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->operator_caller, alarms, &count),
                     QW_OK);
    assert_int_equal(count, 0);
    scene->config.process = NULL;
    scene_restart(scene);
    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->operator_caller, alarms, &count),
                     QW_OK);
    assert_int_equal(count, 1);
}

static void the_longest_texts_and_the_most_alarms_come_back(void **state)
{
    struct scene *scene = *state;
    static struct qw_alarm_condition all[QW_ALARMS_MAX];

    for (int i = 0; i < QW_ALARMS_MAX; i++) {
        all[i].kind = QW_ALARM_PARTNER;
        memset(all[i].subject, 'a', sizeof all[i].subject - 1);
        memset(all[i].text, 'b', sizeof all[i].text - 1);
        all[i].subject[0] = (char)('0' + i);
    }
    qw_centre_alarm_watch(scene->centre, all, QW_ALARMS_MAX, changed, &changed_count);
    assert_int_equal(changed_count, QW_ALARMS_MAX);
    scene_restart(scene);
    assert_int_equal(qw_centre_alarm_list(scene->centre, &scene->operator_caller, alarms, &count),
                     QW_OK);
    assert_int_equal(count, QW_ALARMS_MAX);
    assert_string_equal(alarms[QW_ALARMS_MAX - 1].subject, all[QW_ALARMS_MAX - 1].subject);
    assert_string_equal(alarms[0].text, all[0].text);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_centre_that_is_well_has_none),
        CASE(few_keys_are_an_alarm_and_none_is_a_worse_one),
        CASE(a_source_that_gives_nothing_is_named),
        CASE(a_locked_name_is_an_alarm_while_it_is_locked),
        CASE(what_the_program_knows_is_an_alarm_like_any_other),
        CASE(an_acknowledgement_is_in_the_journal_and_lasts_over_a_restart),
        CASE(strangers_and_numbers_of_nothing_are_refused),
        CASE(a_store_that_cannot_be_written_is_an_alarm),
        CASE(a_write_that_fails_is_made_up_for),
        CASE(each_process_has_a_record_of_its_own),
        CASE(the_longest_texts_and_the_most_alarms_come_back),
    };

    return cmocka_run_group_tests_name("centre.alarm", tests, NULL, NULL);
}
