/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/hash.h"
#include "crypto/health_test.h"
#include "crypto/key_source.h"

#include "base/clock.h"
#include "support/fail_nth.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

FAIL_NTH(int, fstat, -1, (int fd, struct stat *info), (fd, info));

static bool is_interrupted;

ssize_t __real_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len)
{
    if (is_interrupted) {
        is_interrupted = false;
        errno = EINTR;
        return -1;
    }
    return __real_read(fd, data, len);
}

/* The device: a pipe with a name, filled by the test. */
enum { RAW_LEN = 128, BLOCK_LEN = 64 };

static char folder[] = "/tmp/key_source_device_test.XXXXXX";
static char path[64];
static int end = -1; /* where the test writes */

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/qrng", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int plug_in(void **state)
{
    (void)state;
    end = -1;
    if (mkfifo(path, 0600) != 0) {
        return -1;
    }
    end = open(path, O_RDWR | O_CLOEXEC); /* both ways, so that neither end waits for the other */
    return end >= 0 ? 0 : -1;
}

static int pull_out(void **state)
{
    (void)state;
    if (end >= 0) {
        close(end);
    }
    unlink(path);
    return 0;
}

/* Raw bytes that pass the health tests: 0, 1, 2, … */
static void deliver(size_t from, size_t len)
{
    uint8_t raw[4096];

    assert_true(len <= sizeof raw);
    for (size_t i = 0; i < len; i++) {
        raw[i] = (uint8_t)(from + i);
    }
    assert_int_equal(write(end, raw, len), (ssize_t)len);
}

static struct qw_key_source open_source(void)
{
    struct qw_key_source source;

    deliver(0, QW_HEALTH_STARTUP_LEN);
    assert_int_equal(qw_key_source_device("qrng", path, &source), QW_OK);
    return source;
}

static void each_block_of_key_is_the_hash_of_twice_as_many_fresh_bytes(void **state)
{
    struct qw_key_source source = open_source();
    uint8_t key[100], raw[2 * RAW_LEN], block[2][BLOCK_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof raw; i++) {
        raw[i] = (uint8_t)(5 + i);
    }
    deliver(5, sizeof raw);
    assert_int_equal(source.take(source.self, key, sizeof key), QW_OK);
    for (size_t b = 0; b < 2; b++) {
        const struct qw_bytes part = { raw + b * RAW_LEN, RAW_LEN };

        assert_int_equal(qw_hash_of(QW_HASH_SHA512, &part, 1, block[b]), QW_OK);
    }
    assert_memory_equal(key, block, sizeof key);
    qw_key_source_close(&source);
    assert_null(source.close);
}

static void no_byte_is_given_twice(void **state)
{
    struct qw_key_source source = open_source();
    uint8_t a[32], b[32];

    (void)state;
    deliver(0, RAW_LEN);
    assert_int_equal(source.take(source.self, a, sizeof a), QW_OK);
    deliver(1, RAW_LEN);
    assert_int_equal(source.take(source.self, b, sizeof b),
                     QW_OK); /* the rest of a's block is gone */
    assert_memory_not_equal(a, b, sizeof a);
    qw_key_source_close(&source);
}

static void the_name_says_what_it_is(void **state)
{
    struct qw_key_source source = open_source();
    char expected[80];

    (void)state;
    snprintf(expected, sizeof expected, "qrng:%s", path);
    assert_string_equal(source.name, expected);
    assert_true(source.is_quantum);
    assert_false(source.is_simulated);
    assert_true(source.available_bits(source.self) > 0);
    assert_int_equal(source.take(source.self, NULL, 0), QW_OK);
    qw_key_source_close(&source);
    deliver(0, QW_HEALTH_STARTUP_LEN);
    assert_int_equal(qw_key_source_device("hwrng", path, &source), QW_OK);
    assert_false(source.is_quantum);
    qw_key_source_close(&source);
}

static void a_stuck_device_is_refused_from_the_start(void **state)
{
    static const uint8_t zeros[QW_HEALTH_STARTUP_LEN];
    struct qw_key_source source = { .name = "untouched" };

    (void)state;
    assert_int_equal(write(end, zeros, sizeof zeros), sizeof zeros);
    assert_int_equal(qw_key_source_device("qrng", path, &source), QW_ERR_REFUSED);
    assert_string_equal(source.name, "untouched");
}

static void a_device_that_breaks_later_is_refused_for_good(void **state)
{
    static const uint8_t stuck[RAW_LEN];
    struct qw_key_source source = open_source();
    uint8_t key[2 * BLOCK_LEN], untouched[2 * BLOCK_LEN];

    (void)state;
    memset(key, 0xee, sizeof key);
    memset(untouched, 0xee, sizeof untouched);
    deliver(0, RAW_LEN);
    assert_int_equal(write(end, stuck, sizeof stuck), sizeof stuck); /* in the second block */
    assert_int_equal(source.take(source.self, key, sizeof key), QW_ERR_REFUSED);
    assert_memory_equal(key, untouched, sizeof key); /* all bytes or none */
    assert_int_equal(source.available_bits(source.self), 0);
    deliver(0, 4 * RAW_LEN); /* it looks well again: that proves nothing */
    assert_int_equal(source.take(source.self, key, 32), QW_ERR_REFUSED);
    assert_memory_equal(key, untouched, sizeof key);
    qw_key_source_close(&source);
}

