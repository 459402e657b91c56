/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
/* What becomes of a group whose connection, server or disk fails under it. The laws of groups that
 * hold on every backend: store_test.c. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/postgres_group.h"
#include "unit/store/postgres_place.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* The n-th event on the network fails. */
static atomic_int network_fails_at, network_events;

int __real_PQconsumeInput(PGconn *connection);
int __wrap_PQconsumeInput(PGconn *connection);
int __wrap_PQconsumeInput(PGconn *connection)
{
    if (++network_events == network_fails_at) {
        shutdown(PQsocket(connection), SHUT_RDWR);
    }
    return __real_PQconsumeInput(connection);
}

int __real_PQpipelineSync(PGconn *connection);
int __wrap_PQpipelineSync(PGconn *connection);
int __wrap_PQpipelineSync(PGconn *connection)
{
    if (++network_events == network_fails_at) {
        shutdown(PQsocket(connection), SHUT_RDWR);
    }
    return __real_PQpipelineSync(connection);
}

int __real_PQsendQueryPrepared(PGconn *connection, const char *name, int count,
                               const char *const *values, const int *lens, const int *formats,
                               int result_format);
int __wrap_PQsendQueryPrepared(PGconn *connection, const char *name, int count,
                               const char *const *values, const int *lens, const int *formats,
                               int result_format);
int __wrap_PQsendQueryPrepared(PGconn *connection, const char *name, int count,
                               const char *const *values, const int *lens, const int *formats,
                               int result_format)
{
    if (++network_events == network_fails_at) {
        shutdown(PQsocket(connection), SHUT_RDWR);
    }
    return __real_PQsendQueryPrepared(connection, name, count, values, lens, formats,
                                      result_format);
}

static int remove_place(void **state)
{
    network_fails_at = 0;
    return postgres_remove(state);
}

/* The connection breaks at every point of a group's way, the one between COMMIT and its answer
 * among them. */
static void never_guesses_how_a_group_ended(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    bool was_reached = true;
    int n = 1;

    for (; was_reached; n++) {
        struct qw_store_op ops[2];
        char ids[2][16];
        qw_err err;

        assert_true(n < 100);
        snprintf(ids[0], sizeof ids[0], "x%03d", n);
        snprintf(ids[1], sizeof ids[1], "y%03d", n);
        ops[0] = op_of(QW_STORE_INSERT, QW_STORE_KEY, ids[0], 0, 1, "x");
        ops[1] = op_of(QW_STORE_INSERT, QW_STORE_KEY, ids[1], 0, 1, "y");
        network_events = 0;
        network_fails_at = n;
        err = submit(store, ops, 2);
        was_reached = network_events >= n;
        network_fails_at = 0;
        assert_int_equal(err, QW_OK); /* the server is there: it is asked, and the group repeated */
        assert_record(store, ids[0], 1, 1, "x");
        assert_record(store, ids[1], 1, 1, "y");
    }
    assert_true(n > 8);
    assert_int_equal(count_of(store, 1), (uint64_t)(n - 1) * 2);
}

/* The same inside a turn: nothing may be repeated, since others may have had a turn meanwhile. */
static void says_truly_whether_a_group_of_a_lost_turn_is_durable(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    bool was_reached = true;
    int durable = 0;
    int lost = 0;

    for (int n = 1; was_reached; n++) {
        bool is_moved = false;
        char id[16];
        qw_err err;

        assert_true(n < 100);
        snprintf(id, sizeof id, "%03d", n);
        assert_int_equal(store->take_turn(store->self, &is_moved), QW_OK);
        network_events = 0;
        network_fails_at = n;
        err = insert(store, id, 1, "x");
        was_reached = network_events >= n;
        network_fails_at = 0;
        assert_true(err == QW_OK || err == QW_ERR_IO);
        if (err == QW_OK) {
            durable++;
            assert_record(store, id, 1, 1, "x");
        } else {
            lost++;
            assert_absent(store, id);
        }
        if (was_reached) { /* the connection broke: so the turn is over */
            assert_int_equal(insert(store, "later", 1, "x"), QW_ERR_IO);
        }
        store->give_turn(store->self);
        assert_int_equal(count_of(store, 1), (uint64_t)durable);
    }
    assert_true(durable >= 2); /* the undisturbed one, and one whose answer was cut */
    assert_true(lost >= 1);
}

