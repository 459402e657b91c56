/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C6 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/config.h"

#include "support/fail_nth.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(char *, strdup, NULL, (const char *text), (text));
FAIL_NTH(int, yaml_parser_initialize, 0, (void *parser), (parser));

struct settings {
    char address[16];
    int64_t port;
    double power_db;
    bool is_open;
    int scene;
    char note[8];
};

static const char *const scenes[] = { "indoor", "corridor", "outdoor", NULL };

static const struct qw_config_row rows[] = {
    { .name = "address",
      .kind = QW_CONFIG_TEXT,
      .offset = offsetof(struct settings, address),
      .min = 1,
      .max = 16,
      .standard = "127.0.0.1",
      .help = "where to listen" },
    { .name = "port",
      .kind = QW_CONFIG_INT,
      .offset = offsetof(struct settings, port),
      .min = 0,
      .max = 65535,
      .help = "TCP port" },
    { .name = "power_db",
      .kind = QW_CONFIG_REAL,
      .offset = offsetof(struct settings, power_db),
      .min = -30,
      .max = 20.5,
      .standard = "0",
      .help = "transmit power [dB]" },
    { .name = "is_open",
      .kind = QW_CONFIG_BOOL,
      .offset = offsetof(struct settings, is_open),
      .standard = "false",
      .help = "whether anybody may come in" },
    { .name = "scene",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct settings, scene),
      .standard = "indoor",
      .choices = scenes,
      .help = "channel model" },
    { .name = "note",
      .kind = QW_CONFIG_TEXT,
      .offset = offsetof(struct settings, note),
      .min = 0,
      .max = 8,
      .standard = "",
      .help = "for people" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static char error[QW_CONFIG_ERROR_CAP];
static struct settings settings;

static qw_err parse(const char *text)
{
    return qw_config_parse("ap.yaml", text, strlen(text), rows, ROWS, &settings, error);
}

static void assert_refused(const char *text, const char *expected_error)
{
    struct settings before;

    memset(&settings, 0xee, sizeof settings);
    before = settings;
    assert_int_equal(parse(text), QW_ERR_FORMAT);
    assert_string_equal(error, expected_error);
    assert_memory_equal(&settings, &before, sizeof before);
}

static void every_kind_is_read(void **state)
{
    (void)state;
    assert_int_equal(parse("# a comment\n"
                           "address: 10.0.0.7\n"
                           "port: 65535   # the last one\n"
                           "power_db: -2.5e1\n"
                           "is_open: true\n"
                           "scene: outdoor\n"
                           "note: \"a: b#\"\n"),
                     QW_OK);
    assert_string_equal(error, "");
    assert_string_equal(settings.address, "10.0.0.7");
    assert_int_equal(settings.port, 65535);
    assert_true(settings.power_db == -25.0);
    assert_true(settings.is_open);
    assert_int_equal(settings.scene, 2);
    assert_string_equal(settings.note, "a: b#");
}

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    memset(&settings, 0xee, sizeof settings);
    assert_int_equal(parse("---\nport: 0\n...\n"), QW_OK);
    assert_string_equal(settings.address, "127.0.0.1");
    assert_int_equal(settings.port, 0);
    assert_true(settings.power_db == 0.0);
    assert_false(settings.is_open);
    assert_int_equal(settings.scene, 0);
    assert_string_equal(settings.note, "");
}

static void limits_belong_to_the_range(void **state)
{
    (void)state;
    assert_int_equal(parse("port: 0\npower_db: -30\naddress: a\n"), QW_OK);
    assert_int_equal(parse("port: 65535\npower_db: 20.5\naddress: 123456789012345\n"), QW_OK);
    assert_int_equal(strlen(settings.address), 15);
    assert_int_equal(parse("port: 007\n"), QW_OK); /* decimal, never octal */
    assert_int_equal(settings.port, 7);
}

static void a_number_out_of_range_is_told_with_line_and_range(void **state)
{
    (void)state;
    assert_refused("address: x\n\nport: 70000\n", "ap.yaml:3: port: 70000 is not in 0..65535");
    assert_refused("port: -1\n", "ap.yaml:1: port: -1 is not in 0..65535");
    assert_refused("port: 65536\n", "ap.yaml:1: port: 65536 is not in 0..65535");
    assert_refused("port: 99999999999999999999\n",
                   "ap.yaml:1: port: 99999999999999999999 is not in 0..65535");
    assert_refused("port: 1\npower_db: 20.51\n", "ap.yaml:2: power_db: 20.51 is not in -30..20.5");
    assert_refused("port: 1\npower_db: -30.1\n", "ap.yaml:2: power_db: -30.1 is not in -30..20.5");
}