static void a_silent_device_costs_a_second_and_no_more(void **state)
{
    struct qw_key_source source;
    int64_t before_ms = qw_clock_monotonic_ms();

    (void)state;
    assert_int_equal(qw_key_source_device("hwrng", path, &source), QW_ERR_IO);
    assert_in_range(qw_clock_monotonic_ms() - before_ms, 900, 60000);
}

static void a_device_that_hangs_up_is_an_error(void **state)
{
    struct qw_key_source source = open_source();
    uint8_t key[32] = { 0xee };

    (void)state;
    deliver(0, RAW_LEN / 2);
    close(end); /* the last writer: the pipe ends */
    end = -1;
    assert_int_equal(source.take(source.self, key, sizeof key), QW_ERR_IO);
    assert_int_equal(key[0], 0xee);
    qw_key_source_close(&source);
}

static void *deliver_later(void *argument)
{
    (void)argument;
    for (size_t at = 0; at < RAW_LEN; at += 32) { /* byte runs with pauses between */
        usleep(20000);
        deliver(at, 32);
    }
    return NULL;
}

static void waits_for_a_slow_device(void **state)
{
    struct qw_key_source source = open_source();
    pthread_t device;
    uint8_t key[32];

    (void)state;
    assert_int_equal(pthread_create(&device, NULL, deliver_later, NULL), 0);
    is_interrupted = true;
    assert_int_equal(source.take(source.self, key, sizeof key), QW_OK);
    pthread_join(device, NULL);
    qw_key_source_close(&source);
}

static void what_is_no_device_is_refused(void **state)
{
    struct qw_key_source source;
    char file[48], inside[56], long_path[200];
    int fd;

    (void)state;
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(inside, sizeof inside, "%s/qrng", file);
    fd = open(file, O_CREAT | O_WRONLY, 0600);
    close(fd);
    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(qw_key_source_device("qrng", file, &source), QW_ERR_IO);
    assert_int_equal(qw_key_source_device("qrng", folder, &source), QW_ERR_IO);
    assert_int_equal(qw_key_source_device("qrng", "/dev/null", &source), QW_ERR_IO);
    assert_int_equal(qw_key_source_device("qrng", "/nowhere/qrng0", &source), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_key_source_device("qrng", inside, &source), QW_ERR_IO);
    assert_int_equal(qw_key_source_device("qrng", long_path, &source), QW_ERR_ARG);
    assert_int_equal(qw_key_source_device("dice", path, &source), QW_ERR_ARG);
    unlink(file);
}

static void each_failing_allocation_is_an_error_without_a_leak(void **state)
{
    struct qw_key_source source;
    uint8_t key[32] = { 0xee };
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        deliver(0, n < 4 ? 1 : QW_HEALTH_STARTUP_LEN);
        fail_nth = n;
        err = qw_key_source_device("qrng", path, &source);
        assert_true(err == QW_OK || err == (n == 2 ? QW_ERR_IO : QW_ERR_NOMEM));
    }
    assert_int_equal(n, 5); /* the state, the look at the device, the memory for raw bytes */
    fail_nth = 1;
    assert_int_equal(source.take(source.self, key, sizeof key), QW_ERR_NOMEM);
    assert_int_equal(key[0], 0xee);
    fail_nth = 0;
    qw_key_source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_block_of_key_is_the_hash_of_twice_as_many_fresh_bytes,
                                        plug_in, pull_out),
        cmocka_unit_test_setup_teardown(no_byte_is_given_twice, plug_in, pull_out),
        cmocka_unit_test_setup_teardown(the_name_says_what_it_is, plug_in, pull_out),
        cmocka_unit_test_setup_teardown(a_stuck_device_is_refused_from_the_start, plug_in,
                                        pull_out),
        cmocka_unit_test_setup_teardown(a_device_that_breaks_later_is_refused_for_good, plug_in,
                                        pull_out),
        cmocka_unit_test_setup_teardown(a_silent_device_costs_a_second_and_no_more, plug_in,
                                        pull_out),
        cmocka_unit_test_setup_teardown(a_device_that_hangs_up_is_an_error, plug_in, pull_out),
        cmocka_unit_test_setup_teardown(waits_for_a_slow_device, plug_in, pull_out),
        cmocka_unit_test_setup_teardown(what_is_no_device_is_refused, plug_in, pull_out),
        cmocka_unit_test_setup_teardown(each_failing_allocation_is_an_error_without_a_leak, plug_in,
                                        pull_out),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
