/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* Writing capture files: every format comes back from the disk, a full disk leaves whole records,
 * no allocation failure leaks. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/file.h"
#include "radio/capture/writer.h"
#include "support/fail_nth.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct capture_law law = { .format = QW_CAPTURE_QWAVE,
                                        .tones = QW_CSI_HT_20,
                                        .rx_count = 1,
                                        .tx_count = 1,
                                        .value_max = 100,
                                        .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE };

static void make_path(char path[static 64])
{
    int fd;

    snprintf(path, 64, "/tmp/capture_writer_test.XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void files_of_every_format_are_read_again(void **state)
{
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (int format = 0; format < QW_CAPTURE_CSV; format++) {
        struct capture_law of_format = law;
        struct qw_capture_writer *writer = NULL;
        struct qw_capture_reader reader;
        struct qw_capture_file file;
        char path[64];

        of_format.format = (enum qw_capture_format)format;
        of_format.tones = format == QW_CAPTURE_INTEL5300 ? QW_CSI_INTEL5300_20 : QW_CSI_HT_20;
        make_path(path);
        assert_int_equal(qw_capture_writer_new(path, of_format.format, false, &writer),
                         QW_ERR_CONFLICT);
        assert_null(writer);
        assert_int_equal(qw_capture_writer_new(path, of_format.format, true, &writer), QW_OK);
        for (size_t i = 0; i < 20; i++) {
            capture_sample(&of_format, i, &bench->in);
            assert_int_equal(qw_capture_writer_add(writer, &bench->in), QW_OK);
        }
        bench->in.tone_count = 0;
        assert_int_equal(qw_capture_writer_add(writer, &bench->in), QW_ERR_ARG);
        bench->len = (size_t)qw_capture_writer_bytes(writer);
        assert_int_equal(qw_capture_writer_close(writer), QW_OK);
        assert_int_equal(qw_capture_file_open(path, &file), QW_OK);
        assert_int_equal(file.len, bench->len);
        assert_int_equal(capture_walk(&of_format, file.data, file.len, &bench->out, &reader), 20);
        assert_int_equal(reader.left_over, 0);
        qw_capture_file_close(&file);
        unlink(path);
    }
    assert_int_equal(qw_capture_writer_close(NULL), QW_OK);
    free(bench);
}

/* The limit on the size of files stands for the full disk: the write that crosses it is cut. */
static void a_full_disk_leaves_whole_records(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_writer *writer = NULL;
    struct qw_capture_reader reader;
    struct qw_capture_file file;
    struct rlimit limit, small;
    size_t written = 0;
    qw_err err = QW_OK;
    char path[64];

    (void)state;
    make_path(path);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(qw_capture_writer_new(path, QW_CAPTURE_QWAVE, true, &writer), QW_OK);
    small = limit;
    small.rlim_cur = 5000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (err == QW_OK && written < 100) {
        capture_sample(&law, written, &bench->in);
        err = qw_capture_writer_add(writer, &bench->in);
        written += err == QW_OK;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(err, QW_ERR_SPACE);
    assert_int_equal(qw_capture_writer_add(writer, &bench->in), QW_ERR_STATE);
    assert_int_equal(qw_capture_writer_close(writer), QW_OK);
    assert_int_equal(qw_capture_file_open(path, &file), QW_OK);
    assert_true(written > 3 && file.len < 5000);
    assert_int_equal(capture_walk(&law, file.data, file.len, &bench->out, &reader), written);
    assert_int_equal(reader.left_over, 0);
    qw_capture_file_close(&file);
    unlink(path);
    free(bench);
}

static void a_path_that_cannot_be_made_is_an_error(void **state)
{
    struct qw_capture_writer *writer = NULL;

    (void)state;
    assert_int_equal(qw_capture_writer_new("/no/such/folder/file", QW_CAPTURE_QWAVE, true, &writer),
                     QW_ERR_IO);
    assert_int_equal(qw_capture_writer_new("/dev/full", QW_CAPTURE_QWAVE, true, &writer),
                     QW_ERR_IO); /* it cannot be cut back either */
    assert_null(writer);
}

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static void no_memory_is_an_error_and_nothing_leaks(void **state)
{
    struct qw_capture_writer *writer = NULL;
    qw_err err = QW_ERR_NOMEM;
    char path[64];

    (void)state;
    make_path(path);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_capture_writer_new(path, QW_CAPTURE_QWAVE, true, &writer);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && writer == NULL));
    }
    fail_nth = 0;
    assert_int_equal(qw_capture_writer_close(writer), QW_OK);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_format_are_read_again),
        cmocka_unit_test(a_full_disk_leaves_whole_records),
        cmocka_unit_test(a_path_that_cannot_be_made_is_an_error),
        cmocka_unit_test(no_memory_is_an_error_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
