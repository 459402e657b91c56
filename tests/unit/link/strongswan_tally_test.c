/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/vici/strongswan_tally.h"

static struct qw_strongswan_tally tally;

/* One look at two children; an id of 0: it is not there. */
static void look(uint32_t one, uint64_t bytes, uint32_t other, uint64_t other_bytes)
{
    if (one != 0) {
        qw_strongswan_tally_add(&tally, one, bytes);
    }
    if (other != 0) {
        qw_strongswan_tally_add(&tally, other, other_bytes);
    }
    qw_strongswan_tally_end(&tally);
}

static void what_is_new_of_each_child_is_added_up(void **state)
{
    (void)state;
    qw_strongswan_tally_begin(&tally, true);
    assert_int_equal(tally.total, 0);
    look(1, 100, 0, 0);
    assert_int_equal(tally.total, 100);
    look(1, 100, 0, 0);
    assert_int_equal(tally.total, 100);
    look(1, 150, 2, 7); /* made anew: both are there for a while */
    assert_int_equal(tally.total, 157);
    look(0, 0, 2, 10);
    assert_int_equal(tally.total, 160);
    assert_int_equal(tally.count, 1);
    look(0, 0, 0, 0);
    look(3, 5, 0, 0);
    assert_int_equal(tally.total, 165);
}

static void what_passed_before_does_not_count_where_it_must_not(void **state)
{
    (void)state;
    qw_strongswan_tally_begin(&tally, false);
    look(1, 1000, 2, 50);
    assert_int_equal(tally.total, 0);
    look(1, 1001, 3, 20); /* this one came since */
    assert_int_equal(tally.total, 21);
    qw_strongswan_tally_begin(&tally, false); /* the next key */
    look(3, 70, 0, 0);
    assert_int_equal(tally.total, 0);
}

static void a_daemon_that_begins_anew_is_counted_on(void **state)
{
    (void)state;
    qw_strongswan_tally_begin(&tally, true);
    look(1, 100, 0, 0);
    look(1, 30, 0, 0);
    assert_int_equal(tally.total, 130);
}

static void more_children_than_there_is_room_for_are_left_out(void **state)
{
    (void)state;
    qw_strongswan_tally_begin(&tally, true);
    for (uint32_t id = 1; id <= QW_STRONGSWAN_TALLY_MAX + 1; id++) {
        qw_strongswan_tally_add(&tally, id, 1);
    }
    assert_int_equal(tally.total, QW_STRONGSWAN_TALLY_MAX);
    qw_strongswan_tally_end(&tally);
    assert_int_equal(tally.count, QW_STRONGSWAN_TALLY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_new_of_each_child_is_added_up),
        cmocka_unit_test(what_passed_before_does_not_count_where_it_must_not),
        cmocka_unit_test(a_daemon_that_begins_anew_is_counted_on),
        cmocka_unit_test(more_children_than_there_is_room_for_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
