/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C6 */
/* The note of a work place and the database it is about [docs/adr/0152], with a real server: what
 * is found after an end at any step, and what is said. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre_founding.h"

#include "base/file.h"
#include "postgres_server.h"

#include <sys/socket.h>

static struct postgres_server server; /* of the whole run */
static char work[64];

static int statement_fails_at, statements; /* from that one on every connection is lost */
int __real_PQsendQuery(PGconn *connection, const char *query);
int __wrap_PQsendQuery(PGconn *connection, const char *query);
int __wrap_PQsendQuery(PGconn *connection, const char *query)
{
    if (statement_fails_at > 0 && ++statements >= statement_fails_at) {
        shutdown(PQsocket(connection), SHUT_RDWR);
    }
    return __real_PQsendQuery(connection, query);
}

static int make(void **state)
{
    (void)state;
    statement_fails_at = 0;
    postgres_server_execute(&server, "DROP SCHEMA IF EXISTS qwave CASCADE");
    (void)snprintf(work, sizeof work, "/tmp/qwave-founding.XXXXXX");
    assert_non_null(mkdtemp(work));
    return 0;
}

static int end(void **state)
{
    char command[96];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", work);
    return system(command);
}

static struct centre_founding begin(void)
{
    struct centre_founding founding = { .database = NULL };
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    if (centre_founding_begin(work, server.uri, "/f", &founding, error) != QW_OK) {
        fail_msg("%s", error);
    }
    assert_true(centre_founding_is_open(work));
    return founding;
}

static struct centre_founding_left settle(struct centre_founding *founding)
{
    struct centre_founding_left left = { .is_made = true };
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    if (centre_founding_settle(work, founding, &left, error) != QW_OK) {
        fail_msg("%s", error);
    }
    return left;
}

static enum qw_founding_state database_state(void)
{
    struct qw_founding *founding = NULL;
    struct qw_founding_mark mark;

    assert_int_equal(qw_founding_open(server.uri, &founding), QW_OK);
    assert_int_equal(qw_founding_look(founding, &mark), QW_OK);
    qw_founding_close(founding);
    return mark.state;
}

static void without_a_note_nothing_is_asked(void **state)
{
    struct centre_founding founding = { .database = NULL };

    (void)state;
    assert_false(centre_founding_is_open(work));
    assert_false(settle(&founding).is_made);
    assert_null(founding.database);
}

static void what_was_begun_and_not_made_is_cleared(void **state)
{
    struct centre_founding founding = begin();

    (void)state;
    centre_founding_close(&founding); /* killed */
    assert_int_equal(database_state(), QW_FOUNDING_BEGUN);
    assert_false(settle(&founding).is_made);
    centre_founding_close(&founding);
    assert_false(centre_founding_is_open(work));
    assert_int_equal(database_state(), QW_FOUNDING_NONE);
}

static void what_was_made_is_left_for_who_moves_the_folder(void **state)
{
    struct centre_founding founding = begin();
    struct centre_founding_left left;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(centre_founding_make(&founding, error), QW_OK);
    centre_founding_close(&founding); /* killed */
    left = settle(&founding);
    assert_true(left.is_made);
    assert_string_equal(left.uri, server.uri);
    assert_true(centre_founding_is_open(work));
    centre_founding_end(&founding);
    centre_founding_close(&founding);
    assert_false(centre_founding_is_open(work));
    assert_int_equal(database_state(), QW_FOUNDING_BOOKS);
}

static void a_note_of_what_is_another_centres_by_now_is_deleted(void **state)
{
    struct centre_founding founding = begin();

    (void)state;
    centre_founding_close(&founding);
    postgres_server_execute(
        &server, "UPDATE qwave.founding SET id = decode(repeat('ab', 16), 'hex'), is_made = true");
    assert_false(settle(&founding).is_made);
    centre_founding_close(&founding);
    assert_false(centre_founding_is_open(work));
    postgres_server_execute(&server, "SELECT 1 / count(*) FROM qwave.founding");
}

static void a_note_that_was_cut_short_is_deleted(void **state)
{
    static const char *const notes[] = { "", "01020304", "0102030405060708090a0b0c0d0e0f10 \n",
                                         "0102030405060708090a0b0c0d0e0f1x postgresql://\n",
                                         "0102030405060708090a0b0c0d0e0f10 postgresql://" };
    struct centre_founding founding = { .database = NULL };
    char path[96];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/founding", work);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        assert_int_equal(qw_file_create(path, (const uint8_t *)notes[i], strlen(notes[i])), QW_OK);
        assert_false(settle(&founding).is_made);
        assert_false(centre_founding_is_open(work));
    }
}

