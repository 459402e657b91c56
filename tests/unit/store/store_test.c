/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
/* The laws of store/store.h: the same tests on every backend. What only one of them can do stands
 * in its own test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "unit/store/postgres_place.h"
#include "unit/store/sqlite_place.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void keeps_what_was_inserted_updated_and_removed(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    struct qw_store_op op;

    assert_int_equal(insert(store, "a", 5, "first"), QW_OK);
    assert_int_equal(insert(store, "b", -5, ""), QW_OK); /* an empty blob is a blob */
    assert_record(store, "a", 1, 5, "first");
    assert_record(store, "b", 1, -5, "");
    op = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "a", 1, 6, "second");
    assert_int_equal(submit(store, &op, 1), QW_OK);
    assert_record(store, "a", 2, 6, "second");
    reopen(place);
    assert_record(store, "a", 2, 6, "second");
    op = op_of(QW_STORE_REMOVE, QW_STORE_KEY, "a", 2, 0, NULL);
    assert_int_equal(submit(store, &op, 1), QW_OK);
    assert_absent(store, "a");
    reopen(place);
    assert_absent(store, "a");
    assert_record(store, "b", 1, -5, "");
}

static void keeps_the_kinds_apart(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;

    for (int kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        struct qw_store_op op =
            op_of(QW_STORE_INSERT, (enum qw_store_kind)kind, "same", 0, kind, "x");
        uint64_t count = 0;

        assert_int_equal(submit(store, &op, 1), QW_OK);
        assert_int_equal(submit(store, &op, 1), QW_ERR_CONFLICT);
        assert_int_equal(
            store->count(store->self, (enum qw_store_kind)kind, QW_STORE_ANY_TAG, &count), QW_OK);
        assert_int_equal(count, 1);
    }
}

static void refuses_a_version_that_is_not_the_records(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    static const uint64_t wrong[] = { 0, 2, 3, INT64_MAX };
    struct qw_store_op op;

    assert_int_equal(insert(store, "a", 1, "x"), QW_OK);
    assert_int_equal(insert(store, "a", 1, "y"), QW_ERR_CONFLICT);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        op = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "a", wrong[i], 9, "z");
        assert_int_equal(submit(store, &op, 1), QW_ERR_CONFLICT);
        op = op_of(QW_STORE_REMOVE, QW_STORE_KEY, "a", wrong[i], 9, NULL);
        assert_int_equal(submit(store, &op, 1), QW_ERR_CONFLICT);
    }
    op = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "nobody", 1, 9, "z");
    assert_int_equal(submit(store, &op, 1), QW_ERR_NOT_FOUND);
    op = op_of(QW_STORE_REMOVE, QW_STORE_KEY, "nobody", 1, 9, NULL);
    assert_int_equal(submit(store, &op, 1), QW_ERR_NOT_FOUND);
    assert_record(store, "a", 1, 1, "x");
}

static void refuses_arguments_out_of_range(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    static char long_id[QW_STORE_ID_MAX + 2];
    struct qw_store_record record;
    struct qw_store_op good = op_of(QW_STORE_INSERT, QW_STORE_KEY, "a", 0, 0, "x");
    struct qw_store_op op;
    uint64_t count;

    memset(long_id, 'i', QW_STORE_ID_MAX + 1);
    assert_int_equal(submit(store, &good, 0), QW_ERR_ARG);
    op = good;
    op.id_len = 0;
    assert_int_equal(submit(store, &op, 1), QW_ERR_ARG);
    op = op_of(QW_STORE_INSERT, QW_STORE_KEY, long_id, 0, 0, "x");
    assert_int_equal(submit(store, &op, 1), QW_ERR_ARG);
    op.id_len = QW_STORE_ID_MAX;
    assert_int_equal(submit(store, &op, 1), QW_OK);
    op = good;
    op.kind = QW_STORE_KIND_COUNT;
    assert_int_equal(submit(store, &op, 1), QW_ERR_ARG);
    op = good;
    op.verb = (enum qw_store_verb)(QW_STORE_REMOVE + 1);
    assert_int_equal(submit(store, &op, 1), QW_ERR_ARG);
    op = good;
    op.len = QW_STORE_BLOB_MAX + 1;
    assert_int_equal(submit(store, &op, 1), QW_ERR_ARG);
    op = good;
    op.blob = NULL;
    assert_int_equal(submit(store, &op, 1), QW_ERR_ARG);
    assert_int_equal(store->get(store->self, QW_STORE_KIND_COUNT, "a", 1, &record), QW_ERR_ARG);
    assert_int_equal(store->get(store->self, QW_STORE_KEY, "a", 0, &record), QW_ERR_ARG);
    assert_int_equal(store->count(store->self, QW_STORE_KIND_COUNT, 0, &count), QW_ERR_ARG);
    assert_absent(store, "a");
}

