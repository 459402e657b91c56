/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store_sqlite.h"
#include "unit/store/sqlite_place.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
    char path[192];

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

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)
    const struct CMUnitTest tests[] = {
        WITH_PLACE(changes_nothing_on_a_full_disk_and_goes_on_when_there_is_space),
        WITH_PLACE(gives_its_files_to_nobody_else),
        WITH_PLACE(reports_a_damaged_page_and_changes_nothing),
        WITH_PLACE(refuses_to_open_a_read_only_database),
    };

    return cmocka_run_group_tests_name("store.store_sqlite", tests, NULL, NULL);
}
