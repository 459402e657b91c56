/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/sink_psk_file.h"

#include "support/fail_nth.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static char folder[64], path[128], pid_file[128], text[70000];
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals = signals + 1;
}

static void put_file(const char *name, const char *content)
{
    FILE *out = fopen(name, "w");

    assert_non_null(out);
    assert_true(fputs(content, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static const char *content(void)
{
    FILE *in = fopen(path, "r");
    size_t len;

    assert_non_null(in);
    len = fread(text, 1, sizeof text - 1, in);
    text[len] = '\0';
    (void)fclose(in);
    return text;
}

static int start(void **state)
{
    char pid[16];

    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/qwave-psk-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/psk", folder);
    (void)snprintf(pid_file, sizeof pid_file, "%s/pid", folder);
    (void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    put_file(pid_file, pid);
    signals = 0;
    (void)signal(SIGUSR1, on_signal);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(pid_file);
    return rmdir(folder);
}

static const struct qw_link_key key_a = { { 0xaa, 1 }, { 1, 2, 3 } },
                                key_b = { { 0xbb, 2 }, { 0xff, 0xfe } };
static const char *hex_of(const struct qw_link_key *key, char out[static 65])
{
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", (unsigned)key->bytes[i]);
    }
    return out;
}

static struct qw_key_sink open_sink(const char *template_text)
{
    struct qw_psk_file_config config = { path, template_text, pid_file, SIGUSR1, "" };
    struct qw_key_sink sink;

    assert_int_equal(qw_sink_psk_file(&config, &sink), QW_OK);
    return sink;
}

static void both_keys_stand_in_the_file_while_both_are_accepted(void **state)
{
    struct qw_key_sink sink = open_sink("# {{key_id}}\nnow:{{key_hex}}\nalso:{{other_hex}}\nend");
    char a[65], b[65], expected[400];
    struct stat info;

    (void)state;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    (void)snprintf(expected, sizeof expected, "# aa010000-0000-0000-0000-000000000000\nnow:%s\nend",
                   hex_of(&key_a, a));
    assert_string_equal(content(), expected);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b), QW_OK);
    (void)snprintf(expected, sizeof expected,
                   "# aa010000-0000-0000-0000-000000000000\nnow:%s\nalso:%s\nend", a,
                   hex_of(&key_b, b));
    assert_string_equal(content(), expected);
    assert_int_equal(sink.promote(sink.self, &key_b, &key_a), QW_OK);
    (void)snprintf(expected, sizeof expected,
                   "# bb020000-0000-0000-0000-000000000000\nnow:%s\nalso:%s\nend", b, a);
    assert_string_equal(content(), expected);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_null(strstr(content(), a)); /* the old one is gone */
    assert_int_equal(signals, 4);
    sink.close(sink.self);
}

/* After a crash between the two, or a signal that was not allowed. */
static void a_reader_that_was_not_told_is_told_when_the_verb_is_said_again(void **state)
{
    struct qw_key_sink sink = open_sink("{{key_hex}}\n");
    char pid[16];

    (void)state;
    put_file(pid_file, "nobody\n");
    assert_int_equal(sink.settle(sink.self, &key_a), QW_ERR_FORMAT);
    assert_int_equal(signals, 0);
    (void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    put_file(pid_file, pid);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(signals, 1);
    sink.close(sink.self);
    sink = open_sink("{{key_hex}}\n"); /* nobody knows whether the last one came to it */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(signals, 2);
    sink.close(sink.self);
}

static void what_is_there_already_is_not_told_again(void **state)
{
    struct qw_key_sink sink = open_sink("{{key_base64}}\n");

    (void)state;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_string_equal(content(), "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(sink.prepare(sink.self, &key_a, &key_b),
                     QW_OK); /* one key only in this file */
    assert_int_equal(signals, 1);
    assert_int_equal(chmod(path, 0644), 0); /* somebody has opened it to others: written anew */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(signals, 2);
    sink.close(sink.self);
}

static void a_blocked_file_holds_a_key_that_nobody_has(void **state) /* S6 */
{
    struct qw_key_sink sink = open_sink("{{key_hex}} {{key_id}}");
    char first[200];

    (void)state;
    assert_int_equal(sink.block(sink.self), QW_OK);
    (void)snprintf(first, sizeof first, "%.64s", content());
    assert_int_equal(strspn(first, "0123456789abcdef"), 64);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_int_not_equal(strncmp(first, content(), 64), 0);
    assert_int_equal(sink.prepare(sink.self, NULL, &key_b), QW_OK);
    assert_null(strstr(content(), "fffe"));
    sink.close(sink.self);
}

static void a_reader_that_is_not_there_is_no_failure_and_a_wrong_pid_is(void **state)
{
    static const char *const wrong[] = { "", "x", "1", "0", "-5", "12 34", "99999999999" };
    struct qw_key_sink sink = open_sink("{{key_hex}}");

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put_file(pid_file, wrong[i]);
        assert_int_equal(sink.block(sink.self), QW_ERR_FORMAT);
    }
    put_file(pid_file, "2147483646"); /* nobody */
    assert_int_equal(sink.settle(sink.self, &key_a), QW_OK);
    assert_int_equal(unlink(pid_file), 0);
    assert_int_equal(sink.settle(sink.self, &key_b), QW_OK);
    assert_int_equal(signals, 0);
    sink.close(sink.self);
}

static void a_file_that_cannot_be_replaced_keeps_the_old_key(void **state)
{
    struct qw_psk_file_config config = { "/nowhere/at/all", "{{key_hex}}", "", SIGHUP, "" };
    struct qw_key_sink sink;

    (void)state;
    assert_int_equal(qw_sink_psk_file(&config, &sink), QW_OK);
    assert_int_not_equal(sink.settle(sink.self, &key_a), QW_OK);
    sink.close(sink.self);
}

static void templates_without_sense_are_refused(void **state)
{
    static char large[QW_PSK_FILE_TEMPLATE_MAX + 2];
    static const char *const wrong[] = { "",           "no word", "{{key}}", "{{key_hex}} {{what}}",
                                         "{{key_hex}", large };
    struct qw_psk_file_config config = { path, "{{key_hex}}", "", SIGHUP, "" };
    struct qw_key_sink sink = { .self = NULL };

    (void)state;
    memset(large, ' ', sizeof large - 1);
    memcpy(large, "{{key_hex}}", 11);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        config.template_text = wrong[i];
        assert_int_equal(qw_sink_psk_file(&config, &sink), QW_ERR_ARG);
    }
    config.template_text = "{{key_hex}}";
    config.path = "";
    assert_int_equal(qw_sink_psk_file(&config, &sink), QW_ERR_ARG);
    config.path = path;
    fail_nth = 1;
    assert_int_equal(qw_sink_psk_file(&config, &sink), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_null(sink.self);
}

static void without_memory_nothing_changes(void **state)
{
    struct qw_key_sink sink = open_sink("{{key_hex}}");

    (void)state;
    fail_nth = 1;
    assert_int_equal(sink.settle(sink.self, &key_a), QW_ERR_NOMEM);
    fail_nth = 0;
    assert_int_not_equal(access(path, F_OK), 0);
    sink.close(sink.self);
}

static void a_text_that_grows_too_large_changes_nothing(void **state)
{
    static char large[1400 * 11 + 1];
    struct qw_key_sink sink;

    (void)state;
    for (size_t i = 0; i < 1400; i++) {
        memcpy(large + 11 * i, "{{key_hex}}", 12);
    }
    sink = open_sink(large);
    assert_int_equal(sink.settle(sink.self, &key_a), QW_ERR_SPACE);
    assert_int_not_equal(access(path, F_OK), 0);
    sink.close(sink.self);
}

/* Two links of one program: each changes its own part, and the program has both. */
static void parts_of_two_links_make_one_file(void **state)
{
    char part_a[160], part_b[160], expected[600], a[65], b[65];
    struct qw_psk_file_config config = { part_a, "{{key_hex}}\n{{other_hex}}\n", pid_file, SIGUSR1,
                                         path };
    struct qw_key_sink one, two;
    static const struct qw_link_key key_c = { { 0xcc }, { 7 } };
    char c[65];

    (void)state;
    snprintf(part_a, sizeof part_a, "%s/a.psk", folder);
    snprintf(part_b, sizeof part_b, "%s/b.psk", folder);
    assert_int_equal(qw_sink_psk_file(&config, &one), QW_OK);
    config.path = part_b;
    assert_int_equal(qw_sink_psk_file(&config, &two), QW_OK);
    assert_int_equal(one.settle(one.self, &key_a), QW_OK);
    assert_int_equal(two.settle(two.self, &key_b), QW_OK);
    snprintf(expected, sizeof expected, "%s\n%s\n", hex_of(&key_a, a), hex_of(&key_b, b));
    assert_string_equal(content(), expected);
    assert_int_equal(one.prepare(one.self, &key_a, &key_c), QW_OK);
    snprintf(expected, sizeof expected, "%s\n%s\n%s\n", a, hex_of(&key_c, c), b);
    assert_string_equal(content(), expected);
    assert_int_equal(signals, 3);
    assert_int_equal(unlink(path), 0); /* after a start the whole is made once more */
    one.close(one.self);
    config.path = part_a;
    assert_int_equal(qw_sink_psk_file(&config, &one), QW_OK);
    assert_int_equal(one.prepare(one.self, &key_a, &key_c), QW_OK);
    assert_string_equal(content(), expected);
    assert_int_equal(signals, 4);
    /* A part that others may read: the whole stays, nobody is told, and it is said. */
    assert_int_equal(chmod(part_b, 0644), 0);
    assert_int_equal(one.settle(one.self, &key_c), QW_ERR_REFUSED);
    assert_string_equal(content(), expected);
    assert_int_equal(signals, 4);
    assert_int_equal(chmod(part_b, 0600), 0);
    assert_int_equal(one.settle(one.self, &key_c), QW_OK);
    snprintf(expected, sizeof expected, "%s\n%s\n", c, b);
    assert_string_equal(content(), expected);
    assert_int_equal(signals, 5);
    one.close(one.self);
    two.close(two.self);
    assert_int_equal(unlink(part_a), 0);
    assert_int_equal(unlink(part_b), 0);
    config.path = path; /* no part */
    assert_int_equal(qw_sink_psk_file(&config, &one), QW_ERR_ARG);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    static const struct CMUnitTest tests[] = {
        CASE(both_keys_stand_in_the_file_while_both_are_accepted),
        CASE(a_reader_that_was_not_told_is_told_when_the_verb_is_said_again),
        CASE(what_is_there_already_is_not_told_again),
        CASE(a_blocked_file_holds_a_key_that_nobody_has),
        CASE(a_reader_that_is_not_there_is_no_failure_and_a_wrong_pid_is),
        CASE(a_file_that_cannot_be_replaced_keeps_the_old_key),
        CASE(templates_without_sense_are_refused),
        CASE(without_memory_nothing_changes),
        CASE(a_text_that_grows_too_large_changes_nothing),
        CASE(parts_of_two_links_make_one_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
