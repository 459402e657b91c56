/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
/* What only the backend on PostgreSQL can do: servers that go away, come back older, or were never
 * fit. What becomes of a group then: postgres_group_test.c. The laws it shares with every backend:
 * store_test.c. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "store/postgres_link.h"
#include "unit/store/old_schema.h"
#include "unit/store/postgres_place.h"

#include <pthread.h>
#include <stdatomic.h>

/* The n-th allocation fails. */
static atomic_int allocation_fails_at, allocations;

void *__real_malloc(size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_malloc(size_t len)
{
    return ++allocations == allocation_fails_at ? NULL : __real_malloc(len);
}

void *__real_calloc(size_t count, size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_calloc(size_t count, size_t len)
{
    return ++allocations == allocation_fails_at ? NULL : __real_calloc(count, len);
}

static int remove_place(void **state)
{
    allocation_fails_at = 0;
    return postgres_remove(state);
}

static void tells_a_uri_from_a_file(void **state)
{
    (void)state;
    assert_true(qw_store_postgres_is_uri("postgresql:///qwave"));
    assert_true(qw_store_postgres_is_uri("postgres://db/qwave"));
    assert_false(qw_store_postgres_is_uri("/var/lib/qwave/centre.db"));
    assert_false(qw_store_postgres_is_uri("postgresql.db"));
    assert_false(qw_store_postgres_is_uri(""));
}

static void refuses_passwords_in_the_uri_and_unverified_networks(void **state)
{
    static const struct {
        const char *uri;
        qw_err err;
    } cases[] = {
        { "postgresql:///qwave", QW_OK },
        { "postgresql://qwave@/qwave?host=/run/postgresql", QW_OK },
        { "postgresql://localhost/qwave", QW_OK },
        { "postgresql://127.0.0.1:5433,[::1]/qwave?passfile=/etc/qwave/pgpass", QW_OK },
        { "postgresql://db-1,db-2/qwave?sslmode=verify-full&sslrootcert=/etc/qwave/ca.pem", QW_OK },
        { "postgresql://db-1/qwave", QW_ERR_REFUSED },
        { "postgresql://localhost,db-1/qwave", QW_ERR_REFUSED },
        { "postgresql://db-1/qwave?sslmode=require", QW_ERR_REFUSED },
        { "postgresql://db-1/qwave?sslmode=verify-ca", QW_ERR_REFUSED },
        { "postgresql:///qwave?hostaddr=10.0.0.1", QW_ERR_REFUSED },
        { "postgresql://qwave:secret@/qwave", QW_ERR_REFUSED },
        { "postgresql:///qwave?password=secret", QW_ERR_REFUSED },
        { "postgresql://db-1/qwave?sslmode=verify-full&sslpassword=x", QW_ERR_REFUSED },
        { "postgresql://[::1/qwave", QW_ERR_FORMAT },
        { "postgresql:///qwave?colour=blue", QW_ERR_FORMAT },
    };
    struct qw_store store = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(qw_postgres_uri_check(cases[i].uri), cases[i].err);
        if (cases[i].err != QW_OK) {
            assert_int_equal(qw_store_postgres_open(cases[i].uri, NULL, &store), cases[i].err);
            assert_null(store.self);
        }
    }
}

static void says_io_when_nobody_answers(void **state)
{
    struct qw_store store = { 0 };

    (void)state;
    assert_int_equal(qw_store_postgres_open("postgresql:///qwave?host=/nowhere", NULL, &store),
                     QW_ERR_IO);
    assert_null(store.self);
}

static void refuses_a_server_that_may_lose_what_it_acknowledged(void **state)
{
    static const char *const settings[] = { "fsync=off", "full_page_writes=off" };
    static const char *const commits[] = { "off", "local", "remote_write" };
    struct place *place = *state;
    struct qw_store other = { 0 };
    char sql[96];

    for (size_t i = 0; i < sizeof commits / sizeof commits[0]; i++) {
        snprintf(sql, sizeof sql, "ALTER DATABASE postgres SET synchronous_commit = %s",
                 commits[i]);
        postgres_server_execute(&server, sql);
        assert_int_equal(qw_store_postgres_open(server.uri, NULL, &other), QW_ERR_REFUSED);
    }
    postgres_server_execute(&server, "ALTER DATABASE postgres SET synchronous_commit ="
                                     " remote_apply");
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &other), QW_OK);
    qw_store_close(&other);
    postgres_server_execute(&server, "ALTER DATABASE postgres RESET synchronous_commit");
    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        postgres_server_stop(&server, SIGINT);
        postgres_server_start(&server, settings[i]);
        assert_int_equal(qw_store_postgres_open(server.uri, NULL, &other), QW_ERR_REFUSED);
        assert_null(other.self);
    }
    assert_int_equal(insert(&place->store, "b", 1, "x"), QW_ERR_IO); /* also who was there */
    postgres_server_stop(&server, SIGINT);
    postgres_server_start(&server, NULL);
}

