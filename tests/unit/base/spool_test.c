/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A disk that takes a little at a time, is full after so many calls, or breaks; a pipe likewise. */
static int write_errno, writes_before; /* 0: it works */
static int read_errno;                 /* of each second reading */
static bool writes_one_byte;
static int readings;

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    if (write_errno != 0 && writes_before-- <= 0) {
        errno = write_errno;
        write_errno = write_errno == EINTR ? 0 : write_errno;
        return -1;
    }
    return __real_write(fd, data, writes_one_byte && len > 1 ? 1 : len);
}

ssize_t __real_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len)
{
    if (read_errno != 0 && readings++ % 2 == 1) {
        errno = read_errno;
        return -1;
    }
    return __real_read(fd, data, len);
}

static char folder[64];
static int pipe_ends[2];

static int set_up(void **state)
{
    (void)state;
    write_errno = writes_before = read_errno = readings = 0;
    writes_one_byte = false;
    snprintf(folder, sizeof folder, "/tmp/qwave-spool-test-XXXXXX");
    return mkdtemp(folder) != NULL && pipe(pipe_ends) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(pipe_ends[0]);
    return rmdir(folder); /* which it cannot be when something is left in it */
}

/* Fills the pipe and ends it. */
static void send_text(const char *text)
{
    size_t len = strlen(text);

    assert_int_equal(__real_write(pipe_ends[1], text, len), len);
    close(pipe_ends[1]);
}

static void assert_content(int fd, const char *text)
{
    char got[64] = "";

    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    for (int turn = 0; turn < 2; turn++) { /* it can be read again */
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(__real_read(fd, got, sizeof got), strlen(text));
        assert_memory_equal(got, text, strlen(text));
    }
}

static void what_came_through_a_pipe_can_be_read_twice(void **state)
{
    int spool = -1;

    (void)state;
    send_text("captured");
    assert_int_equal(qw_spool_fill(pipe_ends[0], folder, &spool), QW_OK);
    assert_content(spool, "captured");
    close(spool);
}

static void it_has_no_name_and_is_for_its_owner_alone(void **state)
{
    struct stat info;
    int spool = -1;

    (void)state;
    send_text("captured");
    assert_int_equal(qw_spool_fill(pipe_ends[0], folder, &spool), QW_OK);
    assert_int_equal(fstat(spool, &info), 0);
    assert_int_equal(info.st_nlink, 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(fcntl(spool, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(rmdir(folder), 0); /* while it is open */
    assert_int_equal(mkdir(folder, 0700), 0);
    close(spool);
}

static void nothing_and_more_than_a_piece_are_kept_whole(void **state)
{
    static uint8_t text[100000], got[sizeof text + 1];
    FILE *long_one = tmpfile();
    int spool = -1;

    (void)state;
    send_text("");
    assert_int_equal(qw_spool_fill(pipe_ends[0], folder, &spool), QW_OK);
    assert_content(spool, "");
    close(spool);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 7 / 3);
    }
    assert_non_null(long_one);
    assert_int_equal(__real_write(fileno(long_one), text, sizeof text), sizeof text);
    assert_int_equal(lseek(fileno(long_one), 0, SEEK_SET), 0);
    assert_int_equal(qw_spool_fill(fileno(long_one), folder, &spool), QW_OK);
    assert_int_equal(__real_read(spool, got, sizeof got), sizeof text);
    assert_memory_equal(got, text, sizeof text);
    close(spool);
    fclose(long_one);
}

static void a_disk_that_takes_a_little_and_signals_are_borne(void **state)
{
    int spool = -1;

    (void)state;
    writes_one_byte = true;
    write_errno = EINTR;
    writes_before = 3;
    read_errno = EINTR;
    send_text("captured");
    assert_int_equal(qw_spool_fill(pipe_ends[0], folder, &spool), QW_OK);
    read_errno = 0;
    assert_content(spool, "captured");
    close(spool);
}

static void says_what_stands_in_the_way(void **state)
{
    static const struct {
        int of_write, of_read;
        qw_err err;
    } cases[] = {
        { ENOSPC, 0, QW_ERR_SPACE }, { EDQUOT, 0, QW_ERR_SPACE }, { EFBIG, 0, QW_ERR_SPACE },
        { EIO, 0, QW_ERR_IO },       { 0, EIO, QW_ERR_IO },
    };
    int spool = -7;

    (void)state;
    send_text("captured");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

        assert_true(from >= 0);
        write_errno = cases[i].of_write;
        writes_before = i == 0 ? 0 : 1; /* before anything, and in the middle */
        read_errno = cases[i].of_read;
        readings = 0;
        assert_int_equal(qw_spool_fill(from, folder, &spool), cases[i].err);
        close(from);
    }
    write_errno = read_errno = 0;
    assert_int_equal(qw_spool_fill(-1, folder, &spool), QW_ERR_IO);
    assert_int_equal(spool, -7);
}

static void a_folder_that_is_none_is_told(void **state)
{
    static char long_name[8192];
    int spool = -7;

    (void)state;
    send_text("captured");
    memset(long_name, 'a', sizeof long_name - 1);
    assert_int_equal(qw_spool_fill(pipe_ends[0], "/tmp/qwave-spool-test-none", &spool),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_spool_fill(pipe_ends[0], long_name, &spool), QW_ERR_NOT_FOUND);
    assert_int_equal(spool, -7);
}

static void the_folder_is_what_the_environment_says(void **state)
{
    (void)state;
    assert_int_equal(setenv("TMPDIR", "/some/where", 1), 0);
    assert_string_equal(qw_spool_folder(), "/some/where");
    assert_int_equal(setenv("TMPDIR", "", 1), 0);
    assert_string_equal(qw_spool_folder(), "/var/tmp");
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_string_equal(qw_spool_folder(), "/var/tmp");
    send_text("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_came_through_a_pipe_can_be_read_twice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_has_no_name_and_is_for_its_owner_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_and_more_than_a_piece_are_kept_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_takes_a_little_and_signals_are_borne, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(says_what_stands_in_the_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_none_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_folder_is_what_the_environment_says, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