static void takes_the_largest_blob(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    char *blob = malloc(QW_STORE_BLOB_MAX + 1);

    assert_non_null(blob);
    memset(blob, 'B', QW_STORE_BLOB_MAX);
    blob[QW_STORE_BLOB_MAX] = '\0';
    assert_int_equal(insert(store, "large", 0, blob), QW_OK);
    reopen(place);
    assert_record(store, "large", 1, 0, blob);
    free(blob);
}

static void changes_nothing_when_the_third_operation_fails(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    struct qw_store_op ops[4];

    assert_int_equal(insert(store, "a", 1, "old"), QW_OK);
    assert_int_equal(insert(store, "b", 1, "old"), QW_OK);
    ops[0] = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "a", 1, 2, "new");
    ops[1] = op_of(QW_STORE_INSERT, QW_STORE_KEY, "c", 0, 2, "new");
    ops[2] = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "b", 7, 2, "new");
    ops[3] = op_of(QW_STORE_REMOVE, QW_STORE_KEY, "b", 1, 0, NULL);
    assert_int_equal(submit(store, ops, 4), QW_ERR_CONFLICT);
    ops[2] = op_of(QW_STORE_REMOVE, QW_STORE_KEY, "nobody", 1, 0, NULL);
    assert_int_equal(submit(store, ops, 4), QW_ERR_NOT_FOUND);
    for (int round = 0; round < 2; round++) {
        assert_record(store, "a", 1, 1, "old");
        assert_record(store, "b", 1, 1, "old");
        assert_absent(store, "c");
        reopen(place);
    }
    ops[2] = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "b", 1, 2, "new"); /* and goes on when it fits */
    assert_int_equal(submit(store, ops, 3), QW_OK);
    assert_record(store, "b", 2, 2, "new");
}

struct visits {
    struct qw_store *store;
    char seen[256];
    int stop_after;
};

static int visit(void *self, const struct qw_store_record *record)
{
    struct visits *visits = self;
    size_t len = strlen(visits->seen);
    uint64_t count;

    memcpy(visits->seen + len, record->id, record->id_len);
    visits->seen[len + record->id_len] = '\0';
    /* The visitor may use the store. */
    assert_int_equal(visits->store->count(visits->store->self, QW_STORE_KEY, 0, &count), QW_OK);
    visits->stop_after--;
    return visits->stop_after != 0;
}

static void assert_scan(struct qw_store *store, int64_t tag, const char *after, size_t limit,
                        int stop_after, const char *expected)
{
    struct visits visits = { .store = store, .stop_after = stop_after };

    assert_int_equal(
        store->scan(store->self, QW_STORE_KEY, tag, after, strlen(after), limit, visit, &visits),
        QW_OK);
    assert_string_equal(visits.seen, expected);
}

static void scans_in_id_order_within_tag_and_limit(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;

    assert_scan(store, QW_STORE_ANY_TAG, "", 9, 0, "");
    assert_int_equal(insert(store, "d", 1, "x"), QW_OK);
    assert_int_equal(insert(store, "a", 2, "x"), QW_OK);
    assert_int_equal(insert(store, "c", 1, "x"), QW_OK);
    assert_int_equal(insert(store, "b", 1, "x"), QW_OK);
    assert_scan(store, QW_STORE_ANY_TAG, "", SIZE_MAX, 0, "abcd");
    assert_scan(store, QW_STORE_ANY_TAG, "", 3, 0, "abc");
    assert_scan(store, QW_STORE_ANY_TAG, "", 0, 0, "");
    assert_scan(store, QW_STORE_ANY_TAG, "b", 9, 0, "cd");
    assert_scan(store, QW_STORE_ANY_TAG, "bb", 9, 0, "cd");
    assert_scan(store, QW_STORE_ANY_TAG, "d", 9, 0, "");
    assert_scan(store, QW_STORE_ANY_TAG, "", 9, 2, "ab");
    assert_scan(store, 1, "", 9, 0, "bcd");
    assert_scan(store, 1, "b", 1, 0, "c");
    assert_scan(store, 3, "", 9, 0, "");
    assert_int_equal(count_of(store, QW_STORE_ANY_TAG), 4);
    assert_int_equal(count_of(store, 1), 3);
    assert_int_equal(count_of(store, 3), 0);
}

