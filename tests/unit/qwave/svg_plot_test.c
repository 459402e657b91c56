/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "svg_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The file as text; the caller frees it. */
static char *drawn(const struct svg_plot *plot)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);

    assert_non_null(stream);
    assert_int_equal(svg_plot_write(plot, stream), QW_OK);
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

static const double rising[] = { 0.0, 10.0, 20.0, 30.0 };
static const double values[] = { 1.0, 10.0, 100.0, 1000.0 };

static struct svg_plot plot_of(const double *x, const double *y, size_t count)
{
    struct svg_plot plot = { .title = "rate over SNR",
                             .x = { .label = "SNR, dB" },
                             .y = { .label = "bit/s" },
                             .series_count = 1 };

    plot.series[0] = (struct svg_plot_series){
        .name = "measured", .x = x, .y = y, .count = count, .has_marks = true
    };
    return plot;
}

static void everything_that_was_asked_for_is_drawn_once(void **state)
{
    struct svg_plot plot = plot_of(rising, values, 4);
    char *text;

    (void)state;
    plot.series_count = 2;
    plot.series[1] = (struct svg_plot_series){
        .name = "bound", .x = rising, .y = values, .count = 4, .is_dashed = true
    };
    text = drawn(&plot);
    assert_int_equal(occurrences(text, "<svg "), 1);
    assert_int_equal(occurrences(text, "</svg>\n"), 1);
    assert_int_equal(occurrences(text, ">rate over SNR<"), 1);
    assert_int_equal(occurrences(text, ">SNR, dB<"), 1);
    assert_int_equal(occurrences(text, ">bit/s<"), 1);
    assert_int_equal(occurrences(text, ">measured<"), 1);
    assert_int_equal(occurrences(text, ">bound<"), 1);
    assert_int_equal(occurrences(text, "<circle "), 4);
    assert_int_equal(occurrences(text, "stroke-dasharray"), 2); /* line and legend */
    assert_int_equal(occurrences(text, "<text "), occurrences(text, "</text>"));
    free(text);
}

/* Equal factors are equal distances: four decades of a logarithmic axis make a straight line. */
static void a_logarithmic_axis_has_equal_steps_for_equal_factors(void **state)
{
    struct svg_plot plot = plot_of(rising, values, 4);
    double y[4];
    char *text;
    char *at;

    (void)state;
    plot.y.is_log = true;
    text = drawn(&plot);
    at = text;
    for (size_t i = 0; i < 4; i++) {
        at = strstr(at, "cy=\"");
        assert_non_null(at);
        y[i] = strtod(at + 4, NULL);
        at++;
    }
    assert_true(fabs((y[1] - y[0]) - (y[2] - y[1])) < 0.2);
    assert_true(fabs((y[2] - y[1]) - (y[3] - y[2])) < 0.2);
    assert_true(y[1] < y[0]); /* larger is higher */
    assert_non_null(strstr(text, ">1000<"));
    free(text);
}

static void a_value_that_is_none_breaks_the_line(void **state)
{
    const double broken[] = { 1.0, NAN, 100.0, INFINITY };
    struct svg_plot plot = plot_of(rising, broken, 4);
    char *text = drawn(&plot);

    (void)state;
    assert_int_equal(occurrences(text, "<circle "), 2);
    assert_int_equal(occurrences(text, "nan"), 0);
    assert_int_equal(occurrences(text, "inf"), 0);
    free(text);
}

static void zero_has_no_place_on_a_logarithmic_axis(void **state)
{
    const double with_zero[] = { 0.0, 10.0, 100.0, 1000.0 };
    struct svg_plot plot = plot_of(rising, with_zero, 4);
    char *text;

    (void)state;
    plot.y.is_log = true;
    text = drawn(&plot);
    assert_int_equal(occurrences(text, "<circle "), 3);
    free(text);
}

static void nothing_to_draw_is_an_empty_frame(void **state)
{
    struct svg_plot plot = plot_of(rising, values, 0);
    char *text = drawn(&plot);

    (void)state;
    assert_int_equal(occurrences(text, "nan"), 0);
    assert_int_equal(occurrences(text, "<rect "), 3);
    free(text);
}

static void one_value_alone_is_drawn(void **state)
{
    struct svg_plot plot = plot_of(rising, values, 1);
    char *text = drawn(&plot);

    (void)state;
    assert_int_equal(occurrences(text, "<circle "), 1);
    assert_int_equal(occurrences(text, "nan"), 0);
    free(text);
}

static void text_cannot_become_markup(void **state)
{
    struct svg_plot plot = plot_of(rising, values, 4);
    char *text;

    (void)state;
    plot.title = "a<b & c>d\n";
    text = drawn(&plot);
    assert_non_null(strstr(text, ">a&lt;b &amp; c&gt;d <"));
    free(text);
}

static void a_range_that_is_none_is_refused(void **state)
{
    struct svg_plot plot = plot_of(rising, values, 4);
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);

    (void)state;
    plot.x.from = 3.0;
    plot.x.to = 2.0;
    assert_int_equal(svg_plot_write(&plot, stream), QW_ERR_ARG);
    plot.x.from = 0.0;
    plot.x.to = 10.0;
    plot.x.is_log = true; /* 0 is not on it */
    assert_int_equal(svg_plot_write(&plot, stream), QW_ERR_ARG);
    plot.x.is_log = false;
    plot.series_count = SVG_PLOT_SERIES_MAX + 1;
    assert_int_equal(svg_plot_write(&plot, stream), QW_ERR_ARG);
    fclose(stream);
    assert_int_equal(len, 0);
    free(text);
}

static void a_full_disk_is_reported(void **state)
{
    struct svg_plot plot = plot_of(rising, values, 4);

    (void)state;
    assert_int_equal(svg_plot_save(&plot, "/dev/full"), QW_ERR_IO);
    assert_int_equal(svg_plot_save(&plot, "/nowhere/at/all.svg"), QW_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_was_asked_for_is_drawn_once),
        cmocka_unit_test(a_logarithmic_axis_has_equal_steps_for_equal_factors),
        cmocka_unit_test(a_value_that_is_none_breaks_the_line),
        cmocka_unit_test(zero_has_no_place_on_a_logarithmic_axis),
        cmocka_unit_test(nothing_to_draw_is_an_empty_frame),
        cmocka_unit_test(one_value_alone_is_drawn),
        cmocka_unit_test(text_cannot_become_markup),
        cmocka_unit_test(a_range_that_is_none_is_refused),
        cmocka_unit_test(a_full_disk_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
