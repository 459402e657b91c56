/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/passphrase_file.h"
#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/passphrase_file_test.XXXXXX";
static char path[64];

static void write_file(const char *text, size_t len, mode_t mode)
{
    int fd;

    unlink(path);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void gives_the_first_line_without_its_newline(void **state)
{
    static const char text[] = "correct horse battery\nsecond line\n";
    uint8_t *passphrase = NULL;
    size_t len = 0;

    (void)state;
    write_file(text, sizeof text - 1, 0600);
    assert_int_equal(qw_passphrase_file_read(path, &passphrase, &len), QW_OK);
    assert_int_equal(len, 21);
    assert_memory_equal(passphrase, "correct horse battery", 21);
    qw_secret_free(passphrase);
}

static void refuses_a_file_that_others_may_read(void **state)
{
    static const mode_t modes[] = { 0640, 0604, 0620, 0601 };
    uint8_t *passphrase = NULL;
    size_t len = 7;

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file("correct horse battery\n", 22, modes[i]);
        assert_int_equal(qw_passphrase_file_read(path, &passphrase, &len), QW_ERR_REFUSED);
    }
    assert_null(passphrase);
    assert_int_equal(len, 7);
}

static void holds_both_limits_of_length(void **state)
{
    char text[QW_PASSPHRASE_MAX + 2];
    static const struct {
        size_t len;
        qw_err err;
    } cases[] = { { 0, QW_ERR_FORMAT },
                  { QW_PASSPHRASE_MIN - 1, QW_ERR_FORMAT },
                  { QW_PASSPHRASE_MIN, QW_OK },
                  { QW_PASSPHRASE_MAX, QW_OK },
                  { QW_PASSPHRASE_MAX + 1, QW_ERR_FORMAT },
                  { QW_PASSPHRASE_MAX + 2, QW_ERR_FORMAT } };

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *passphrase = NULL;
        size_t len = 0;

        write_file(text, cases[i].len, 0600);
        assert_int_equal(qw_passphrase_file_read(path, &passphrase, &len), cases[i].err);
        assert_int_equal(len, cases[i].err == QW_OK ? cases[i].len : 0);
        qw_secret_free(passphrase);
    }
}

static void a_pin_may_be_shorter_and_not_as_long(void **state)
{
    char text[QW_PIN_MAX + 1];
    uint8_t *pin = NULL;
    size_t len = 0;

    (void)state;
    memset(text, '7', sizeof text);
    write_file(text, QW_PIN_MIN - 1, 0600);
    assert_int_equal(qw_pin_file_read(path, &pin, &len), QW_ERR_FORMAT);
    write_file(text, sizeof text, 0600);
    assert_int_equal(qw_pin_file_read(path, &pin, &len), QW_ERR_FORMAT);
    assert_null(pin);
    write_file("7777\nmore\n", 10, 0600);
    assert_int_equal(qw_pin_file_read(path, &pin, &len), QW_OK);
    assert_int_equal(len, QW_PIN_MIN);
    qw_secret_free(pin);
    write_file(text, QW_PIN_MAX, 0600);
    assert_int_equal(qw_pin_file_read(path, &pin, &len), QW_OK);
    assert_int_equal(len, QW_PIN_MAX);
    qw_secret_free(pin);
}

static void says_when_there_is_no_file(void **state)
{
    uint8_t *passphrase = NULL;
    size_t len = 0;

    (void)state;
    unlink(path);
    assert_int_equal(qw_passphrase_file_read(path, &passphrase, &len), QW_ERR_NOT_FOUND);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/passphrase", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_first_line_without_its_newline),
        cmocka_unit_test(refuses_a_file_that_others_may_read),
        cmocka_unit_test(holds_both_limits_of_length),
        cmocka_unit_test(a_pin_may_be_shorter_and_not_as_long),
        cmocka_unit_test(says_when_there_is_no_file),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
