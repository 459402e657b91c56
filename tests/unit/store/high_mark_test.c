/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C8 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/high_mark.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[80];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/qwave-mark-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/mark", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static struct qw_high_mark *open_mark(void)
{
    struct qw_high_mark *mark = NULL;

    assert_int_equal(qw_high_mark_open(path, &mark), QW_OK);
    return mark;
}

static uint64_t value_there(void)
{
    struct qw_high_mark *mark = open_mark();
    uint64_t value = qw_high_mark_value(mark);

    qw_high_mark_close(mark);
    return value;
}

static void raise_to(uint64_t value)
{
    struct qw_high_mark *mark = open_mark();

    assert_int_equal(qw_high_mark_raise(mark, value), QW_OK);
    qw_high_mark_close(mark);
}

static void test_it_begins_at_nothing_and_only_grows(void **state)
{
    struct qw_high_mark *mark = open_mark();
    struct stat status;

    (void)state;
    assert_int_equal(qw_high_mark_value(mark), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    for (uint64_t value = 1; value < 20; value += 3) {
        assert_int_equal(qw_high_mark_raise(mark, value), QW_OK);
        assert_int_equal(value_there(), value);
    }
    assert_int_equal(qw_high_mark_raise(mark, 5), QW_OK);
    assert_int_equal(value_there(), 19);
    assert_int_equal(qw_high_mark_raise(mark, UINT64_MAX), QW_OK);
    assert_true(value_there() == UINT64_MAX);
    qw_high_mark_close(mark);
    qw_high_mark_close(NULL);
}

/* Whatever byte of the place that was written last is wrong, the one before it holds. */
static void test_a_write_that_was_cut_short_leaves_the_value_before(void **state)
{
    (void)state;
    for (int byte = 0; byte < 20; byte++) {
        uint8_t wrong;
        int file;

        unlink(path);
        raise_to(7); /* to the second place */
        raise_to(9); /* to the first */
        file = open(path, O_RDWR);
        assert_int_equal(pread(file, &wrong, 1, byte), 1);
        wrong ^= 0x10;
        assert_int_equal(pwrite(file, &wrong, 1, byte), 1);
        close(file);
        assert_int_equal(value_there(), 7);
        raise_to(11);
        assert_int_equal(value_there(), 11);
    }
}

static void test_what_is_no_mark_is_refused(void **state)
{
    struct qw_high_mark *mark = NULL;
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    fputs("twenty bytes and more of something else\n", file);
    fclose(file);
    assert_int_equal(qw_high_mark_open(path, &mark), QW_ERR_FORMAT);
    assert_int_equal(qw_high_mark_open("/tmp", &mark), QW_ERR_IO);
    assert_int_equal(qw_high_mark_open("/nowhere/mark", &mark), QW_ERR_IO);
    assert_null(mark);
}

static void test_a_full_disk_is_said(void **state)
{
    struct qw_high_mark *mark = NULL;

    (void)state;
    assert_int_equal(qw_high_mark_open("/dev/full", &mark), QW_ERR_IO);
    assert_null(mark);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_it_begins_at_nothing_and_only_grows),
        IN_A_FOLDER(test_a_write_that_was_cut_short_leaves_the_value_before),
        IN_A_FOLDER(test_what_is_no_mark_is_refused),
        IN_A_FOLDER(test_a_full_disk_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