static qw_err insert_number(struct qw_store *store, uint32_t number)
{
    uint8_t ids[2][5] = { { 'x' }, { 'y' } };
    struct qw_store_op ops[2];

    for (size_t i = 0; i < 2; i++) {
        qw_store_u32be(ids[i] + 1, number);
        ops[i] = (struct qw_store_op){ .verb = QW_STORE_INSERT,
                                       .kind = QW_STORE_KEY,
                                       .id = ids[i],
                                       .id_len = sizeof ids[i],
                                       .tag = (int64_t)i,
                                       .blob = ids[i],
                                       .len = sizeof ids[i] };
    }
    return submit(store, ops, 2);
}

/* The child acknowledges each group through a pipe after submit has returned, until it is killed.
 */
static void keeps_every_acknowledged_group_when_the_process_is_killed(void **state)
{
    struct place *place = *state;
    uint32_t acknowledged = 0;

    qw_store_close(&place->store);
    for (int round = 0; round < 5; round++) {
        uint32_t first = acknowledged;
        uint32_t number;
        int pipe_fds[2];
        pid_t child;
        int status;

        assert_int_equal(pipe(pipe_fds), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct qw_store store;

            close(pipe_fds[0]);
            if (place->open(place->path, &store) != QW_OK) {
                _exit(1);
            }
            for (uint32_t i = first;; i++) {
                qw_err err = insert_number(&store, i);

                if ((err != QW_OK && err != QW_ERR_CONFLICT) ||
                    write(pipe_fds[1], &i, sizeof i) != (ssize_t)sizeof i) {
                    _exit(1);
                }
            }
        }
        close(pipe_fds[1]);
        for (int i = 0; i < 20 + 13 * round; i++) {
            assert_int_equal(read(pipe_fds[0], &number, sizeof number), sizeof number);
        }
        kill(child, SIGKILL);
        while (read(pipe_fds[0], &number, sizeof number) == (ssize_t)sizeof number) {
        } /* what was acknowledged before the signal arrived */
        close(pipe_fds[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        acknowledged = number + 1;
        assert_int_equal(place->open(place->path, &place->store), QW_OK);
        assert_true(count_of(&place->store, 0) >= acknowledged);
        assert_int_equal(count_of(&place->store, 0), count_of(&place->store, 1)); /* whole groups */
        for (uint32_t i = 0; i < acknowledged; i++) {
            assert_int_equal(insert_number(&place->store, i), QW_ERR_CONFLICT);
        }
        qw_store_close(&place->store);
    }
}

static void *write_numbers(void *argument)
{
    struct place *place = ((void **)argument)[0];
    uint32_t first = *(uint32_t *)((void **)argument)[1];

    for (uint32_t i = first; i < first + 150; i++) {
        if (insert_number(&place->store, i) != QW_OK) {
            return argument;
        }
    }
    return NULL;
}

static void serves_two_threads(void **state)
{
    struct place *place = *state;
    uint32_t starts[2] = { 0, 1000 };
    void *arguments[2][2] = { { place, &starts[0] }, { place, &starts[1] } };
    pthread_t threads[2];
    void *result;

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_numbers, arguments[i]), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    assert_int_equal(count_of(&place->store, QW_STORE_ANY_TAG), 600);
}

static void lets_one_of_two_openers_win_each_version(void **state)
{
    struct place *place = *state;
    struct qw_store other;
    struct qw_store_op op = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "a", 1, 1, "mine");

    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
    assert_int_equal(place->open(place->path, &other), QW_OK);
    assert_int_equal(submit(&other, &op, 1), QW_OK);
    assert_int_equal(submit(&place->store, &op, 1), QW_ERR_CONFLICT);
    assert_record(&place->store, "a", 2, 1, "mine");
    qw_store_close(&other);
}

