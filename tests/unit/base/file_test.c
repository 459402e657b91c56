/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"

#include "base/secret.h"
#include "support/fail_nth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A disk that fails at its n-th call, that writes a little at a time, or that is interrupted. */
static bool writes_one_byte;
static bool is_interrupted;
static int syncs;
static bool grows; /* the file becomes longer between the look at its size and the reading */

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    if (must_fail()) {
        errno = ENOSPC;
        return -1;
    }
    if (is_interrupted) {
        is_interrupted = false;
        errno = EINTR;
        return -1;
    }
    return __real_write(fd, data, writes_one_byte && len > 1 ? 1 : len);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    if (must_fail()) {
        errno = EIO;
        return -1;
    }
    syncs++;
    return __real_fsync(fd);
}

static int fail_stat; /* which look at an open file fails; 0: none */
static int looks;

int __real_fstat(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info)
{
    return fail_stat > 0 && ++looks == fail_stat ? -1 : __real_fstat(fd, info);
}

FAIL_NTH(int, rename, -1, (const char *from, const char *to), (from, to));
FAIL_NTH(int, mkostemp, -1, (char *name, int flags), (name, flags));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

ssize_t __real_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len)
{
    if (must_fail()) {
        errno = EIO;
        return -1;
    }
    if (is_interrupted) {
        is_interrupted = false;
        errno = EINTR;
        return -1;
    }
    if (grows && len > 0) {
        memset(data, 'x', len);
        return (ssize_t)len;
    }
    return __real_read(fd, data, len);
}

static char folder[] = "/tmp/file_test.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails, and the test with it, when a temporary file was left over */
}

static int fresh(void **state)
{
    (void)state;
    unlink(path);
    fail_nth = 0;
    syncs = 0;
    writes_one_byte = is_interrupted = grows = false;
    return 0;
}

static void assert_content(const char *expected)
{
    uint8_t *data = NULL;
    size_t len = 0;

    assert_int_equal(qw_file_read(path, 1000, &data, &len), QW_OK);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(data, expected, len);
    qw_secret_free(data);
}

static qw_err replace(const char *text)
{
    return qw_file_replace(path, (const uint8_t *)text, strlen(text));
}

static qw_err create(const char *text)
{
    return qw_file_create(path, (const uint8_t *)text, strlen(text));
}

static void what_is_written_reads_back(void **state)
{
    struct stat info;

    (void)state;
    assert_int_equal(create("first"), QW_OK);
    assert_content("first");
    assert_int_equal(replace("second, longer"), QW_OK);
    assert_content("second, longer");
    assert_int_equal(replace(""), QW_OK);
    assert_content("");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_file_that_exists_is_not_created_again(void **state)
{
    struct stat info;

    (void)state;
    assert_int_equal(create("first"), QW_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(create("second"), QW_ERR_CONFLICT);
    assert_content("first");
}

static void file_and_folder_are_synced(void **state)
{
    (void)state;
    assert_int_equal(create("a"), QW_OK);
    assert_int_equal(syncs, 2);
    assert_int_equal(replace("b"), QW_OK);
    assert_int_equal(syncs, 4);
}

/* temporary file, write, sync, rename, sync of the folder: each of them fails once. */
static void a_replacement_that_fails_leaves_the_old_content(void **state)
{
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    assert_int_equal(create("old"), QW_OK);
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = replace("new");
        assert_true(err == QW_OK || (err == QW_ERR_IO && fail_nth == 0));
        fail_nth = 0;
        /* When only the sync of the folder failed, the new content is there but may not last. */
        assert_content(err == QW_OK || n == 5 ? "new" : "old");
    }
    assert_int_equal(n, 7);
}

static void a_creation_that_fails_leaves_no_file(void **state)
{
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = create("new");
        assert_true(err == QW_OK || (err == QW_ERR_IO && fail_nth == 0));
        assert_int_equal(access(path, F_OK) == 0, err == QW_OK);
    }
    fail_nth = 0;
    assert_int_equal(n, 5); /* write, sync, sync of the folder */
}

static void short_and_interrupted_writes_are_finished(void **state)
{
    (void)state;
    writes_one_byte = is_interrupted = true;
    assert_int_equal(replace("one byte at a time"), QW_OK);
    is_interrupted = true;
    assert_content("one byte at a time");
}

static void a_file_of_exactly_max_bytes_is_read_and_a_longer_one_refused(void **state)
{
    uint8_t *data = NULL;
    size_t len = 77;

    (void)state;
    assert_int_equal(create("12345"), QW_OK);
    assert_int_equal(qw_file_read(path, 4, &data, &len), QW_ERR_SPACE);
    assert_null(data);
    assert_int_equal(len, 77);
    assert_int_equal(qw_file_read(path, 5, &data, &len), QW_OK);
    assert_int_equal(len, 5);
    qw_secret_free(data);
}