static void refuses_a_schema_that_is_not_its_own(void **state)
{
    struct place *place = *state;
    struct qw_store other = { 0 };

    postgres_server_execute(&server, "UPDATE qwave.schema_version SET version = 0");
    assert_int_equal(place->open(place->path, &other), QW_ERR_FORMAT);
    postgres_server_execute(&server, "UPDATE qwave.schema_version SET version = 4");
    assert_int_equal(place->open(place->path, &other), QW_ERR_FORMAT);
    postgres_server_execute(&server, "UPDATE qwave.schema_version SET version = 3");
    assert_int_equal(place->open(place->path, &other), QW_OK);
    qw_store_close(&other);
    postgres_server_execute(&server, "DROP TABLE qwave.session");
    assert_int_equal(place->open(place->path, &other), QW_ERR_FORMAT);
    postgres_server_execute(&server, "DROP TABLE qwave.schema_version");
    assert_int_equal(place->open(place->path, &other), QW_ERR_FORMAT);
    postgres_server_execute(&server, "DROP SCHEMA qwave CASCADE; CREATE SCHEMA qwave");
    assert_int_equal(place->open(place->path, &other), QW_ERR_FORMAT);
    assert_null(other.self);
}

static void *open_one(void *self)
{
    struct qw_store *store = self;

    return qw_store_postgres_open(server.uri, NULL, store) == QW_OK ? store : NULL;
}

/* Also when several processes open it at once: the tables are added once. */
static void adds_what_it_has_not(struct place *place, int schema)
{
    enum { OPENERS = 4 };
    struct qw_store_op op = op_of(QW_STORE_INSERT, QW_STORE_SEARCH, "s", 0, 0, "");
    struct qw_store stores[OPENERS] = { { 0 } };
    pthread_t threads[OPENERS];

    qw_store_close(&place->store);
    postgres_server_execute(&server, "DROP SCHEMA qwave CASCADE");
    postgres_server_execute(&server, old_schema_postgres);
    if (schema == 1) { /* the same tables */
        postgres_server_execute(&server, "UPDATE qwave.schema_version SET version = 1");
    }
    postgres_server_execute(&server, "INSERT INTO qwave.key VALUES('a', 7, 5, 'x')");
    for (size_t i = 0; i < OPENERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_one, &stores[i]), 0);
    }
    for (size_t i = 0; i < OPENERS; i++) {
        void *opened = NULL;

        assert_int_equal(pthread_join(threads[i], &opened), 0);
        assert_non_null(opened);
        assert_record(&stores[i], "a", 7, 5, "x");
    }
    assert_int_equal(submit(&stores[0], &op, 1), QW_OK);
    assert_int_equal(submit(&stores[1], &op, 1), QW_ERR_CONFLICT);
    op.kind = QW_STORE_STAGED;
    assert_int_equal(submit(&stores[2], &op, 1), QW_OK);
    for (size_t i = 0; i < OPENERS; i++) {
        qw_store_close(&stores[i]);
    }
    assert_int_equal(place->open(place->path, &place->store), QW_OK);
}

static void adds_to_a_database_of_schema_1_what_it_has_not(void **state)
{
    adds_what_it_has_not(*state, 1);
}

static void adds_to_a_database_of_schema_2_what_it_has_not(void **state)
{
    adds_what_it_has_not(*state, 2);
}

static void refuses_a_read_only_database(void **state)
{
    struct place *place = *state;
    struct qw_store other = { 0 };

    postgres_server_stop(&server, SIGINT);
    postgres_server_start(&server, "default_transaction_read_only=on");
    assert_int_equal(place->open(place->path, &other), QW_ERR_IO);
    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_ERR_IO);
    postgres_server_stop(&server, SIGINT);
    postgres_server_start(&server, NULL);
    usleep(250000); /* it is looked for five times a second */
    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
}

static void says_io_while_the_server_is_away_and_goes_on_when_it_is_back(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    struct qw_store_record record;
    uint64_t count;

    assert_int_equal(insert(store, "a", 1, "x"), QW_OK);
    for (int round = 0; round < 2; round++) {
        int signal_number = round == 0 ? SIGKILL : SIGINT;
        bool is_moved = false;

        postgres_server_stop(&server, signal_number);
        assert_int_equal(store->get(store->self, QW_STORE_KEY, "a", 1, &record), QW_ERR_IO);
        assert_int_equal(store->count(store->self, QW_STORE_KEY, 1, &count), QW_ERR_IO);
        assert_int_equal(insert(store, "b", 1, "x"), QW_ERR_IO);
        assert_int_equal(store->take_turn(store->self, &is_moved), QW_ERR_IO);
        store->give_turn(store->self);
        postgres_server_start(&server, NULL);
        usleep(250000); /* it is looked for five times a second */
        assert_record(store, "a", 1, 1, "x");
        assert_absent(store, "b");
    }
    assert_int_equal(insert(store, "b", 1, "x"), QW_OK);
    postgres_server_stop(&server, SIGINT); /* while nobody asks: the next verb does not notice */
    postgres_server_start(&server, NULL);
    assert_int_equal(insert(store, "c", 1, "x"), QW_OK);
    assert_int_equal(count_of(store, 1), 3);
}

