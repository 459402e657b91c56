/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "store/store_sqlite.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place { /* a folder of one test */
    char folder[64];
    char path[96];
    struct qw_store store;
};

static int place_make(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    strcpy(place->folder, "/tmp/qwave-store-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof place->path, "%s/centre.db", place->folder);
    assert_int_equal(qw_store_sqlite_open(place->path, &place->store), QW_OK);
    *state = place;
    return 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;
    char path[128];

    qw_store_close(&place->store);
    for (size_t i = 0; i < 3; i++) {
        static const char *const ends[] = { "", "-wal", "-shm" };

        snprintf(path, sizeof path, "%s%s", place->path, ends[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static void reopen(struct place *place)
{
    qw_store_close(&place->store);
    assert_int_equal(qw_store_sqlite_open(place->path, &place->store), QW_OK);
}

static struct qw_store_op op_of(enum qw_store_verb verb, enum qw_store_kind kind, const char *id,
                                uint64_t version, int64_t tag, const char *blob)
{
    return (struct qw_store_op){ .verb = verb,
                                 .kind = kind,
                                 .id = id,
                                 .id_len = strlen(id),
                                 .expected_version = version,
                                 .tag = tag,
                                 .blob = (const uint8_t *)blob,
                                 .len = blob == NULL ? 0 : strlen(blob) };
}

static qw_err submit(struct qw_store *store, const struct qw_store_op *ops, size_t count)
{
    return store->submit(store->self, ops, count);
}

static qw_err insert(struct qw_store *store, const char *id, int64_t tag, const char *blob)
{
    struct qw_store_op op = op_of(QW_STORE_INSERT, QW_STORE_KEY, id, 0, tag, blob);

    return submit(store, &op, 1);
}

static void assert_record(struct qw_store *store, const char *id, uint64_t version, int64_t tag,
                          const char *blob)
{
    struct qw_store_record record = { 0 };

    assert_int_equal(store->get(store->self, QW_STORE_KEY, id, strlen(id), &record), QW_OK);
    assert_int_equal(record.id_len, strlen(id));
    assert_memory_equal(record.id, id, record.id_len);
    assert_int_equal(record.version, version);
    assert_int_equal(record.tag, tag);
    assert_int_equal(record.len, strlen(blob));
    assert_memory_equal(record.blob, blob, record.len);
    qw_store_record_free(&record);
    assert_null(record.blob);
}

static void assert_absent(struct qw_store *store, const char *id)
{
    struct qw_store_record record = { .len = 77 };

    assert_int_equal(store->get(store->self, QW_STORE_KEY, id, strlen(id), &record),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(record.len, 77);
}

static uint64_t count_of(struct qw_store *store, int64_t tag)
{
    uint64_t count = UINT64_MAX;

    assert_int_equal(store->count(store->self, QW_STORE_KEY, tag, &count), QW_OK);
    return count;
}

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
            if (qw_store_sqlite_open(place->path, &store) != QW_OK) {
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
        assert_int_equal(qw_store_sqlite_open(place->path, &place->store), QW_OK);
        assert_true(count_of(&place->store, 0) >= acknowledged);
        assert_int_equal(count_of(&place->store, 0), count_of(&place->store, 1)); /* whole groups */
        for (uint32_t i = 0; i < acknowledged; i++) {
            assert_int_equal(insert_number(&place->store, i), QW_ERR_CONFLICT);
        }
        qw_store_close(&place->store);
    }
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *connection = NULL;

    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(connection);
}

/* A file size limit stands for a full disk: write(2) then fails in the middle of a group. */
static void changes_nothing_on_a_full_disk_and_goes_on_when_there_is_space(void **state)
{
    struct place *place = *state;
    char blob[6001];
    char id[16];
    struct rlimit before;
    struct rlimit small;
    uint64_t good = 0;
    uint64_t failed = 0;

    memset(blob, 'b', sizeof blob - 1);
    blob[sizeof blob - 1] = '\0';
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 300000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 150; i++) {
        struct qw_store_op ops[2];
        char second[16];
        qw_err err;

        snprintf(id, sizeof id, "a%04d", i);
        snprintf(second, sizeof second, "b%04d", i);
        ops[0] = op_of(QW_STORE_INSERT, QW_STORE_KEY, id, 0, 1, blob);
        ops[1] = op_of(QW_STORE_INSERT, QW_STORE_KEY, second, 0, 2, blob);
        err = submit(&place->store, ops, 2);
        assert_true(err == QW_OK || err == QW_ERR_IO);
        good += err == QW_OK;
        failed += err != QW_OK;
        assert_int_equal(count_of(&place->store, 1), good);
        assert_int_equal(count_of(&place->store, 2), good);
    }
    assert_true(good > 0);
    assert_true(failed > 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(insert(&place->store, "later", 1, "x"), QW_OK);
    reopen(place);
    assert_int_equal(count_of(&place->store, 1), good + 1);
    assert_int_equal(count_of(&place->store, 2), good);
}

static void gives_its_files_to_nobody_else(void **state)
{
    struct place *place = *state;
    static const char *const ends[] = { "", "-wal", "-shm" };
    struct qw_store other = { 0 };
    struct stat found;
    char path[128];

    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", place->path, ends[i]);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
    qw_store_close(&place->store);
    assert_int_equal(chmod(place->path, 0640), 0);
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_REFUSED);
    assert_null(other.self);
    assert_int_equal(chmod(place->path, 0600), 0);
    snprintf(path, sizeof path, "%s/link", place->folder);
    assert_int_equal(symlink(place->path, path), 0);
    assert_int_equal(qw_store_sqlite_open(path, &other), QW_ERR_IO);
    unlink(path);
    assert_int_equal(qw_store_sqlite_open(place->folder, &other), QW_ERR_IO);
    assert_int_equal(qw_store_sqlite_open("/nowhere/at/all", &other), QW_ERR_IO);
}

static void refuses_files_that_are_not_its_own(void **state)
{
    struct place *place = *state;
    static const char text[] =
        "This is a letter to my aunt, and not a key store at all. Dear aunt, "
        "I hope this finds you well and far from any database.";
    struct qw_store other = { 0 };
    FILE *file;

    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
    qw_store_close(&place->store);
    execute(place->path, "PRAGMA user_version = 2");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    execute(place->path, "PRAGMA user_version = 0");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    execute(place->path, "PRAGMA user_version = 1; PRAGMA application_id = 5");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    execute(place->path, "PRAGMA application_id = 0x51575354");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_OK);
    assert_record(&other, "a", 1, 1, "x");
    qw_store_close(&other);
    execute(place->path, "DROP TABLE session");
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    file = fopen(place->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof text, file), sizeof text);
    fclose(file);
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_ERR_FORMAT);
    assert_null(other.self);
}

static void reports_a_damaged_page_and_changes_nothing(void **state)
{
    struct place *place = *state;
    char blob[3000];
    char id[16];
    struct stat found;
    uint64_t count;
    qw_err err = QW_OK;
    int fd;

    memset(blob, 'b', sizeof blob - 1);
    blob[sizeof blob - 1] = '\0';
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "%03d", i);
        assert_int_equal(insert(&place->store, id, 1, blob), QW_OK);
    }
    qw_store_close(&place->store);
    fd = open(place->path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &found), 0);
    memset(blob, 0xa5, sizeof blob);
    for (off_t at = 30 * 4096; at + 4096 <= found.st_size; at += 4096) {
        assert_int_equal(pwrite(fd, blob, 100, at), 100);
    }
    close(fd);
    assert_int_equal(qw_store_sqlite_open(place->path, &place->store), QW_OK);
    for (int i = 0; i < 100 && err == QW_OK; i++) {
        struct qw_store_record record = { 0 };

        snprintf(id, sizeof id, "%03d", i);
        err = place->store.get(place->store.self, QW_STORE_KEY, id, strlen(id), &record);
        qw_store_record_free(&record);
    }
    assert_int_equal(err, QW_ERR_IO);
    err = place->store.count(place->store.self, QW_STORE_AUDIT, QW_STORE_ANY_TAG, &count);
    assert_int_equal(err, QW_OK); /* other tables still answer */
}

