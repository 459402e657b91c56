/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 W10 */
/* The ring of events: who looks sees what comes, who is slow loses the oldest, nobody is waited
 * for. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "events.h"
#include "support/fail_nth.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

struct viewer {
    struct events_waiter waiter;
    atomic_uint woken;
};

static void wake(struct events_waiter *waiter)
{
    atomic_fetch_add(&((struct viewer *)waiter)->woken, 1);
}

static void wait_until_woken(struct viewer *viewer)
{
    int64_t until_ms = qw_clock_monotonic_ms() + 60000;

    while (atomic_load(&viewer->woken) == 0) {
        assert_true(qw_clock_monotonic_ms() < until_ms);
        poll(NULL, 0, 1);
    }
}

static struct viewer viewer_new(void)
{
    return (struct viewer){ .waiter.wake = wake };
}

static int open_events(void **state)
{
    struct events *events = NULL;

    assert_int_equal(events_new(&events), QW_OK);
    *state = events;
    return 0;
}

static int close_events(void **state)
{
    events_free(*state);
    return 0;
}

/* Until a tick has come nothing of a test is in the ring; afterwards the next is a second off. */
static uint64_t begin_to_look(struct events *events)
{
    struct viewer viewer = viewer_new();

    assert_int_equal(events_wait(events, events_newest(events), &viewer.waiter), QW_OK);
    wait_until_woken(&viewer);
    return events_newest(events);
}

static void keeps_nothing_while_nobody_looks(void **state)
{
    struct events *events = *state;
    static struct event event;

    assert_false(events_is_watched(events));
    events_publish(events, "radio", "{}", 2);
    assert_int_equal(events_newest(events), 0);
    assert_false(events_next(events, 0, &event));
}

static void ticks_for_who_looks_and_gives_what_is_published(void **state)
{
    struct events *events = *state;
    struct viewer viewer = viewer_new();
    static struct event event;
    uint64_t before = begin_to_look(events);

    assert_true(events_is_watched(events));
    assert_true(events_next(events, before - 1, &event));
    assert_null(event.name); /* the tick */
    assert_int_equal(events_wait(events, events_newest(events), &viewer.waiter), QW_OK);
    events_publish(events, "radio", "{\"a\":1}", 7);
    wait_until_woken(&viewer);
    do {
        assert_true(events_next(events, before, &event));
        before = event.number;
    } while (event.name == NULL);
    assert_string_equal(event.name, "radio");
    assert_int_equal(event.len, 7);
    assert_memory_equal(event.data, "{\"a\":1}", 7);
    assert_int_equal(atomic_load(&viewer.woken), 1);
}

static void wakes_at_once_who_is_behind(void **state)
{
    struct events *events = *state;
    struct viewer viewer = viewer_new();

    begin_to_look(events);
    assert_int_equal(events_wait(events, 0, &viewer.waiter), QW_OK);
    assert_int_equal(atomic_load(&viewer.woken), 1);
}

static void a_slow_viewer_loses_the_oldest(void **state)
{
    struct events *events = *state;
    static struct event event;
    uint64_t newest;

    begin_to_look(events);
    for (int i = 0; i < 3 * EVENTS_KEPT; i++) {
        events_publish(events, "radio", "{}", 2);
    }
    newest = events_newest(events);
    assert_true(events_next(events, 1, &event));
    assert_true(event.number >= newest - EVENTS_KEPT + 1); /* a tick may have come since */
    assert_true(events_next(events, newest - 1, &event));
    assert_false(events_next(events, events_newest(events), &event));
}

static void takes_no_event_that_is_too_long(void **state)
{
    struct events *events = *state;
    static const char text[EVENT_TEXT_MAX + 1];
    static struct event event;
    uint64_t after = begin_to_look(events);

    events_publish(events, "radio", text, sizeof text);
    while (events_next(events, after, &event)) {
        assert_null(event.name);
        after = event.number;
    }
    events_publish(events, "radio", text, sizeof text - 1);
    do {
        assert_true(events_next(events, after, &event));
        after = event.number;
    } while (event.name == NULL);
    assert_int_equal(event.len, EVENT_TEXT_MAX);
}

/* All wait within a tick, or are woken by it and try again. */
static void refuses_one_viewer_too_many(void **state)
{
    struct events *events = *state;
    static struct viewer viewers[EVENTS_VIEWERS_MAX + 1];
    qw_err err = QW_OK;

    for (int turn = 0; err == QW_OK; turn++) {
        uint64_t newest = begin_to_look(events);

        assert_true(turn < 100);
        for (size_t i = 0; err == QW_OK && i <= EVENTS_VIEWERS_MAX; i++) {
            viewers[i] = viewer_new();
            err = events_wait(events, newest, &viewers[i].waiter);
            assert_true(err == QW_OK || (err == QW_ERR_LIMIT && i == EVENTS_VIEWERS_MAX));
        }
        for (size_t i = 0; err == QW_OK && i <= EVENTS_VIEWERS_MAX; i++) {
            wait_until_woken(&viewers[i]);
        }
    }
    assert_int_equal(atomic_load(&viewers[EVENTS_VIEWERS_MAX].woken), 0);
    for (size_t i = 0; i < EVENTS_VIEWERS_MAX; i++) {
        wait_until_woken(&viewers[i]);
    }
}

static void stopping_wakes_everybody_and_nobody_waits_again(void **state)
{
    struct events *events = *state;
    struct viewer viewer = viewer_new();
    struct viewer late = viewer_new();

    assert_int_equal(events_wait(events, begin_to_look(events), &viewer.waiter), QW_OK);
    events_stop(events);
    assert_int_equal(atomic_load(&viewer.woken), 1);
    assert_int_equal(events_wait(events, events_newest(events), &late.waiter), QW_OK);
    assert_int_equal(atomic_load(&late.woken), 1);
}

static void says_when_there_is_no_memory(void **state)
{
    struct events *events = NULL;

    (void)state;
    fail_nth = 1;
    assert_int_equal(events_new(&events), QW_ERR_NOMEM);
    assert_null(events);
    fail_nth = 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_events, close_events)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keeps_nothing_while_nobody_looks),
        CASE(ticks_for_who_looks_and_gives_what_is_published),
        CASE(wakes_at_once_who_is_behind),
        CASE(a_slow_viewer_loses_the_oldest),
        CASE(takes_no_event_that_is_too_long),
        CASE(refuses_one_viewer_too_many),
        CASE(stopping_wakes_everybody_and_nobody_waits_again),
        cmocka_unit_test(says_when_there_is_no_memory),
    };

    return cmocka_run_group_tests_name("qwaved.events", tests, NULL, NULL);
}
