/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/psk_join.h"

#include "base/file.h"
#include "support/fail_nth.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_file_replace, QW_ERR_IO, (const char *path, const uint8_t *data, size_t len),
         (path, data, len));

static char folder[64], whole[128];
static char got[QW_PSK_JOIN_MAX + 2];

static int start(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/qwave-join-XXXXXX");
    snprintf(whole, sizeof whole, "%s.whole", mkdtemp(folder));
    return 0;
}

static int stop(void **state)
{
    char command[300];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s' '%s'", folder, whole);
    return system(command);
}

static void put_part(const char *name, const char *text)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(__real_qw_file_replace(path, (const uint8_t *)text, strlen(text)), QW_OK);
}

static const char *content(void)
{
    FILE *in = fopen(whole, "r");

    assert_non_null(in);
    got[fread(got, 1, sizeof got - 1, in)] = '\0';
    (void)fclose(in);
    return got;
}

static void parts_follow_one_another_by_name_each_on_lines_of_its_own(void **state)
{
    struct stat info;

    (void)state;
    put_part("b.psk", "two:2\nthree:3\n");
    put_part("a.psk", "one:1");
    put_part("c.psk", "");
    put_part("d.psk", "four:4\n");
    assert_int_equal(qw_psk_join(folder, whole), QW_OK);
    assert_string_equal(content(), "one:1\ntwo:2\nthree:3\nfour:4\n");
    assert_int_equal(stat(whole, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void what_is_not_named_as_a_part_is_none(void **state)
{
    static const char *const others[] = { "a.psk.Xy12Zq", ".psk", "a.pskx", "psk", "README" };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        put_part(others[i], "no");
        assert_false(qw_psk_join_is_part(others[i]));
    }
    assert_true(qw_psk_join_is_part("x.psk"));
    assert_true(qw_psk_join_is_part("/a/b.c/x.psk"));
    assert_false(qw_psk_join_is_part("/a/b.psk/x"));
    assert_false(qw_psk_join_is_part("/a/.psk"));
    assert_false(qw_psk_join_is_part(""));
    put_part("x.psk", "yes");
    assert_int_equal(qw_psk_join(folder, whole), QW_OK);
    assert_string_equal(content(), "yes\n");
}

static void a_part_that_others_may_read_is_refused(void **state)
{
    char path[200];

    (void)state;
    put_part("a.psk", "one");
    assert_int_equal(qw_psk_join(folder, whole), QW_OK);
    put_part("b.psk", "two");
    snprintf(path, sizeof path, "%s/b.psk", folder);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(qw_psk_join(folder, whole), QW_ERR_REFUSED);
    assert_string_equal(content(), "one\n");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(qw_psk_join(folder, whole), QW_OK);
    assert_string_equal(content(), "one\ntwo\n");
}

static void more_than_fits_changes_nothing(void **state)
{
    static char large[QW_PSK_JOIN_MAX + 1];

    (void)state;
    memset(large, 'x', QW_PSK_JOIN_MAX - 1);
    put_part("a.psk", large);
    assert_int_equal(qw_psk_join(folder, whole), QW_OK); /* the newline just fits */
    assert_int_equal(strlen(content()), QW_PSK_JOIN_MAX);
    put_part("b.psk", "y");
    assert_int_equal(qw_psk_join(folder, whole), QW_ERR_SPACE);
    put_part("b.psk", "");
    large[QW_PSK_JOIN_MAX - 1] = 'x';
    put_part("a.psk", large);
    assert_int_equal(qw_psk_join(folder, whole), QW_ERR_SPACE);
    assert_int_equal(strlen(content()), QW_PSK_JOIN_MAX);
}

static void says_what_fails(void **state)
{
    char none[100];
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    snprintf(none, sizeof none, "%s/none", folder);
    assert_int_equal(qw_psk_join(none, whole), QW_ERR_NOT_FOUND);
    put_part("a.psk", "one");
    snprintf(none, sizeof none, "%s/a.psk", folder);
    assert_int_equal(qw_psk_join(none, whole), QW_ERR_NOT_FOUND); /* no folder */
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        assert_int_not_equal(access(whole, F_OK), 0);
        fail_nth = n;
        err = qw_psk_join(folder, whole);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM || err == QW_ERR_IO);
    }
    fail_nth = 0;
    assert_string_equal(content(), "one\n");
}

enum { WRITERS = 4, TURNS = 25 };

static void *change_a_part(void *self)
{
    const int *number = self;
    char path[200], text[16];

    snprintf(path, sizeof path, "%s/%d.psk", folder, *number);
    for (int turn = 1; turn <= TURNS; turn++) {
        int len = snprintf(text, sizeof text, "%d:%d", *number, turn);

        if (__real_qw_file_replace(path, (const uint8_t *)text, (size_t)len) != QW_OK ||
            qw_psk_join(folder, whole) != QW_OK) {
            abort();
        }
    }
    return NULL;
}

/* Whoever is last has seen what all others wrote before they joined. */
static void nothing_is_lost_when_several_change_at_once(void **state)
{
    pthread_t threads[WRITERS];
    int numbers[WRITERS];

    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, change_a_part, &numbers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_string_equal(content(), "0:25\n1:25\n2:25\n3:25\n");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    static const struct CMUnitTest tests[] = {
        CASE(parts_follow_one_another_by_name_each_on_lines_of_its_own),
        CASE(what_is_not_named_as_a_part_is_none),
        CASE(a_part_that_others_may_read_is_refused),
        CASE(more_than_fits_changes_nothing),
        CASE(says_what_fails),
        CASE(nothing_is_lost_when_several_change_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