static void while_the_database_is_away_nothing_is_touched(void **state)
{
    struct centre_founding founding = begin();
    struct centre_founding_left left;
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    (void)state;
    postgres_server_stop(&server, SIGINT);
    assert_int_not_equal(centre_founding_make(&founding, error), QW_OK);
    assert_int_not_equal(centre_founding_undo(&founding, error), QW_OK);
    assert_non_null(strstr(error, "the same command again"));
    centre_founding_close(&founding);
    assert_int_equal(centre_founding_settle(work, &founding, &left, error), QW_ERR_IO);
    assert_non_null(strstr(error, work));
    assert_non_null(strstr(error, "try again"));
    assert_true(centre_founding_is_open(work));
    postgres_server_start(&server, NULL);
    assert_false(settle(&founding).is_made);
    centre_founding_close(&founding);
    assert_int_equal(database_state(), QW_FOUNDING_NONE);
}

static void a_centre_that_is_there_is_not_touched_and_the_way_out_is_said(void **state)
{
    struct centre_founding founding = begin(), other = { .database = NULL };
    char error[CENTRE_FOLDER_ERROR_CAP] = "", elsewhere[64] = "/tmp/qwave-founding.XXXXXX";

    (void)state;
    assert_int_equal(centre_founding_make(&founding, error), QW_OK);
    centre_founding_close(&founding);
    assert_non_null(mkdtemp(elsewhere));
    assert_int_equal(centre_founding_begin(elsewhere, server.uri, "/g", &other, error),
                     QW_ERR_CONFLICT);
    assert_non_null(strstr(error, ":/f is not there"));
    assert_false(centre_founding_is_open(elsewhere));
    assert_true(settle(&founding).is_made);
    centre_founding_end(&founding);
    centre_founding_close(&founding);
    assert_int_equal(centre_founding_begin(elsewhere, server.uri, "/g", &other, error),
                     QW_ERR_CONFLICT);
    assert_non_null(strstr(error, "there is a centre in this database already"));
    assert_false(centre_founding_is_open(elsewhere));
    assert_int_equal(database_state(), QW_FOUNDING_BOOKS);
    assert_int_equal(rmdir(elsewhere), 0);
}

static void one_at_a_time_in_a_database(void **state)
{
    struct centre_founding founding = begin(), other = { .database = NULL };
    char error[CENTRE_FOLDER_ERROR_CAP] = "";

    (void)state;
    assert_int_equal(centre_founding_begin(work, server.uri, "/g", &other, error), QW_ERR_CONFLICT);
    assert_non_null(strstr(error, "another set-up is at work"));
    assert_int_equal(centre_founding_undo(&founding, error), QW_OK);
    centre_founding_close(&founding);
    assert_false(centre_founding_is_open(work));
}

/* However far it comes before the database is gone for good, the next one clears or finishes. */
static void after_an_end_at_any_statement_the_next_one_settles_it(void **state)
{
    bool went_through = false;

    (void)state;
    for (int n = 1; !went_through; n++) {
        struct centre_founding founding = { .database = NULL };
        struct centre_founding_left left;
        char error[CENTRE_FOLDER_ERROR_CAP] = "";

        assert_true(n < 100);
        statements = 0;
        statement_fails_at = n;
        if (centre_founding_begin(work, server.uri, "/f", &founding, error) == QW_OK) {
            if (centre_founding_make(&founding, error) == QW_OK) {
                went_through = true;
            } else {
                assert_int_not_equal(centre_founding_undo(&founding, error), QW_OK);
            }
        }
        centre_founding_close(&founding);
        statement_fails_at = 0;
        left = settle(&founding);
        assert_true(left.is_made || !went_through);
        if (left.is_made) {
            assert_int_equal(centre_founding_undo(&founding, error), QW_OK);
        }
        centre_founding_close(&founding);
        assert_false(centre_founding_is_open(work));
        assert_int_equal(database_state(), QW_FOUNDING_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_note_nothing_is_asked, make, end),
        cmocka_unit_test_setup_teardown(what_was_begun_and_not_made_is_cleared, make, end),
        cmocka_unit_test_setup_teardown(what_was_made_is_left_for_who_moves_the_folder, make, end),
        cmocka_unit_test_setup_teardown(a_note_of_what_is_another_centres_by_now_is_deleted, make,
                                        end),
        cmocka_unit_test_setup_teardown(a_note_that_was_cut_short_is_deleted, make, end),
        cmocka_unit_test_setup_teardown(while_the_database_is_away_nothing_is_touched, make, end),
        cmocka_unit_test_setup_teardown(
            a_centre_that_is_there_is_not_touched_and_the_way_out_is_said, make, end),
        cmocka_unit_test_setup_teardown(one_at_a_time_in_a_database, make, end),
        cmocka_unit_test_setup_teardown(after_an_end_at_any_statement_the_next_one_settles_it, make,
                                        end),
    };
    int failed;

    if (!postgres_server_is_installed()) {
        fputs("skipped: the server of PostgreSQL 15 is not installed\n", stderr);
        return 77;
    }
    postgres_server_make(&server);
    failed = cmocka_run_group_tests_name("qwave.centre_founding", tests, NULL, NULL);
    postgres_server_remove(&server);
    return failed;
}
