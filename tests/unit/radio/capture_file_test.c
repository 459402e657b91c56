/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The bytes of a capture: files, pipes, and what is neither. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/capture/file.h"
#include "support/fail_nth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FAIL_NTH(void *, realloc, NULL, (void *memory, size_t size), (memory, size));

static void files_and_pipes_give_their_bytes(void **state)
{
    char path[] = "/tmp/capture_reader_test.XXXXXX";
    struct qw_capture_file file = { 0 };
    int fd = mkstemp(path);
    int ends[2];
    char pipe_path[64];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(qw_capture_file_open(path, &file), QW_OK);
    assert_int_equal(file.len, 0);
    qw_capture_file_close(&file);
    assert_int_equal(write(fd, "bytes", 5), 5);
    assert_int_equal(qw_capture_file_open(path, &file), QW_OK);
    assert_int_equal(file.len, 5);
    assert_true(file.is_mapped);
    assert_memory_equal(file.data, "bytes", 5);
    qw_capture_file_close(&file);
    qw_capture_file_close(NULL);
    close(fd);
    unlink(path);
    assert_int_equal(qw_capture_file_open(path, &file), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_capture_file_open("/tmp", &file), QW_ERR_IO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "stream", 6), 6);
    close(ends[1]);
    snprintf(pipe_path, sizeof pipe_path, "/proc/self/fd/%d", ends[0]);
    assert_int_equal(qw_capture_file_open(pipe_path, &file), QW_OK);
    close(ends[0]);
    assert_int_equal(file.len, 6);
    assert_false(file.is_mapped);
    assert_memory_equal(file.data, "stream", 6);
    qw_capture_file_close(&file);
}

/* As many bytes as fit into a pipe at once, more than the first piece of memory holds. */
static void long_streams_are_read_to_their_end_or_memory_is_short(void **state)
{
    enum { LEN = 65536 };
    struct qw_capture_file file = { 0 };
    uint8_t *bytes = malloc(LEN);
    char pipe_path[64];
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 0x5a, LEN);
    for (int n = 1; err != QW_OK; n++) {
        int ends[2];

        assert_true(n < 10);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], bytes, LEN), LEN);
        close(ends[1]);
        snprintf(pipe_path, sizeof pipe_path, "/proc/self/fd/%d", ends[0]);
        fail_nth = n;
        err = qw_capture_file_open(pipe_path, &file);
        fail_nth = 0;
        close(ends[0]);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && file.data == NULL));
    }
    assert_int_equal(file.len, LEN);
    assert_memory_equal(file.data, bytes, LEN);
    qw_capture_file_close(&file);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_pipes_give_their_bytes),
        cmocka_unit_test(long_streams_are_read_to_their_end_or_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
