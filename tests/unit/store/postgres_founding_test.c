/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C6 */
/* A new centre's books in a database: begun, made, ended or cleared, and what others see of it
 * [docs/adr/0152]. With a real server. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postgres_server.h"
#include "store/postgres_copy.h"
#include "store/postgres_founding.h"
#include "store/store_postgres.h"
#include "unit/store/store_place.h"

#include <sys/socket.h>

static struct postgres_server server; /* of the whole run */
static const uint8_t ours[QW_FOUNDING_ID_LEN] = { 1, 2, 3 };
static const uint8_t theirs[QW_FOUNDING_ID_LEN] = { 9, 8, 7 };

/* The n-th statement from now on meets a connection that is gone. */
static int statement_fails_at, statements;
int __real_PQsendQuery(PGconn *connection, const char *query);
int __wrap_PQsendQuery(PGconn *connection, const char *query);
int __wrap_PQsendQuery(PGconn *connection, const char *query)
{
    if (++statements == statement_fails_at) {
        shutdown(PQsocket(connection), SHUT_RDWR);
    }
    return __real_PQsendQuery(connection, query);
}

static int clean(void **state)
{
    (void)state;
    statement_fails_at = 0;
    postgres_server_execute(&server, "DROP SCHEMA IF EXISTS qwave CASCADE");
    return 0;
}

static struct qw_founding *open_founding(void)
{
    struct qw_founding *founding = NULL;

    assert_int_equal(qw_founding_open(server.uri, &founding), QW_OK);
    return founding;
}

static enum qw_founding_state state_of(struct qw_founding *founding)
{
    struct qw_founding_mark mark;

    assert_int_equal(qw_founding_look(founding, &mark), QW_OK);
    return mark.state;
}

static void write_something(const char *id)
{
    struct qw_store store = { 0 };

    assert_int_equal(qw_store_postgres_found(server.uri, ours, &store), QW_OK);
    assert_int_equal(insert(&store, id, 0, "books"), QW_OK);
    qw_store_close(&store);
}

static void a_centre_is_begun_made_and_like_any_other(void **state)
{
    struct qw_founding *founding = open_founding();
    struct qw_founding_mark mark;
    struct qw_store store = { 0 };

    (void)state;
    assert_int_equal(state_of(founding), QW_FOUNDING_NONE);
    assert_int_equal(qw_founding_begin(founding, ours, "host:/pl'ace \xe9"), QW_OK);
    assert_int_equal(qw_founding_look(founding, &mark), QW_OK);
    assert_int_equal(mark.state, QW_FOUNDING_BEGUN);
    assert_memory_equal(mark.id, ours, sizeof ours);
    assert_string_equal(mark.place, "host:/pl'ace \xe9");
    write_something("record");
    assert_int_equal(qw_founding_make(founding, ours), QW_OK);
    assert_int_equal(qw_founding_make(founding, ours), QW_ERR_NOT_FOUND);
    assert_int_equal(state_of(founding), QW_FOUNDING_MADE);
    assert_int_equal(qw_store_postgres_found(server.uri, ours, &store), QW_ERR_STATE); /* over */
    assert_int_equal(qw_founding_end(founding, ours), QW_OK);
    assert_int_equal(state_of(founding), QW_FOUNDING_BOOKS);
    qw_founding_close(founding);
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store), QW_OK);
    assert_record(&store, "record", 1, 0, "books");
    qw_store_close(&store);
}

static void nobody_but_the_founder_opens_what_is_not_made(void **state)
{
    struct qw_founding *founding = open_founding();
    struct qw_store store = { 0 };
    FILE *nowhere = fopen("/dev/null", "r+");

    (void)state;
    assert_non_null(nowhere);
    assert_int_equal(qw_founding_begin(founding, ours, "p"), QW_OK);
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store), QW_ERR_STATE);
    assert_int_equal(qw_store_postgres_found(server.uri, theirs, &store), QW_ERR_STATE);
    assert_int_equal(qw_store_postgres_copy(server.uri, nowhere), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_store_postgres_fill(server.uri, nowhere, NULL, 0), QW_ERR_CONFLICT);
    assert_non_null(strstr(qw_store_postgres_why(QW_ERR_STATE), "never finished"));
    assert_int_equal(qw_founding_make(founding, theirs), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_founding_make(founding, ours), QW_OK);
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store),
                     QW_OK); /* its folder is there */
    qw_store_close(&store);
    qw_founding_close(founding);
    fclose(nowhere);
}

