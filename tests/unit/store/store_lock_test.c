/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C6 */
/* One process for a database in a file [docs/adr/0147]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store_lock.h"
#include "store/store_open.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], database[80], beside[96];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/qwave-lock-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(database, sizeof database, "%s/centre.db", folder);
    snprintf(beside, sizeof beside, "%s.lock", database);
    return 0;
}

static int remove_folder(void **state)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock" };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char path[96];

        snprintf(path, sizeof path, "%s%s", database, ends[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static void one_at_a_time_and_nothing_stays(void **state)
{
    struct qw_store_lock *lock = NULL, *other = NULL;

    (void)state;
    assert_int_equal(qw_store_lock_take(database, &lock), QW_OK);
    assert_int_equal(access(beside, F_OK), 0);
    assert_int_equal(qw_store_lock_take(database, &other), QW_ERR_CONFLICT);
    assert_null(other);
    qw_store_lock_give(lock);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(qw_store_lock_take(database, &other), QW_OK);
    qw_store_lock_give(other);
    qw_store_lock_give(NULL);
}

static void it_ends_with_a_process_that_is_killed(void **state)
{
    struct qw_store_lock *lock = NULL;
    int ready[2];
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        qw_err err = qw_store_lock_take(database, &lock);

        _exit(err == QW_OK && write(ready[1], "x", 1) == 1 ? pause() : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(qw_store_lock_take(database, &lock), QW_ERR_CONFLICT);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(access(beside, F_OK), 0); /* left, and nobody's */
    assert_int_equal(qw_store_lock_take(database, &lock), QW_OK);
    qw_store_lock_give(lock);
    close(ready[0]);
    close(ready[1]);
}

/* Processes that take and give as fast as they can: never two at once. */
static void it_is_one_alone_while_it_is_removed_and_made(void **state)
{
    enum { PROCESSES = 4, ROUNDS = 500 };
    char inside[96];
    int failed = 0;

    (void)state;
    snprintf(inside, sizeof inside, "%s/inside", folder);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            int bad = 0;

            for (int taken = 0; taken < ROUNDS && bad == 0;) {
                struct qw_store_lock *lock = NULL;

                if (qw_store_lock_take(database, &lock) == QW_OK) {
                    bad += mkdir(inside, 0700) != 0 || rmdir(inside) != 0;
                    qw_store_lock_give(lock);
                    taken++;
                }
            }
            _exit(bad);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 1;

        assert_true(wait(&status) > 0);
        failed += status != 0;
    }
    assert_int_equal(failed, 0);
}

static void a_place_that_there_is_not_is_said(void **state)
{
    static char path[PATH_MAX + 8];
    struct qw_store_lock *lock = NULL;

    (void)state;
    assert_int_equal(qw_store_lock_take("/nowhere/at/all.db", &lock), QW_ERR_NOT_FOUND);
    memset(path, 'a', sizeof path - 1);
    assert_int_equal(qw_store_lock_take(path, &lock), QW_ERR_ARG);
    snprintf(path, sizeof path, "%s/centre.db.lock", folder);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(qw_store_lock_take(database, &lock), QW_ERR_IO); /* somebody else's */
    assert_null(lock);
}

static void a_store_that_is_open_is_not_opened_again(void **state)
{
    struct qw_store store = { 0 }, other = { 0 };

    (void)state;
    assert_int_equal(qw_store_open(database, NULL, &store), QW_OK);
    assert_int_equal(qw_store_open(database, NULL, &other), QW_ERR_CONFLICT);
    assert_null(other.self);
    qw_store_close(&store);
    assert_int_equal(qw_store_open(database, NULL, &other), QW_OK);
    qw_store_close(&other);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(symlink("/dev/null", beside), 0);
    assert_int_equal(qw_store_open(database, NULL, &store), QW_ERR_IO); /* not without the lock */
    assert_null(store.self);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_at_a_time_and_nothing_stays),
        TEST(it_ends_with_a_process_that_is_killed),
        TEST(it_is_one_alone_while_it_is_removed_and_made),
        TEST(a_place_that_there_is_not_is_said),
        TEST(a_store_that_is_open_is_not_opened_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