/* Root may write everything, so a child that is nobody tries. */
static void refuses_to_open_a_read_only_database(void **state)
{
    struct place *place = *state;
    enum { NOBODY = 65534 };
    pid_t child;
    int status;

    assert_int_equal(insert(&place->store, "a", 1, "x"), QW_OK);
    qw_store_close(&place->store);
    assert_int_equal(chmod(place->path, 0400), 0);
    if (geteuid() == 0) {
        assert_int_equal(chmod(place->folder, 0755), 0);
        assert_int_equal(chown(place->path, NOBODY, NOBODY), 0);
    }
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct qw_store other = { 0 };
        bool is_nobody = geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0;

        _exit(is_nobody && qw_store_sqlite_open(place->path, &other) == QW_ERR_IO &&
                      other.self == NULL
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
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
    assert_int_equal(qw_store_sqlite_open(place->path, &other), QW_OK);
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

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)
    const struct CMUnitTest tests[] = {
        WITH_PLACE(keeps_what_was_inserted_updated_and_removed),
        WITH_PLACE(keeps_the_kinds_apart),
        WITH_PLACE(refuses_a_version_that_is_not_the_records),
        WITH_PLACE(refuses_arguments_out_of_range),
        WITH_PLACE(takes_the_largest_blob),
        WITH_PLACE(changes_nothing_when_the_third_operation_fails),
        WITH_PLACE(scans_in_id_order_within_tag_and_limit),
        WITH_PLACE(keeps_every_acknowledged_group_when_the_process_is_killed),
        WITH_PLACE(changes_nothing_on_a_full_disk_and_goes_on_when_there_is_space),
        WITH_PLACE(gives_its_files_to_nobody_else),
        WITH_PLACE(refuses_files_that_are_not_its_own),
        WITH_PLACE(reports_a_damaged_page_and_changes_nothing),
        WITH_PLACE(refuses_to_open_a_read_only_database),
        WITH_PLACE(serves_two_threads),
        WITH_PLACE(lets_one_of_two_openers_win_each_version),
        WITH_PLACE(closing_twice_is_harmless),
    };

    return cmocka_run_group_tests_name("store.store_sqlite", tests, NULL, NULL);
}