static void closing_twice_is_harmless(void **state)
{
    struct place *place = *state;
    struct qw_store empty = { 0 };

    qw_store_close(NULL);
    qw_store_close(&empty);
    qw_store_close(&place->store);
    qw_store_close(&place->store);
    qw_store_record_free(NULL);
}

static void sees_the_earlier_operations_of_its_own_group(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    struct qw_store_op ops[3];

    ops[0] = op_of(QW_STORE_INSERT, QW_STORE_KEY, "a", 0, 1, "x");
    ops[1] = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "a", 1, 2, "y");
    ops[2] = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "a", 1, 3, "z");
    assert_int_equal(submit(store, ops, 3), QW_ERR_CONFLICT);
    assert_absent(store, "a");
    ops[2] = op_of(QW_STORE_INSERT, QW_STORE_KEY, "a", 0, 3, "z");
    assert_int_equal(submit(store, ops, 3), QW_ERR_CONFLICT);
    assert_absent(store, "a");
    assert_int_equal(submit(store, ops, 2), QW_OK);
    assert_record(store, "a", 2, 2, "y");
    ops[0] = op_of(QW_STORE_REMOVE, QW_STORE_KEY, "a", 2, 0, NULL);
    ops[1] = op_of(QW_STORE_UPDATE, QW_STORE_KEY, "a", 2, 2, "y");
    assert_int_equal(submit(store, ops, 2), QW_ERR_NOT_FOUND);
    assert_record(store, "a", 2, 2, "y");
    ops[1] = op_of(QW_STORE_INSERT, QW_STORE_KEY, "a", 0, 5, "new");
    assert_int_equal(submit(store, ops, 2), QW_OK);
    assert_record(store, "a", 1, 5, "new");
}

static void orders_ids_as_bytes(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    static const uint8_t ids[][3] = { { 0, 0, 0 },     { 0, 0, 1 },   { 0, 1, 0 },
                                      { 127, 255, 0 }, { 128, 0, 0 }, { 255, 255, 255 } };
    enum { COUNT = sizeof ids / sizeof ids[0] };
    struct qw_store_record record = { 0 };

    for (size_t i = COUNT; i > 0; i--) {
        struct qw_store_op op = { .verb = QW_STORE_INSERT,
                                  .kind = QW_STORE_KEY,
                                  .id = ids[i - 1],
                                  .id_len = sizeof ids[0],
                                  .tag = INT64_MIN + 1,
                                  .blob = ids[i - 1],
                                  .len = sizeof ids[0] };

        assert_int_equal(submit(store, &op, 1), QW_OK);
    }
    for (size_t i = 0; i < COUNT; i++) {
        struct visits visits = { .store = store, .stop_after = 1 };

        assert_int_equal(store->scan(store->self, QW_STORE_KEY, INT64_MIN + 1,
                                     i == 0 ? NULL : ids[i - 1], i == 0 ? 0 : sizeof ids[0], 1,
                                     visit, &visits),
                         QW_OK);
        assert_memory_equal(visits.seen, ids[i], sizeof ids[0]);
    }
    assert_int_equal(store->get(store->self, QW_STORE_KEY, ids[1], sizeof ids[1], &record), QW_OK);
    assert_memory_equal(record.blob, ids[1], sizeof ids[1]);
    qw_store_record_free(&record);
}

enum { MANY = 300, MANY_BLOB = 9000 };

static int count_visit(void *self, const struct qw_store_record *record)
{
    uint32_t *next = self;

    assert_int_equal(record->len, MANY_BLOB);
    assert_int_equal(qw_load_u32be(record->id), *next);
    (*next)++;
    return 1;
}

static void takes_a_group_of_many_blocks_and_walks_them_all(void **state)
{
    struct place *place = *state;
    struct qw_store *store = &place->store;
    static struct qw_store_op ops[MANY];
    static uint8_t ids[MANY][4];
    static uint8_t blob[MANY_BLOB];
    uint32_t seen = 0;

    for (uint32_t i = 0; i < MANY; i++) {
        qw_store_u32be(ids[i], i);
        ops[i] = (struct qw_store_op){ .verb = QW_STORE_INSERT,
                                       .kind = QW_STORE_BLOCK,
                                       .id = ids[i],
                                       .id_len = sizeof ids[i],
                                       .tag = 7,
                                       .blob = blob,
                                       .len = sizeof blob };
    }
    assert_int_equal(submit(store, ops, MANY), QW_OK);
    assert_int_equal(submit(store, ops, MANY), QW_ERR_CONFLICT);
    for (int64_t tag = 7; tag != QW_STORE_ANY_TAG; tag = tag == 7 ? 8 : QW_STORE_ANY_TAG) {
        seen = 0;
        assert_int_equal(
            store->scan(store->self, QW_STORE_BLOCK, tag, NULL, 0, SIZE_MAX, count_visit, &seen),
            QW_OK);
        assert_int_equal(seen, tag == 7 ? MANY : 0);
    }
    assert_int_equal(
        store->scan(store->self, QW_STORE_BLOCK, QW_STORE_ANY_TAG, NULL, 0, 70, count_visit, &seen),
        QW_OK);
    assert_int_equal(seen, 70);
}