static void what_was_never_made_is_cleared_by_the_next(void **state)
{
    struct qw_founding *founding = open_founding();
    struct qw_store old = { 0 }, store = { 0 };

    (void)state;
    assert_int_equal(qw_founding_begin(founding, theirs, "p"), QW_OK);
    assert_int_equal(qw_store_postgres_found(server.uri, theirs, &old), QW_OK);
    assert_int_equal(insert(&old, "before", 0, "books"), QW_OK);
    qw_founding_close(founding); /* as with a kill; its store is stopped somewhere */
    founding = open_founding();
    assert_int_equal(qw_founding_begin(founding, ours, "q"), QW_OK);
    assert_int_not_equal(insert(&old, "late", 0, "books"), QW_OK);
    qw_store_close(&old);
    assert_int_equal(qw_founding_make(founding, theirs), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_store_postgres_found(server.uri, ours, &store), QW_OK);
    assert_int_equal(count_of(&store, QW_STORE_ANY_TAG), 0);
    qw_store_close(&store);
    qw_founding_close(founding);
}

static void what_is_made_is_never_touched_by_another(void **state)
{
    struct qw_founding *founding = open_founding();
    struct qw_store store = { 0 };

    (void)state;
    assert_int_equal(qw_founding_begin(founding, ours, "p"), QW_OK);
    write_something("record");
    assert_int_equal(qw_founding_make(founding, ours), QW_OK);
    assert_int_equal(qw_founding_begin(founding, theirs, "q"), QW_ERR_STATE);
    assert_int_equal(qw_founding_clear(founding, theirs), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_founding_end(founding, theirs), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_founding_end(founding, ours), QW_OK);
    assert_int_equal(qw_founding_begin(founding, theirs, "q"), QW_ERR_STATE);
    assert_int_equal(qw_founding_clear(founding, ours), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &store), QW_OK);
    assert_record(&store, "record", 1, 0, "books");
    qw_store_close(&store);
    qw_founding_close(founding);
}

static void its_founder_takes_it_back(void **state)
{
    struct qw_founding *founding = open_founding();

    (void)state;
    assert_int_equal(qw_founding_clear(founding, ours), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_founding_begin(founding, ours, "p"), QW_OK);
    assert_int_equal(qw_founding_clear(founding, ours), QW_OK);
    assert_int_equal(state_of(founding), QW_FOUNDING_NONE);
    assert_int_equal(qw_founding_begin(founding, ours, "p"), QW_OK);
    assert_int_equal(qw_founding_make(founding, ours), QW_OK);
    assert_int_equal(qw_founding_clear(founding, ours), QW_OK);
    assert_int_equal(state_of(founding), QW_FOUNDING_NONE);
    qw_founding_close(founding);
}

static void one_at_a_time(void **state)
{
    struct qw_founding *first = open_founding();
    struct qw_founding *second = NULL;

    (void)state;
    assert_int_equal(qw_founding_open(server.uri, &second), QW_ERR_CONFLICT);
    assert_null(second);
    qw_founding_close(first);
    second = open_founding();
    qw_founding_close(second);
    qw_founding_close(NULL);
}

static void a_table_of_that_name_that_is_not_ours_is_not_touched(void **state)
{
    struct qw_founding *founding = open_founding();
    struct qw_founding_mark mark = { .state = QW_FOUNDING_NONE };

    (void)state;
    postgres_server_execute(&server, "CREATE SCHEMA qwave; CREATE TABLE qwave.founding(x integer)");
    assert_int_equal(qw_founding_look(founding, &mark), QW_ERR_FORMAT);
    assert_int_equal(mark.state, QW_FOUNDING_NONE);
    assert_int_equal(qw_founding_begin(founding, ours, "p"), QW_ERR_FORMAT);
    assert_int_equal(qw_founding_clear(founding, ours), QW_ERR_FORMAT);
    postgres_server_execute(&server, "SELECT x FROM qwave.founding");
    qw_founding_close(founding);
}