static void a_value_of_the_wrong_kind_is_told_with_what_is_allowed(void **state)
{
    (void)state;
    assert_refused("port: many\n", "ap.yaml:1: port: \"many\" is not a whole number in 0..65535");
    assert_refused("port: 1.5\n", "ap.yaml:1: port: \"1.5\" is not a whole number in 0..65535");
    assert_refused("port: 0x10\n", "ap.yaml:1: port: \"0x10\" is not a whole number in 0..65535");
    assert_refused("port: 80 80\n", "ap.yaml:1: port: \"80 80\" is not a whole number in 0..65535");
    assert_refused("port: \" 80\"\n", "ap.yaml:1: port: \" 80\" is not a whole number in 0..65535");
    assert_refused("port:\n", "ap.yaml:1: port: \"\" is not a whole number in 0..65535");
    assert_refused("port: 1\npower_db: nan\n",
                   "ap.yaml:2: power_db: \"nan\" is not a number in -30..20.5");
    assert_refused("port: 1\npower_db: inf\n",
                   "ap.yaml:2: power_db: \"inf\" is not a number in -30..20.5");
    assert_refused("port: 1\npower_db: 1e999\n",
                   "ap.yaml:2: power_db: \"1e999\" is not a number in -30..20.5");
    assert_refused("is_open: yes\n", "ap.yaml:1: is_open: \"yes\" is not true or false");
    assert_refused("scene: Indoor\n",
                   "ap.yaml:1: scene: \"Indoor\" is not one of indoor, corridor, outdoor");
    assert_refused("address: \"\"\n", "ap.yaml:1: address: \"\" is not a text of 1..15 characters");
    assert_refused("address: 1234567890123456\n",
                   "ap.yaml:1: address: \"1234567890123456\" is not a text of 1..15 characters");
}

static void a_name_that_is_unknown_is_told_with_the_known_ones(void **state)
{
    (void)state;
    assert_refused("port: 1\nprot: 2\n",
                   "ap.yaml:2: prot: unknown setting; known are address, port, power_db, is_open, "
                   "scene, note");
}

static void a_setting_given_twice_is_told_with_both_lines(void **state)
{
    (void)state;
    assert_refused("port: 1\nscene: indoor\nport: 1\n",
                   "ap.yaml:3: port: given twice, first in line 1");
}

static void a_setting_that_is_missing_is_told_with_what_it_is(void **state)
{
    (void)state;
    assert_refused("scene: indoor\n",
                   "ap.yaml:2: port: must be given: a whole number in 0..65535 (TCP port)");
    assert_refused("", "ap.yaml:1: port: must be given: a whole number in 0..65535 (TCP port)");
    assert_refused("{}", "ap.yaml:2: port: must be given: a whole number in 0..65535 (TCP port)");
}

static void what_is_no_flat_mapping_is_refused(void **state)
{
    (void)state;
    assert_refused("port: [1, 2]\n",
                   "ap.yaml:1: port: must be one plain value, a whole number in 0..65535");
    assert_refused("port:\n  deep: 1\n",
                   "ap.yaml:2: port: must be one plain value, a whole number in 0..65535");
    assert_refused("port: !!str 1\n",
                   "ap.yaml:1: port: must be one plain value, a whole number in 0..65535");
    assert_refused("port: &x 1\n",
                   "ap.yaml:1: port: must be one plain value, a whole number in 0..65535");
    assert_refused("port: \"1\\0\"\n",
                   "ap.yaml:1: port: must be one plain value, a whole number in 0..65535");
    assert_refused("port: 1\n? [a]\n: 2\n", "ap.yaml:2: expected the name of a setting");
    assert_refused("- port\n", "ap.yaml:1: expected lines of the form \"name: value\"");
    assert_refused("port\n", "ap.yaml:1: expected lines of the form \"name: value\"");
    assert_refused("port: 1\n---\nport: 2\n", "ap.yaml:2: a second document is not allowed");
}

static void what_is_no_yaml_is_told_with_its_line(void **state)
{
    (void)state;
    assert_refused("port: 1\nscene: \"outdoor\n\n",
                   "ap.yaml:4: not YAML: found unexpected end of stream, while scanning a quoted "
                   "scalar that begins in line 2");
    assert_refused("port: 1\n\t- x: y: z\n",
                   "ap.yaml:2: not YAML: found a tab character that violates indentation, while "
                   "scanning a plain scalar that begins in line 1");
    assert_refused("port: 1\nnote: @x\n",
                   "ap.yaml:2: not YAML: found character that cannot start any token, while "
                   "scanning for the next token that begins in line 2");
    assert_refused("port: 1\nnote: *nowhere\n",
                   "ap.yaml:2: note: must be one plain value, a text of 0..7 characters");
    assert_refused("port: 1\nnote: \x01\n",
                   "ap.yaml:1: not YAML: control characters are not allowed");
    assert_refused("\xff\xfe\xff\n", "ap.yaml:1: not YAML: invalid leading UTF-8 octet");
}