/* Each child raises two counters in one group, in the order that suits it, and counts its wins. */
static int raise_counters(const struct place *place, bool backwards, int rounds)
{
    struct qw_store store;
    int wins = 0;

    if (place->open(place->path, &store) != QW_OK) {
        return 255;
    }
    while (wins < rounds) {
        struct qw_store_record records[2] = { { .len = 0 } };
        struct qw_store_op ops[2];
        qw_err err = QW_OK;

        for (size_t i = 0; i < 2 && err == QW_OK; i++) {
            const char *id = (i == 1) == backwards ? "left" : "right";

            err = store.get(store.self, QW_STORE_KEY, id, strlen(id), &records[i]);
            ops[i] = op_of(QW_STORE_UPDATE, QW_STORE_KEY, id, records[i].version,
                           records[i].tag + 1, "x");
            qw_store_record_free(&records[i]);
        }
        err = err == QW_OK ? submit(&store, ops, 2) : err;
        wins += err == QW_OK;
        if (err != QW_OK && err != QW_ERR_CONFLICT) {
            wins = 254;
        }
    }
    qw_store_close(&store);
    return wins;
}

static void lets_one_of_several_processes_win_each_version(void **state)
{
    struct place *place = *state;
    enum { CHILDREN = 3, ROUNDS = 25 };
    pid_t children[CHILDREN];
    int status;

    assert_int_equal(insert(&place->store, "left", 0, "x"), QW_OK);
    assert_int_equal(insert(&place->store, "right", 0, "x"), QW_OK);
    qw_store_close(&place->store);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            _exit(raise_counters(place, i % 2 == 1, ROUNDS));
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), ROUNDS);
    }
    assert_int_equal(place->open(place->path, &place->store), QW_OK);
    assert_record(&place->store, "left", 1 + CHILDREN * ROUNDS, CHILDREN * ROUNDS, "x");
    assert_record(&place->store, "right", 1 + CHILDREN * ROUNDS, CHILDREN * ROUNDS, "x");
}

#define LAWS(with) \
    with(keeps_what_was_inserted_updated_and_removed), with(keeps_the_kinds_apart), \
        with(refuses_a_version_that_is_not_the_records), with(refuses_arguments_out_of_range), \
        with(takes_the_largest_blob), with(changes_nothing_when_the_third_operation_fails), \
        with(sees_the_earlier_operations_of_its_own_group), \
        with(scans_in_id_order_within_tag_and_limit), with(orders_ids_as_bytes), \
        with(takes_a_group_of_many_blocks_and_walks_them_all), \
        with(keeps_every_acknowledged_group_when_the_process_is_killed), with(serves_two_threads), \
        with(lets_one_of_two_openers_win_each_version), \
        with(lets_one_of_several_processes_win_each_version), with(closing_twice_is_harmless)
#define ON_SQLITE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)
#define ON_POSTGRES(test) cmocka_unit_test_setup_teardown(test, postgres_make, postgres_remove)

int main(void)
{
    const struct CMUnitTest on_sqlite[] = { LAWS(ON_SQLITE) };
    const struct CMUnitTest on_postgres[] = { LAWS(ON_POSTGRES) };
    int failed = cmocka_run_group_tests_name("store.store on SQLite", on_sqlite, NULL, NULL);

    if (!postgres_server_is_installed()) {
        fputs("skipped on PostgreSQL: its server is not installed\n", stderr);
        return failed;
    }
    postgres_server_make(&server);
    failed += cmocka_run_group_tests_name("store.store on PostgreSQL", on_postgres, NULL, NULL);
    postgres_server_remove(&server);
    return failed;
}
