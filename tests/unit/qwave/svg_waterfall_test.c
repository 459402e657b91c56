/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W9 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "svg_waterfall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct svg_waterfall account = { .title = "one session <of> a test",
                                              .unit = "bit",
                                              .count = 4,
                                              .row = { { "string", 203148.0, true },
                                                       { "known", 103148.0, false },
                                                       { "entropy", 100000.0, true },
                                                       { "said & done", 99999.0, false } } };

/* The file as text; the caller frees it. */
static char *drawn(const struct svg_waterfall *waterfall)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);

    assert_non_null(stream);
    assert_int_equal(svg_waterfall_write(waterfall, stream), QW_OK);
    fclose(stream);
    return text;
}

static size_t occurrences(const char *text, const char *what)
{
    size_t text_len = strlen(text);
    size_t len = strlen(what);
    size_t count = 0;

    for (size_t i = 0; i + len <= text_len; i++) {
        count += strncmp(&text[i], what, len) == 0 ? 1 : 0;
    }
    return count;
}

/* Of the bar number index. */
static double attribute(const char *text, size_t index, const char *name)
{
    const char *at = text;

    for (size_t i = 0; i <= index; i++) {
        at = strstr(at + 1, "<rect class=");
        assert_non_null(at);
    }
    at = strstr(at, name);
    assert_non_null(at);
    return strtod(at + strlen(name), NULL);
}

static void every_part_has_its_bar_where_the_one_before_left_off(void **state)
{
    char *text = drawn(&account);
    double scale = attribute(text, 0, " width=\"") / 203148.0;

    (void)state;
    assert_int_equal(occurrences(text, "<rect class=\"total\""), 2);
    assert_int_equal(occurrences(text, "<rect class=\"loss\""), 2);
    for (size_t i = 1; i < 4; i++) {
        assert_true(fabs(attribute(text, i, " width=\"") - scale * account.row[i].value) < 0.11);
    }
    assert_true(fabs(attribute(text, 1, " x=\"") - attribute(text, 2, " x=\"") -
                     attribute(text, 2, " width=\"")) < 0.11);
    free(text);
}

static void numbers_and_names_are_readable(void **state)
{
    char *text = drawn(&account);

    (void)state;
    assert_non_null(strstr(text, ">203 148<"));
    assert_non_null(strstr(text, "\xe2\x88\x92 99 999<"));
    assert_non_null(strstr(text, "said &amp; done"));
    assert_non_null(strstr(text, "&lt;of&gt;"));
    assert_non_null(strstr(text, ">bit<"));
    free(text);
}

static void what_cannot_be_drawn_is_refused_and_nothing_written(void **state)
{
    struct svg_waterfall wrong[5] = { account, account, account, account, account };
    FILE *stream = tmpfile();

    (void)state;
    assert_non_null(stream);
    wrong[0].count = 0;
    wrong[1].count = SVG_WATERFALL_ROWS_MAX + 1;
    wrong[2].row[0].is_total = false;
    wrong[3].row[1].value = -1.0;
    wrong[4].row[2].value = NAN;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(svg_waterfall_write(&wrong[i], stream), QW_ERR_ARG);
        assert_int_equal(svg_waterfall_save(&wrong[i], "/tmp/qwave-no.svg"), QW_ERR_ARG);
    }
    assert_int_equal(ftell(stream), 0);
    fclose(stream);
    assert_int_equal(svg_waterfall_save(&account, "/nowhere/x.svg"), QW_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_has_its_bar_where_the_one_before_left_off),
        cmocka_unit_test(numbers_and_names_are_readable),
        cmocka_unit_test(what_cannot_be_drawn_is_refused_and_nothing_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
