/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 */
/* A passphrase typed at a terminal: never on the screen, twice when new, edited with the keys that
 * a terminal has, and the terminal as before in the end. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "passphrase.h"

#include "base/passphrase_file.h"
#include "base/secret.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct typist { /* types each line when the next question stands on the screen */
    int keyboard;
    const char *lines[2];
    char screen[4096];
    size_t shown;
};

static void *type(void *self)
{
    struct typist *typist = self;
    size_t next = 0;
    ssize_t count;

    while ((count = read(typist->keyboard, typist->screen + typist->shown,
                         sizeof typist->screen - typist->shown - 1)) > 0) {
        const char *end;

        typist->shown += (size_t)count;
        end = typist->screen + typist->shown;
        if (end - typist->screen >= 2 && memcmp(end - 2, ": ", 2) == 0 && next < 2 &&
            typist->lines[next] != NULL) {
            size_t len = strlen(typist->lines[next]);

            assert_int_equal(write(typist->keyboard, typist->lines[next], len), (ssize_t)len);
            next++;
        }
    }
    return NULL;
}

static struct typist typist;

static qw_err ask(bool is_new, const char *first, const char *second, uint8_t **passphrase,
                  size_t *len)
{
    struct termios before, after;
    pthread_t thread;
    int terminal;
    qw_err err;

    memset(&typist, 0, sizeof typist);
    typist.lines[0] = first;
    typist.lines[1] = second;
    typist.keyboard = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(typist.keyboard >= 0);
    assert_int_equal(grantpt(typist.keyboard), 0);
    assert_int_equal(unlockpt(typist.keyboard), 0);
    terminal = open(ptsname(typist.keyboard), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(tcgetattr(terminal, &before), 0);
    assert_int_equal(pthread_create(&thread, NULL, type, &typist), 0);
    err = passphrase_ask(terminal, "share", is_new, passphrase, len);
    assert_int_equal(tcgetattr(terminal, &after), 0);
    assert_int_equal(before.c_lflag, after.c_lflag);
    assert_true((after.c_lflag & ECHO) != 0);
    close(terminal); /* the typist's read ends */
    pthread_join(thread, NULL);
    close(typist.keyboard);
    return err;
}

static void expect(bool is_new, const char *first, const char *second, const char *expected)
{
    uint8_t *passphrase = NULL;
    size_t len = 0;

    assert_int_equal(ask(is_new, first, second, &passphrase, &len), QW_OK);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(passphrase, expected, len);
    assert_null(strstr(typist.screen, expected));
    qw_secret_free(passphrase);
}

static void refused(bool is_new, const char *first, const char *second, qw_err expected)
{
    uint8_t *passphrase = NULL;
    size_t len = 7;

    assert_int_equal(ask(is_new, first, second, &passphrase, &len), expected);
    assert_null(passphrase);
}

static void a_line_is_taken_and_never_shown(void **state)
{
    (void)state;
    expect(false, "twelve bytes!\n", NULL, "twelve bytes!");
    assert_string_equal(typist.screen, "Passphrase of the share: \r\r\n");
    expect(false, "twelve bytes!\r", NULL, "twelve bytes!");
}

static void keys_that_correct_do_so(void **state)
{
    (void)state;
    expect(false, "\b\177twelve bytex\b\177\177tes of it\n", NULL, "twelve bytes of it");
    expect(false, "all of this is wrong\025twelve bytes!\n", NULL, "twelve bytes!");
}

static void a_new_one_is_typed_twice(void **state)
{
    (void)state;
    expect(true, "twelve bytes!\n", "twelve bytes!\n", "twelve bytes!");
    refused(true, "twelve bytes!\n", "twelve bytes?\n", QW_ERR_CONFLICT);
    refused(true, "twelve bytes!\n", "twelve bytes!!\n", QW_ERR_CONFLICT);
}

static void lengths_have_limits(void **state)
{
    static char line[QW_PASSPHRASE_MAX + 3];

    (void)state;
    refused(false, "\n", NULL, QW_ERR_FORMAT);
    refused(false, "eleven byte\n", NULL, QW_ERR_FORMAT);
    memset(line, 'x', QW_PASSPHRASE_MAX);
    line[QW_PASSPHRASE_MAX] = '\n';
    {
        uint8_t *passphrase = NULL;
        size_t len = 0;

        assert_int_equal(ask(false, line, NULL, &passphrase, &len), QW_OK);
        assert_int_equal(len, QW_PASSPHRASE_MAX);
        qw_secret_free(passphrase);
    }
    line[QW_PASSPHRASE_MAX] = 'x';
    line[QW_PASSPHRASE_MAX + 1] = '\n';
    refused(false, line, NULL, QW_ERR_FORMAT);
}

static void who_does_not_want_to_is_let_go(void **state)
{
    (void)state;
    refused(false, "twelve bytes!\003", NULL, QW_ERR_CLOSED);
    refused(false, "\004", NULL, QW_ERR_CLOSED);
    refused(true, "twelve bytes!\n", "\003", QW_ERR_CLOSED);
}

static void what_is_no_terminal_is_not_asked(void **state)
{
    uint8_t *passphrase = NULL;
    size_t len = 0;
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(passphrase_ask(pipes[0], "share", false, &passphrase, &len),
                     QW_ERR_UNAVAILABLE);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_and_never_shown),
        cmocka_unit_test(keys_that_correct_do_so),
        cmocka_unit_test(a_new_one_is_typed_twice),
        cmocka_unit_test(lengths_have_limits),
        cmocka_unit_test(who_does_not_want_to_is_let_go),
        cmocka_unit_test(what_is_no_terminal_is_not_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