static void a_long_place_is_cut_and_a_bad_uri_refused(void **state)
{
    struct qw_founding *founding = open_founding();
    struct qw_founding_mark mark;
    char place[2 * QW_FOUNDING_PLACE_CAP];

    (void)state;
    memset(place, 'x', sizeof place);
    place[sizeof place - 1] = '\0';
    assert_int_equal(qw_founding_begin(founding, ours, place), QW_OK);
    assert_int_equal(qw_founding_look(founding, &mark), QW_OK);
    assert_int_equal(strlen(mark.place), QW_FOUNDING_PLACE_CAP - 1);
    qw_founding_close(founding);
    founding = NULL;
    assert_int_equal(qw_founding_open("postgresql://a:b@/c", &founding), QW_ERR_REFUSED);
    assert_int_equal(qw_founding_open("postgresql://[", &founding), QW_ERR_FORMAT);
    assert_int_equal(qw_founding_open("postgresql://x@/y?host=/nowhere", &founding), QW_ERR_IO);
    assert_null(founding);
}

/* Whatever statement loses the connection: afterwards the database says one of the states, and the
 * one that was reached when it was told so. */
static void a_lost_connection_leaves_no_state_in_between(void **state)
{
    bool went_through = false;

    (void)state;
    for (int n = 1; !went_through; n++) {
        struct qw_founding *founding;
        qw_err begun, made = QW_ERR_STATE;

        assert_true(n < 100);
        (void)clean(NULL);
        founding = open_founding();
        statements = 0;
        statement_fails_at = n;
        begun = qw_founding_begin(founding, ours, "p");
        if (begun == QW_OK) {
            made = qw_founding_make(founding, ours);
        }
        went_through = begun == QW_OK && made == QW_OK;
        statement_fails_at = 0;
        switch (state_of(founding)) {
        case QW_FOUNDING_NONE:
            assert_int_not_equal(begun, QW_OK);
            break;
        case QW_FOUNDING_BEGUN:
            assert_int_not_equal(made, QW_OK);
            break;
        default: /* an answer that was lost is no "no" */
            assert_int_equal(begun, QW_OK);
            break;
        }
        qw_founding_close(founding);
    }
}

static void a_server_that_may_lose_what_it_acknowledged_is_no_place_for_a_centre(void **state)
{
    struct qw_founding *founding = NULL;

    (void)state;
    postgres_server_stop(&server, SIGINT);
    postgres_server_start(&server, "synchronous_commit=off");
    assert_int_equal(qw_founding_open(server.uri, &founding), QW_ERR_REFUSED);
    postgres_server_stop(&server, SIGINT);
    postgres_server_start(&server, NULL);
    assert_null(founding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_centre_is_begun_made_and_like_any_other, clean),
        cmocka_unit_test_setup(nobody_but_the_founder_opens_what_is_not_made, clean),
        cmocka_unit_test_setup(what_was_never_made_is_cleared_by_the_next, clean),
        cmocka_unit_test_setup(what_is_made_is_never_touched_by_another, clean),
        cmocka_unit_test_setup(its_founder_takes_it_back, clean),
        cmocka_unit_test_setup(one_at_a_time, clean),
        cmocka_unit_test_setup(a_table_of_that_name_that_is_not_ours_is_not_touched, clean),
        cmocka_unit_test_setup(a_long_place_is_cut_and_a_bad_uri_refused, clean),
        cmocka_unit_test_setup(a_lost_connection_leaves_no_state_in_between, clean),
        cmocka_unit_test_setup(a_server_that_may_lose_what_it_acknowledged_is_no_place_for_a_centre,
                               clean),
    };
    int failed;

    if (!postgres_server_is_installed()) {
        fputs("skipped: the server of PostgreSQL 15 is not installed\n", stderr);
        return 77;
    }
    postgres_server_make(&server);
    failed = cmocka_run_group_tests_name("store.postgres_founding", tests, NULL, NULL);
    postgres_server_remove(&server);
    return failed;
}