struct writer {
    struct qw_store *store;
    atomic_int acknowledged, refused, unknown;
    atomic_bool is_over;
};

static void *write_on(void *argument)
{
    struct writer *writer = argument;

    for (int i = 0; !writer->is_over; i++) {
        char id[16];
        qw_err err;

        snprintf(id, sizeof id, "%06d", i);
        err = insert(writer->store, id, 1, "x");
        if (err == QW_OK) {
            writer->acknowledged++;
        } else if (err == QW_ERR_TIMEOUT) {
            writer->unknown++;
        } else {
            writer->refused++;
            usleep(1000);
        }
    }
    return NULL;
}

static void counts_true_while_the_server_is_killed(void **state)
{
    struct place *place = *state;
    struct writer writer = { .store = &place->store };
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
    for (int round = 0; round < 4; round++) {
        int before = writer.acknowledged;

        while (writer.acknowledged < before + 30) {
            usleep(1000);
        }
        usleep(300 * (unsigned)round);
        postgres_server_stop(&server, SIGKILL);
        postgres_server_start(&server, NULL);
    }
    writer.is_over = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    usleep(250000);
    assert_int_equal(writer.unknown, 0);
    assert_int_equal(count_of(&place->store, 1), writer.acknowledged);
}

/* A file size limit stands for a full disk, as in store_sqlite_test.c; segments of the log are
 * 16 MiB. */
static void changes_nothing_on_a_full_disk_and_goes_on_when_there_is_space(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    char *blob = malloc(QW_STORE_BLOB_MAX);
    uint64_t good = 0;
    qw_err err = QW_OK;

    assert_non_null(blob);
    memset(blob, 'B', QW_STORE_BLOB_MAX);
    postgres_server_stop(&server, SIGINT);
    server.file_max = 16 << 20;
    postgres_server_start(&server, NULL);
    for (int i = 0; i < 40 && err == QW_OK; i++) {
        struct qw_store_op ops[2];
        char id[16];

        snprintf(id, sizeof id, "%03d", i);
        ops[0] = op_of(QW_STORE_INSERT, QW_STORE_KEY, id, 0, 1, "small");
        ops[1] = op_of(QW_STORE_INSERT, QW_STORE_BLOCK, id, 0, 1, NULL);
        ops[1].blob = (const uint8_t *)blob;
        ops[1].len = QW_STORE_BLOB_MAX;
        err = submit(store, ops, 2);
        good += err == QW_OK;
    }
    free(blob);
    assert_int_equal(err, QW_ERR_IO);
    assert_true(good > 5);
    assert_int_equal(count_of(store, 1), good);
    postgres_server_stop(&server, SIGINT);
    server.file_max = 0;
    postgres_server_start(&server, NULL);
    assert_int_equal(insert(store, "later", 1, "x"), QW_OK);
    assert_int_equal(count_of(store, 1), good + 1);
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, postgres_make, remove_place)
    const struct CMUnitTest tests[] = {
        WITH_PLACE(never_guesses_how_a_group_ended),
        WITH_PLACE(says_truly_whether_a_group_of_a_lost_turn_is_durable),
        WITH_PLACE(counts_true_while_the_server_is_killed),
        WITH_PLACE(changes_nothing_on_a_full_disk_and_goes_on_when_there_is_space),
    };
    int failed;

    if (!postgres_server_is_installed()) {
        fputs("skipped: the server of PostgreSQL 15 is not installed\n", stderr);
        return 77;
    }
    postgres_server_make(&server);
    failed = cmocka_run_group_tests_name("store.postgres_group", tests, NULL, NULL);
    postgres_server_remove(&server);
    return failed;
}