static void what_cannot_be_read_is_an_error(void **state)
{
    uint8_t *data = NULL;
    size_t len = 77;
    char inside[80];

    (void)state;
    snprintf(inside, sizeof inside, "%s/inside", path);
    assert_int_equal(qw_file_read(path, 100, &data, &len), QW_ERR_NOT_FOUND);
    assert_int_equal(create("file"), QW_OK);
    assert_int_equal(qw_file_read(inside, 100, &data, &len), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_file_read(folder, 100, &data, &len), QW_ERR_IO);
    assert_int_equal(qw_file_read("/dev/zero", 100, &data, &len), QW_ERR_IO);
    fail_nth = 1;
    assert_int_equal(qw_file_read(path, 100, &data, &len), QW_ERR_NOMEM);
    fail_nth = 2;
    assert_int_equal(qw_file_read(path, 100, &data, &len), QW_ERR_IO);
    grows = true;
    assert_int_equal(qw_file_read(path, 100, &data, &len), QW_ERR_IO);
    assert_null(data);
    assert_int_equal(len, 77);
}

static void a_private_file_that_others_may_touch_is_refused(void **state)
{
    static const mode_t shared[] = { 0640, 0620, 0610, 0604, 0602, 0601 };
    uint8_t *data = NULL;
    size_t len = 77;

    (void)state;
    assert_int_equal(qw_file_read_private(path, 100, &data, &len), QW_ERR_NOT_FOUND);
    assert_int_equal(create("secret"), QW_OK);
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        assert_int_equal(chmod(path, shared[i]), 0);
        assert_int_equal(qw_file_read_private(path, 100, &data, &len), QW_ERR_REFUSED);
    }
    assert_null(data);
    assert_int_equal(len, 77);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(qw_file_read_private(path, 5, &data, &len), QW_ERR_SPACE);
    assert_int_equal(qw_file_read_private(path, 6, &data, &len), QW_OK);
    assert_memory_equal(data, "secret", 6);
    qw_secret_free(data);
}

/* Each look at the open file fails once. */
static void a_file_that_cannot_be_looked_at_is_an_error(void **state)
{
    uint8_t *data = NULL;
    size_t len = 77;

    (void)state;
    assert_int_equal(create("secret"), QW_OK);
    for (fail_stat = 1; fail_stat <= 3; fail_stat++) {
        looks = 0;
        assert_int_equal(qw_file_read_private(path, 100, &data, &len), QW_ERR_IO);
    }
    fail_stat = 0;
    assert_null(data);
    assert_int_equal(len, 77);
}

static void a_path_that_cannot_be_written_is_an_error(void **state)
{
    static char longer[5000];

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    assert_int_equal(qw_file_replace("/nowhere/at/all", NULL, 0), QW_ERR_IO);
    assert_int_equal(qw_file_create("/nowhere/at/all", NULL, 0), QW_ERR_IO);
    assert_int_equal(qw_file_replace(longer, NULL, 0), QW_ERR_ARG);
}

static void a_path_without_a_folder_is_in_the_working_folder(void **state)
{
    (void)state;
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(qw_file_replace("file", (const uint8_t *)"here", 4), QW_OK);
    assert_content("here");
    assert_int_equal(chdir("/"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_written_reads_back, fresh),
        cmocka_unit_test_setup(a_file_that_exists_is_not_created_again, fresh),
        cmocka_unit_test_setup(file_and_folder_are_synced, fresh),
        cmocka_unit_test_setup(a_replacement_that_fails_leaves_the_old_content, fresh),
        cmocka_unit_test_setup(a_creation_that_fails_leaves_no_file, fresh),
        cmocka_unit_test_setup(short_and_interrupted_writes_are_finished, fresh),
        cmocka_unit_test_setup(a_file_of_exactly_max_bytes_is_read_and_a_longer_one_refused, fresh),
        cmocka_unit_test_setup(what_cannot_be_read_is_an_error, fresh),
        cmocka_unit_test_setup(a_private_file_that_others_may_touch_is_refused, fresh),
        cmocka_unit_test_setup(a_file_that_cannot_be_looked_at_is_an_error, fresh),
        cmocka_unit_test_setup(a_path_that_cannot_be_written_is_an_error, fresh),
        cmocka_unit_test_setup(a_path_without_a_folder_is_in_the_working_folder, fresh),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