/* A copy of the data folder from before; the server knows nothing of what it said since. */
static void is_never_used_again_when_the_database_was_set_back(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    struct qw_store other = { 0 };
    struct qw_store_record record;
    char command[256];
    bool is_moved = false;

    assert_int_equal(insert(store, "a", 1, "x"), QW_OK);
    postgres_server_stop(&server, SIGINT);
    snprintf(command, sizeof command, "cp -a '%s/data' '%s/copy'", server.folder, server.folder);
    assert_int_equal(system(command), 0);
    postgres_server_start(&server, NULL);
    assert_int_equal(insert(store, "b", 1, "x"), QW_OK);
    postgres_server_stop(&server, SIGINT);
    snprintf(command, sizeof command, "cd '%s' && rm -rf data && mv copy data", server.folder);
    assert_int_equal(system(command), 0);
    postgres_server_start(&server, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(insert(store, "c", 1, "x"), QW_ERR_IO);
        assert_int_equal(store->get(store->self, QW_STORE_KEY, "a", 1, &record), QW_ERR_IO);
        assert_int_equal(store->take_turn(store->self, &is_moved), QW_ERR_REFUSED);
        store->give_turn(store->self);
    }
    assert_int_equal(qw_store_postgres_open(server.uri, NULL, &other),
                     QW_OK); /* a new start is free to */
    assert_absent(&other, "b");
    qw_store_close(&other);
}

static void *wait_for_turn(void *argument)
{
    struct place *place = ((void **)argument)[0];
    atomic_int *order = ((void **)argument)[1];
    bool is_moved = false;

    if (place->store.take_turn(place->store.self, &is_moved) != QW_OK) {
        return argument;
    }
    (*order)++;
    place->store.give_turn(place->store.self);
    return NULL;
}

static void gives_the_turn_to_one_process_at_a_time_and_tells_what_has_moved(void **state)
{
    struct place *place = *state;
    struct place second = { .open = place->open };
    struct qw_store *store = &place->store;
    atomic_int order = 0;
    void *argument[2] = { &second, &order };
    pthread_t thread;
    void *result;
    bool is_moved = false;

    assert_int_equal(place->open(place->path, &second.store), QW_OK);
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    assert_true(is_moved); /* nobody can know what was there before the first turn */
    assert_int_equal(pthread_create(&thread, NULL, wait_for_turn, argument), 0);
    assert_int_equal(insert(store, "a", 1, "x"), QW_OK);
    usleep(100000);
    assert_int_equal(order, 0);
    store->give_turn(store->self);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_null(result);
    assert_int_equal(order, 1);
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    assert_false(is_moved); /* the other one has only had its turn, and our own group counts not */
    store->give_turn(store->self);
    assert_int_equal(insert(&second.store, "b", 1, "x"), QW_OK);
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    assert_true(is_moved);
    store->give_turn(store->self);
    assert_int_equal(second.store.take_turn(second.store.self, &is_moved), QW_OK);
    qw_store_close(&second.store); /* as a killed process would: the turn goes with it */
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    store->give_turn(store->self);
}

static void loses_the_turn_with_its_connection(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    bool is_moved = false;

    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    postgres_server_execute(&server, "SELECT pg_terminate_backend(pid) FROM pg_locks"
                                     " WHERE locktype = 'advisory' AND granted");
    assert_int_equal(insert(store, "a", 1, "x"), QW_ERR_IO);
    assert_absent(store, "a"); /* reading goes on */
    assert_int_equal(insert(store, "a", 1, "x"), QW_ERR_IO);
    store->give_turn(store->self);
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    assert_int_equal(insert(store, "a", 1, "x"), QW_OK);
    store->give_turn(store->self);
}

/* Stopped with half of its statements sent: to the server it is active, so no time-out of its own
 * ends the session. */