static void a_wild_value_cannot_write_to_the_terminal_or_beyond_the_message(void **state)
{
    char text[3000] = "note: \"\\e[2J\\n\\x7f";
    char many[3000] = "x";

    (void)state;
    memset(text + strlen(text), 'y', 1000);
    strcat(text, "\"\n");
    assert_int_equal(parse(text), QW_ERR_FORMAT);
    for (const char *c = error; *c != '\0'; c++) {
        assert_true(*c >= 0x20 && *c != 0x7f);
    }
    assert_true(strlen(error) < 200);
    memset(many, 'z', 900);
    strcpy(many + 900, ": 1\n");
    assert_int_equal(parse(many), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "unknown setting; known are address"));
}

static void a_wrong_default_is_a_mistake_that_shows(void **state)
{
    static const struct qw_config_row wrong[] = {
        { .name = "port",
          .kind = QW_CONFIG_INT,
          .offset = offsetof(struct settings, port),
          .min = 1,
          .max = 5,
          .standard = "6",
          .help = "TCP port" },
    };

    (void)state;
    assert_int_equal(qw_config_parse("ap.yaml", "", 0, wrong, 1, &settings, error), QW_ERR_FORMAT);
    assert_string_equal(error, "ap.yaml:1: port: 6 is not in 1..5");
}

static void files_are_read_and_named_in_messages(void **state)
{
    char path[] = "/tmp/config_test.XXXXXX";
    char expected[128];
    static char large[1 << 16];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "port: 8443\n", 11), 11);
    assert_int_equal(qw_config_read(path, rows, ROWS, &settings, error), QW_OK);
    assert_int_equal(settings.port, 8443);
    assert_int_equal(write(fd, "port: 8443\n", 11), 11);
    assert_int_equal(qw_config_read(path, rows, ROWS, &settings, error), QW_ERR_FORMAT);
    snprintf(expected, sizeof expected, "%s:2: port: given twice, first in line 1", path);
    assert_string_equal(error, expected);
    memset(large, '\n', sizeof large);
    assert_int_equal(write(fd, large, sizeof large), sizeof large);
    close(fd);
    assert_int_equal(qw_config_read(path, rows, ROWS, &settings, error), QW_ERR_FORMAT);
    snprintf(expected, sizeof expected, "%s: larger than 65536 bytes", path);
    assert_string_equal(error, expected);
    unlink(path);
    assert_int_equal(qw_config_read(path, rows, ROWS, &settings, error), QW_ERR_NOT_FOUND);
    snprintf(expected, sizeof expected, "%s: not found", path);
    assert_string_equal(error, expected);
}

static void every_truncation_of_a_good_file_is_good_or_explained(void **state)
{
    static const char text[] = "address: 10.0.0.7\nport: 1\nscene: outdoor\nnote: \"a\"\n";

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        qw_err err = qw_config_parse("ap.yaml", text, len, rows, ROWS, &settings, error);

        assert_true((err == QW_OK && error[0] == '\0') ||
                    (err == QW_ERR_FORMAT && strncmp(error, "ap.yaml:", 8) == 0));
    }
}

static void each_failing_allocation_is_told_and_nothing_leaks(void **state)
{
    qw_err err = QW_ERR_STATE;
    int n;

    (void)state;
    for (n = 1; err != QW_OK; n++) {
        struct settings before;

        assert_true(n < 20);
        memset(&settings, 0xee, sizeof settings);
        before = settings;
        fail_nth = n;
        err = parse("port: 1\naddress: x\n");
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
        if (err != QW_OK) {
            assert_string_equal(error, "ap.yaml: out of memory");
            assert_memory_equal(&settings, &before, sizeof before);
        }
    }
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(limits_belong_to_the_range),
        cmocka_unit_test(a_number_out_of_range_is_told_with_line_and_range),
        cmocka_unit_test(a_value_of_the_wrong_kind_is_told_with_what_is_allowed),
        cmocka_unit_test(a_name_that_is_unknown_is_told_with_the_known_ones),
        cmocka_unit_test(a_setting_given_twice_is_told_with_both_lines),
        cmocka_unit_test(a_setting_that_is_missing_is_told_with_what_it_is),
        cmocka_unit_test(what_is_no_flat_mapping_is_refused),
        cmocka_unit_test(what_is_no_yaml_is_told_with_its_line),
        cmocka_unit_test(a_wild_value_cannot_write_to_the_terminal_or_beyond_the_message),
        cmocka_unit_test(a_wrong_default_is_a_mistake_that_shows),
        cmocka_unit_test(files_are_read_and_named_in_messages),
        cmocka_unit_test(every_truncation_of_a_good_file_is_good_or_explained),
        cmocka_unit_test(each_failing_allocation_is_told_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
