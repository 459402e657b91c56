/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *text;
static size_t len;
static struct qw_log the_log;

static int open_log(void **state)
{
    (void)state;
    the_log = (struct qw_log){ .stream = open_memstream(&text, &len),
                               .component = "centre",
                               .level = QW_LOG_INFO };
    return the_log.stream == NULL ? -1 : 0;
}

static int close_log(void **state)
{
    (void)state;
    fclose(the_log.stream);
    free(text);
    return 0;
}

static void a_line_has_time_level_component_and_text(void **state)
{
    int year, month, day, hour, minute, second, ms, end = 0;

    (void)state;
    qw_log_write(&the_log, QW_LOG_WARNING, "%s has %d keys left", "card", 7);
    assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour,
                            &minute, &second, &ms, &end),
                     7);
    assert_int_equal(end, 25);
    assert_string_equal(text + end, "warning centre: card has 7 keys left\n");
}

static void another_level_holds_for_the_next_line(void **state)
{
    (void)state;
    qw_log_write(&the_log, QW_LOG_DEBUG, "a");
    qw_log_set_level(&the_log, QW_LOG_DEBUG);
    qw_log_write(&the_log, QW_LOG_DEBUG, "b");
    qw_log_set_level(&the_log, QW_LOG_ERROR);
    qw_log_write(&the_log, QW_LOG_WARNING, "c");
    assert_null(strstr(text, ": a\n"));
    assert_non_null(strstr(text, " debug centre: b\n"));
    assert_null(strstr(text, ": c\n"));
}

static void each_level_has_its_name_and_what_is_above_is_dropped(void **state)
{
    (void)state;
    the_log.level = QW_LOG_DEBUG;
    qw_log_write(&the_log, QW_LOG_ERROR, "a");
    qw_log_write(&the_log, QW_LOG_INFO, "b");
    qw_log_write(&the_log, QW_LOG_DEBUG, "c");
    assert_non_null(strstr(text, " error centre: a\n"));
    assert_non_null(strstr(text, " info centre: b\n"));
    assert_non_null(strstr(text, " debug centre: c\n"));
    the_log.level = QW_LOG_ERROR;
    qw_log_write(&the_log, QW_LOG_WARNING, "dropped");
    assert_null(strstr(text, "dropped"));
}

static void a_journal_gets_priorities_and_nothing_else_does(void **state)
{
    static const struct {
        enum qw_log_level level;
        const char *begin;
    } lines[] = { { QW_LOG_ERROR, "<3>2" },
                  { QW_LOG_WARNING, "<4>2" },
                  { QW_LOG_INFO, "<6>2" },
                  { QW_LOG_DEBUG, "<7>2" } };

    (void)state;
    the_log.level = QW_LOG_DEBUG;
    the_log.has_priority = true;
    fflush(the_log.stream); /* before it, len is that of another test */
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t before = len;

        qw_log_write(&the_log, lines[i].level, "<0>text");
        assert_memory_equal(text + before, lines[i].begin, 4);
        assert_non_null(strstr(text + before, "centre: <0>text\n"));
    }
}

static void the_journal_is_known_by_its_place(void **state)
{
    FILE *file = tmpfile();
    struct stat status;
    char place[64];

    (void)state;
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    assert_false(qw_log_is_journal(file));
    snprintf(place, sizeof place, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", place, 1), 0);
    assert_true(qw_log_is_journal(file));
    assert_false(qw_log_is_journal(stdin)); /* a journal of before, for somebody else */
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2:3", 1), 0);
    assert_false(qw_log_is_journal(file));
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    fclose(file);
}

static void no_log_is_fine(void **state)
{
    (void)state;
    qw_log_write(NULL, QW_LOG_ERROR, "nobody listens");
    fflush(the_log.stream);
    assert_int_equal(len, 0);
}

static void a_peer_cannot_forge_a_line_or_move_the_cursor(void **state)
{
    (void)state;
    qw_log_write(&the_log, QW_LOG_INFO, "%s",
                 "x\n2026-01-01T00:00:00.000Z info centre: forged\033[2J\177");
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\177'));
    assert_non_null(strstr(text, "x?2026"));
}

static void a_long_text_is_cut_and_still_one_line(void **state)
{
    char longer[5000];

    (void)state;
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    qw_log_write(&the_log, QW_LOG_INFO, "%s", longer);
    assert_in_range(len, 1000, 1200);
    assert_int_equal(text[len - 1], '\n');
}

static void *write_many(void *argument)
{
    for (int i = 0; i < 500; i++) {
        qw_log_write(&the_log, QW_LOG_INFO, "%s", (const char *)argument);
    }
    return NULL;
}

static void lines_of_two_threads_do_not_mix(void **state)
{
    FILE *memory = the_log.stream;
    FILE *file = tmpfile();
    pthread_t threads[2];
    char line[200];
    int lines = 0;

    (void)state;
    assert_non_null(file);
    the_log.stream = file;
    assert_int_equal(pthread_create(&threads[0], NULL, write_many, "aaaaaaaaaaaaaaaaaaaa"), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, write_many, "bbbbbbbbbbbbbbbbbbbb"), 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    the_log.stream = memory;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL) {
        assert_true(strcmp(line + 25, "info centre: aaaaaaaaaaaaaaaaaaaa\n") == 0 ||
                    strcmp(line + 25, "info centre: bbbbbbbbbbbbbbbbbbbb\n") == 0);
        lines++;
    }
    fclose(file);
    assert_int_equal(lines, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_level_holds_for_the_next_line, open_log, close_log),
        cmocka_unit_test_setup_teardown(a_line_has_time_level_component_and_text, open_log,
                                        close_log),
        cmocka_unit_test_setup_teardown(each_level_has_its_name_and_what_is_above_is_dropped,
                                        open_log, close_log),
        cmocka_unit_test_setup_teardown(a_journal_gets_priorities_and_nothing_else_does, open_log,
                                        close_log),
        cmocka_unit_test(the_journal_is_known_by_its_place),
        cmocka_unit_test_setup_teardown(no_log_is_fine, open_log, close_log),
        cmocka_unit_test_setup_teardown(a_peer_cannot_forge_a_line_or_move_the_cursor, open_log,
                                        close_log),
        cmocka_unit_test_setup_teardown(a_long_text_is_cut_and_still_one_line, open_log, close_log),
        cmocka_unit_test_setup_teardown(lines_of_two_threads_do_not_mix, open_log, close_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