static void a_process_that_was_stopped_in_its_turn_does_not_keep_it(void **state)
{
    struct place *place = *state;
    char *said = NULL, expected[64];
    size_t said_len = 0;
    struct qw_log log = { .stream = open_memstream(&said, &said_len),
                          .component = "store",
                          .level = QW_LOG_WARNING };
    struct qw_store opened = { 0 };
    struct qw_store *store = &opened;
    PGconn *stopped = PQconnectdb(server.uri);
    PGresult *locked;
    int64_t began_ms = qw_clock_monotonic_ms();
    bool is_moved = false;
    qw_err err = QW_ERR_IO;

    assert_non_null(log.stream);
    assert_int_equal(qw_store_postgres_open(place->path, &log, store), QW_OK);
    assert_int_equal(PQenterPipelineMode(stopped), 1);
    assert_int_equal(PQsendQueryParams(stopped, "SELECT pg_advisory_lock(1364677191)", 0, NULL,
                                       NULL, NULL, NULL, 0),
                     1);
    assert_int_equal(PQsendFlushRequest(stopped), 1);
    assert_int_equal(PQflush(stopped), 0);
    locked = PQgetResult(stopped);
    assert_int_equal(PQresultStatus(locked), PGRES_TUPLES_OK);
    PQclear(locked);
    while (err == QW_ERR_IO && qw_clock_monotonic_ms() - began_ms < 60000) {
        err = store->take_turn(store->self, &is_moved);
        if (err != QW_OK) {
            store->give_turn(store->self);
        }
    }
    assert_int_equal(err, QW_OK);
    assert_true(qw_clock_monotonic_ms() - began_ms >= 10000); /* a slow one is not ended */
    store->give_turn(store->self);
    qw_store_close(store);
    (void)snprintf(expected, sizeof expected, "server process %d, from this host, was ended",
                   PQbackendPID(stopped));
    fclose(log.stream);
    assert_non_null(strstr(said, expected));
    assert_null(strstr(strchr(said, '\n') + 1, "was ended")); /* once */
    free(said);
    PQfinish(stopped);
}

/* The lock is got, and what is asked behind it fails: nobody else may have to wait for it. */
static void a_turn_that_fails_keeps_no_lock(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    struct place second = { .open = place->open };
    bool is_moved = false;

    assert_int_equal(place->open(place->path, &second.store), QW_OK);
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    store->give_turn(store->self);
    postgres_server_execute(&server, "ALTER TABLE qwave.turn RENAME TO away");
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_ERR_IO);
    store->give_turn(store->self);
    postgres_server_execute(&server, "ALTER TABLE qwave.away RENAME TO turn");
    assert_int_equal(second.store.take_turn(second.store.self, &is_moved), QW_OK);
    second.store.give_turn(second.store.self);
    assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
    store->give_turn(store->self);
    qw_store_close(&second.store);
}

static void survives_the_failure_of_any_allocation(void **state)
{
    struct place *place = *state;
    struct qw_store_record record = { .len = 77 };
    struct qw_store other = { 0 };
    qw_err err = QW_ERR_NOMEM;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        allocations = 0;
        allocation_fails_at = n;
        err = place->open(place->path, &other);
        allocation_fails_at = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && other.self == NULL));
    }
    qw_store_close(&other);
    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
    allocations = 0;
    allocation_fails_at = 1;
    assert_int_equal(place->store.get(place->store.self, QW_STORE_KEY, "a", 1, &record),
                     QW_ERR_NOMEM);
    assert_int_equal(record.len, 77);
    allocation_fails_at = 0;
    assert_record(&place->store, "a", 1, 1, "x");
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, postgres_make, remove_place)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_uri_from_a_file),
        cmocka_unit_test(refuses_passwords_in_the_uri_and_unverified_networks),
        cmocka_unit_test(says_io_when_nobody_answers),
        WITH_PLACE(refuses_a_server_that_may_lose_what_it_acknowledged),
        WITH_PLACE(refuses_a_schema_that_is_not_its_own),
        WITH_PLACE(adds_to_a_database_of_schema_1_what_it_has_not),
        WITH_PLACE(adds_to_a_database_of_schema_2_what_it_has_not),
        WITH_PLACE(refuses_a_read_only_database),
        WITH_PLACE(says_io_while_the_server_is_away_and_goes_on_when_it_is_back),
        WITH_PLACE(is_never_used_again_when_the_database_was_set_back),
        WITH_PLACE(gives_the_turn_to_one_process_at_a_time_and_tells_what_has_moved),
        WITH_PLACE(loses_the_turn_with_its_connection),
        WITH_PLACE(a_process_that_was_stopped_in_its_turn_does_not_keep_it),
        WITH_PLACE(a_turn_that_fails_keeps_no_lock),
        WITH_PLACE(survives_the_failure_of_any_allocation),
    };
    int failed;

    if (!postgres_server_is_installed()) {
        fputs("skipped: the server of PostgreSQL 15 is not installed\n", stderr);
        return 77;
    }
    postgres_server_make(&server);
    failed = cmocka_run_group_tests_name("store.store_postgres", tests, NULL, NULL);
    postgres_server_remove(&server);
    return failed;
}
