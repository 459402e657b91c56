/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/rate_limit.h"
#include "support/fail_nth.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static int start(void **state)
{
    struct qw_rate_limit *limit = NULL;

    assert_int_equal(qw_rate_limit_new(64, &limit), QW_OK);
    *state = limit;
    return 0;
}

static int stop(void **state)
{
    qw_rate_limit_free(*state);
    return 0;
}

static void gives_ten_seconds_worth_at_once_and_then_the_rate(void **state)
{
    struct qw_rate_limit *limit = *state;
    unsigned given = 0;

    while (qw_rate_limit_take(limit, "alice", 5, 1, 1000)) {
        given++;
    }
    assert_int_equal(given, 50);
    for (int64_t now_ms = 1000; now_ms < 101000; now_ms += 10) {
        given += qw_rate_limit_take(limit, "alice", 5, 1, now_ms) ? 1 : 0;
    }
    assert_in_range(given, 50 + 499, 50 + 501);
}

/* For random wishes at random times: never more than burst, rate and one last wish. */
static void the_mean_rate_holds_whatever_is_asked(void **state)
{
    struct qw_rate_limit *limit = *state;
    struct qw_prng prng;
    double given = 0;
    int64_t now_ms = 0;

    qw_prng_init(&prng, 7, 0);
    for (int i = 0; i < 20000; i++) {
        double wish = (double)(qw_prng_u64(&prng) % 2000);

        now_ms += (int64_t)(qw_prng_u64(&prng) % 300);
        if (qw_rate_limit_take(limit, "alice", 100, wish, now_ms)) {
            given += wish;
        }
        assert_true(given <= 100 * (10 + (double)now_ms / 1000) + 2000);
    }
    assert_true(given >= 100 * (double)now_ms / 1000 * 0.99); /* and nothing is lost */
}

static void a_large_wish_is_met_and_paid_for_later(void **state)
{
    struct qw_rate_limit *limit = *state;

    assert_true(qw_rate_limit_has(limit, "alice", 1, 0));
    qw_rate_limit_spend(limit, "alice", 1, 110, 0);
    assert_false(qw_rate_limit_has(limit, "alice", 1, 100000));
    assert_true(qw_rate_limit_has(limit, "alice", 1, 100001));
}

static void names_do_not_share(void **state)
{
    struct qw_rate_limit *limit = *state;

    qw_rate_limit_spend(limit, "alice", 1, 1000, 0);
    assert_false(qw_rate_limit_has(limit, "alice", 1, 0));
    assert_true(qw_rate_limit_has(limit, "alic", 1, 0));
    assert_true(qw_rate_limit_has(limit, "alice2", 1, 0));
    assert_true(qw_rate_limit_take(limit, "alice", 0, 1e9, 0)); /* no limit */
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
    struct qw_rate_limit *limit = *state;

    while (qw_rate_limit_take(limit, "alice", 1, 1, 50000)) {
    }
    assert_false(qw_rate_limit_has(limit, "alice", 1, 0));
    assert_false(qw_rate_limit_has(limit, "alice", 1, 50000));
    assert_true(qw_rate_limit_has(limit, "alice", 1, 51000));
}

/* A full table: the newest name stays, names in use are not forgotten for idle ones. */
static void a_full_table_forgets_who_was_idle_longest(void **state)
{
    struct qw_rate_limit *limit = *state;
    char name[32];

    qw_rate_limit_spend(limit, "busy", 0.001, 1000, 0);
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        qw_rate_limit_spend(limit, name, 0.001, 5, i);
        assert_false(qw_rate_limit_has(limit, name, 0.001, i));
        assert_false(qw_rate_limit_has(limit, "busy", 0.001, i)); /* asked all the time */
    }
    assert_true(qw_rate_limit_has(limit, "name-0", 0.001, 100000)); /* begins full again */
}

static void *take_all(void *self)
{
    struct qw_rate_limit *limit = self;
    uintptr_t given = 0;

    for (int i = 0; i < 20000; i++) {
        given += qw_rate_limit_take(limit, "alice", 1000, 1, 0) ? 1 : 0;
    }
    return (void *)given;
}

static void several_threads_get_no_more_than_one(void **state)
{
    pthread_t threads[4];
    uintptr_t given = 0;

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, *state), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *part;

        pthread_join(threads[i], &part);
        given += (uintptr_t)part;
    }
    assert_int_equal(given, 10000);
}

static void says_when_there_is_no_memory(void **state)
{
    struct qw_rate_limit *limit = NULL;

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_rate_limit_new(64, &limit), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(limit);
    qw_rate_limit_free(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gives_ten_seconds_worth_at_once_and_then_the_rate),
        CASE(the_mean_rate_holds_whatever_is_asked),
        CASE(a_large_wish_is_met_and_paid_for_later),
        CASE(names_do_not_share),
        CASE(a_clock_that_goes_back_gives_nothing),
        CASE(a_full_table_forgets_who_was_idle_longest),
        CASE(several_threads_get_no_more_than_one),
        cmocka_unit_test(says_when_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
