/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* The life of an alarm: the whole table, and what a list of conditions makes of a list of alarms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/alarm/alarm_life.h"

#include <stdio.h>
#include <string.h>

static struct qw_alarm_book book;

static int set_up(void **state)
{
    (void)state;
    memset(&book, 0, sizeof book);
    return 0;
}

static struct qw_alarm_condition condition(enum qw_alarm_kind kind, const char *subject,
                                           enum qw_alarm_severity severity)
{
    struct qw_alarm_condition c = { .kind = kind, .severity = severity };

    strcpy(c.subject, subject);
    strcpy(c.text, severity == QW_ALARM_MAJOR ? "bad" : "not good");
    return c;
}

static void update(const struct qw_alarm_condition *conditions, size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < book.count; i++) {
        book.alarm[i].is_changed = false;
    }
    qw_alarm_book_update(&book, conditions, count, now_ms);
}

/* Written down once more, not taken from the source. */
static void every_state_answers_every_event(void **state)
{
    static const int expected[QW_ALARM_STATES][QW_ALARM_EVENTS] = {
        { QW_ALARM_ACTIVE, QW_ALARM_CLEARED, QW_ALARM_ACKNOWLEDGED },
        { QW_ALARM_ACTIVE, QW_ALARM_GONE, -1 },
        { QW_ALARM_ACTIVE, -1, QW_ALARM_GONE },
        { -1, -1, -1 },
    };

    (void)state;
    for (int s = 0; s < QW_ALARM_STATES; s++) {
        for (int e = 0; e < QW_ALARM_EVENTS; e++) {
            enum qw_alarm_state next = QW_ALARM_STATES;
            qw_err err = qw_alarm_next((enum qw_alarm_state)s, (enum qw_alarm_event)e, &next);

            assert_int_equal(err, expected[s][e] < 0 ? QW_ERR_STATE : QW_OK);
            assert_int_equal(next, expected[s][e] < 0 ? (int)QW_ALARM_STATES : expected[s][e]);
        }
    }
}

static void what_lasts_is_one_alarm_and_changes_nothing(void **state)
{
    struct qw_alarm_condition c = condition(QW_ALARM_SOURCE, "kernel", QW_ALARM_MINOR);

    (void)state;
    update(&c, 1, 1000);
    assert_int_equal(book.count, 1);
    assert_true(book.alarm[0].is_changed && book.alarm[0].is_unkept);
    qw_alarm_book_settle(&book);
    update(&c, 1, 2000);
    assert_int_equal(book.count, 1);
    assert_false(book.alarm[0].is_changed || book.alarm[0].is_unkept);
    assert_int_equal(book.alarm[0].first_ms, 1000);
    assert_int_equal(book.alarm[0].last_ms, 1000);
    assert_int_equal(book.alarm[0].count, 1);
}

static void what_is_over_stays_until_it_is_acknowledged(void **state)
{
    struct qw_alarm_condition c = condition(QW_ALARM_CARD, "phone-1", QW_ALARM_MAJOR);

    (void)state;
    update(&c, 1, 1000);
    update(NULL, 0, 2000);
    assert_int_equal(book.alarm[0].state, QW_ALARM_CLEARED);
    assert_int_equal(book.alarm[0].cleared_ms, 2000);
    update(NULL, 0, 3000);
    assert_false(book.alarm[0].is_changed);
    assert_int_equal(qw_alarm_book_acknowledge(&book, 1, "alice", 4000), QW_OK);
    assert_int_equal(book.alarm[0].state, QW_ALARM_GONE);
    assert_null(qw_alarm_book_find(&book, QW_ALARM_CARD, "phone-1"));
    book.alarm[0].is_changed = false;
    qw_alarm_book_settle(&book);
    assert_int_equal(book.count, 0);
}

static void what_comes_again_unacknowledged_is_counted(void **state)
{
    struct qw_alarm_condition c = condition(QW_ALARM_PARTNER, "kme-b", QW_ALARM_MINOR);

    (void)state;
    update(&c, 1, 1000);
    update(NULL, 0, 2000);
    update(&c, 1, 3000);
    assert_int_equal(book.count, 1);
    assert_int_equal(book.alarm[0].number, 1);
    assert_int_equal(book.alarm[0].count, 2);
    assert_int_equal(book.alarm[0].first_ms, 1000);
    assert_int_equal(book.alarm[0].last_ms, 3000);
    assert_int_equal(book.alarm[0].state, QW_ALARM_ACTIVE);
}

