/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/custody/measurement.h"
#include "crypto/hash.h"

#include "support/fail_nth.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, malloc, NULL, (size_t len), (len));
FAIL_NTH(ssize_t, read, -1, (int fd, void *data, size_t len), (fd, data, len));

static char path[] = "/tmp/qwave-measurement-XXXXXX";

static void write_file(const char *text)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void a_file_is_the_hash_of_its_bytes(void **state)
{
    uint8_t digest[QW_MEASUREMENT_LEN], expected[QW_MEASUREMENT_LEN];

    (void)state;
    for (int i = 0; i < 3; i++) {
        const char *text = i == 0 ? "" : i == 1 ? "a" : "listen_port: 8443\n";

        write_file(text);
        assert_int_equal(qw_measure_file(path, digest), QW_OK);
        assert_int_equal(
            qw_hash_of(QW_HASH_SHA256, &(struct qw_bytes){ text, strlen(text) }, 1, expected),
            QW_OK);
        assert_memory_equal(digest, expected, sizeof digest);
    }
    assert_int_equal(qw_measure_file("/proc/self/exe", digest), QW_OK); /* through the link */
}

static void what_is_no_file_is_not_measured(void **state)
{
    uint8_t digest[QW_MEASUREMENT_LEN] = { 7 };

    (void)state;
    assert_int_equal(qw_measure_file("/nowhere/at/all", digest), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_measure_file("/tmp", digest), QW_ERR_IO);
    assert_int_equal(qw_measure_file("/dev/zero", digest), QW_ERR_IO);
    assert_int_equal(digest[0], 7);
}

static void each_failing_step_is_an_error(void **state)
{
    uint8_t digest[QW_MEASUREMENT_LEN] = { 7 };
    qw_err err = QW_ERR_IO;
    int n;

    (void)state;
    write_file("text");
    for (n = 1; n < 20 && err != QW_OK; n++) {
        fail_nth = n;
        err = qw_measure_file(path, digest);
        assert_true(err == QW_OK || ((err == QW_ERR_NOMEM || err == QW_ERR_IO) && digest[0] == 7));
    }
    fail_nth = 0;
    assert_int_equal(err, QW_OK);
    assert_true(n > 3);
}

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_the_hash_of_its_bytes),
        cmocka_unit_test(what_is_no_file_is_not_measured),
        cmocka_unit_test(each_failing_step_is_an_error),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