static void what_was_acknowledged_and_comes_again_is_new(void **state)
{
    struct qw_alarm_condition c = condition(QW_ALARM_PARTNER, "kme-b", QW_ALARM_MINOR);

    (void)state;
    update(&c, 1, 1000);
    assert_int_equal(qw_alarm_book_acknowledge(&book, 1, "alice", 1500), QW_OK);
    assert_string_equal(book.alarm[0].acknowledged_by, "alice");
    assert_int_equal(book.alarm[0].acknowledged_ms, 1500);
    update(&c, 1, 2000); /* it is still the case */
    assert_int_equal(book.alarm[0].state, QW_ALARM_ACKNOWLEDGED);
    update(NULL, 0, 3000);
    assert_int_equal(book.alarm[0].state, QW_ALARM_GONE);
    update(&c, 1, 4000); /* the old one is not in the store yet */
    assert_int_equal(book.count, 2);
    assert_int_equal(book.alarm[1].number, 2);
    assert_int_equal(book.alarm[1].count, 1);
    assert_int_equal(book.alarm[1].first_ms, 4000);
    assert_int_equal(book.alarm[1].acknowledged_ms, 0);
}

static void what_gets_worse_has_to_be_acknowledged_again(void **state)
{
    struct qw_alarm_condition low = condition(QW_ALARM_STOCK, "c", QW_ALARM_MINOR),
                              none = condition(QW_ALARM_STOCK, "c", QW_ALARM_MAJOR);

    (void)state;
    update(&low, 1, 1000);
    assert_int_equal(qw_alarm_book_acknowledge(&book, 1, "alice", 1500), QW_OK);
    update(&none, 1, 2000);
    assert_int_equal(book.count, 1);
    assert_int_equal(book.alarm[0].state, QW_ALARM_ACTIVE);
    assert_int_equal(book.alarm[0].severity, QW_ALARM_MAJOR);
    assert_string_equal(book.alarm[0].text, "bad");
    assert_string_equal(book.alarm[0].acknowledged_by, "");
    update(&low, 1, 3000); /* better is no event */
    assert_int_equal(book.alarm[0].severity, QW_ALARM_MAJOR);
    assert_false(book.alarm[0].is_changed);
}

static void kinds_and_subjects_are_alarms_of_their_own(void **state)
{
    struct qw_alarm_condition three[3] = { condition(QW_ALARM_CARD, "a", QW_ALARM_MAJOR),
                                           condition(QW_ALARM_CARD, "b", QW_ALARM_MAJOR),
                                           condition(QW_ALARM_PARTNER, "a", QW_ALARM_MINOR) };

    (void)state;
    update(three, 3, 1000);
    assert_int_equal(book.count, 3);
    update(three + 1, 1, 2000);
    assert_int_equal(book.alarm[0].state, QW_ALARM_CLEARED);
    assert_int_equal(book.alarm[1].state, QW_ALARM_ACTIVE);
    assert_int_equal(book.alarm[2].state, QW_ALARM_CLEARED);
}

static void acknowledging_twice_or_nothing_is_refused(void **state)
{
    struct qw_alarm_condition c = condition(QW_ALARM_STORE, "c", QW_ALARM_MAJOR);

    (void)state;
    assert_int_equal(qw_alarm_book_acknowledge(&book, 1, "alice", 1), QW_ERR_NOT_FOUND);
    update(&c, 1, 1000);
    assert_int_equal(qw_alarm_book_acknowledge(&book, 0, "alice", 1), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_alarm_book_acknowledge(&book, 1, "alice", 1), QW_OK);
    assert_int_equal(qw_alarm_book_acknowledge(&book, 1, "bob", 2), QW_ERR_STATE);
    assert_string_equal(book.alarm[0].acknowledged_by, "alice");
}

static void a_full_book_makes_room_with_what_is_gone(void **state)
{
    struct qw_alarm_condition all[QW_ALARMS_MAX + 1];

    (void)state;
    for (int i = 0; i <= QW_ALARMS_MAX; i++) {
        char subject[32];

        (void)snprintf(subject, sizeof subject, "phone-%d", i);
        all[i] = condition(QW_ALARM_CARD, subject, QW_ALARM_MAJOR);
    }
    update(all, QW_ALARMS_MAX + 1, 1000); /* the last one waits */
    assert_int_equal(book.count, QW_ALARMS_MAX);
    assert_null(qw_alarm_book_find(&book, QW_ALARM_CARD, all[QW_ALARMS_MAX].subject));
    assert_int_equal(qw_alarm_book_acknowledge(&book, 5, "alice", 2000), QW_OK);
    all[4] = all[QW_ALARMS_MAX]; /* number 5 is over */
    update(all, QW_ALARMS_MAX, 3000);
    assert_int_equal(book.count, QW_ALARMS_MAX);
    assert_non_null(qw_alarm_book_find(&book, QW_ALARM_CARD, all[QW_ALARMS_MAX].subject));
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_state_answers_every_event),
        CASE(what_lasts_is_one_alarm_and_changes_nothing),
        CASE(what_is_over_stays_until_it_is_acknowledged),
        CASE(what_comes_again_unacknowledged_is_counted),
        CASE(what_was_acknowledged_and_comes_again_is_new),
        CASE(what_gets_worse_has_to_be_acknowledged_again),
        CASE(kinds_and_subjects_are_alarms_of_their_own),
        CASE(acknowledging_twice_or_nothing_is_refused),
        CASE(a_full_book_makes_room_with_what_is_gone),
    };

    return cmocka_run_group_tests_name("centre.alarm_life", tests, NULL, NULL);
}
