/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "svg_plot.h"

#include "svg_text.h"

#include <math.h>

/* Pixels. */
enum {
    WIDTH = 760,
    HEIGHT = 460,
    LEFT = 78,
    RIGHT = 24,
    TOP = 44,
    BOTTOM = 58,
    LEGEND_ROW = 18,
    TICKS_WANTED = 7
};

/* Distinguishable also for most people who do not see all colours, and in grey. */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                       "#e69f00", "#56b4e9", "#000000", "#8c564b" };

struct scale { /* of one axis: linear in value or in its logarithm */
    bool is_log;
    double from, to; /* after the logarithm */
    double first_px, last_px;
};

static double on_axis(bool is_log, double value)
{
    if (!is_log) {
        return isfinite(value) ? value : NAN;
    }
    return isfinite(value) && value > 0.0 ? log10(value) : NAN;
}

static double pixel(const struct scale *scale, double value)
{
    double share = (on_axis(scale->is_log, value) - scale->from) / (scale->to - scale->from);

    return scale->first_px + share * (scale->last_px - scale->first_px);
}

/* 1, 2 or 5 times a power of ten. */
static double nice_step(double range)
{
    double raw = range / TICKS_WANTED;
    double power = pow(10.0, floor(log10(raw)));
    double lead = raw / power;

    return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

static void fit(const struct svg_plot *plot, bool is_x, struct scale *scale)
{
    double low = INFINITY;
    double high = -INFINITY;

    for (size_t s = 0; s < plot->series_count; s++) {
        for (size_t i = 0; i < plot->series[s].count; i++) {
            double value =
                on_axis(scale->is_log, is_x ? plot->series[s].x[i] : plot->series[s].y[i]);

            low = fmin(low, value); /* a NaN changes nothing */
            high = fmax(high, value);
        }
    }
    if (!isfinite(low)) {
        low = 0.0;
        high = 1.0;
    }
    if (!scale->is_log && !is_x && low > 0.0 && low < 0.6 * high) {
        low = 0.0; /* heights are compared from the ground */
    }
    if (high - low < 1e-12 * fmax(fabs(high), 1.0)) {
        low -= 0.5;
        high += 0.5;
    }
    if (!scale->is_log && !is_x) {
        double step = nice_step(high - low);

        low = step * floor(low / step);
        high = step * ceil(high / step);
    }
    scale->from = low;
    scale->to = high;
}

static qw_err make_scale(const struct svg_plot *plot, bool is_x, struct scale *scale)
{
    const struct svg_plot_axis *axis = is_x ? &plot->x : &plot->y;

    scale->is_log = axis->is_log;
    scale->first_px = is_x ? LEFT : HEIGHT - BOTTOM;
    scale->last_px = is_x ? WIDTH - RIGHT : TOP;
    if (axis->from == 0.0 && axis->to == 0.0) {
        fit(plot, is_x, scale);
        return QW_OK;
    }
    scale->from = on_axis(axis->is_log, axis->from);
    scale->to = on_axis(axis->is_log, axis->to);
    return scale->from < scale->to ? QW_OK : QW_ERR_ARG;
}

static void put_tick(FILE *stream, const struct scale *scale, bool is_x, double value)
{
    double at = pixel(scale, value);
    char number[32];

    snprintf(number, sizeof number, "%.6g", fabs(value) < 1e-12 ? 0.0 : value);
    if (is_x) {
        fprintf(stream, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>\n", at, TOP, HEIGHT - BOTTOM);
        svg_label(stream, at, HEIGHT - BOTTOM + 18, "text-anchor=\"middle\"", number);
    } else {
        fprintf(stream, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", LEFT, at, WIDTH - RIGHT);
        svg_label(stream, LEFT - 8, at + 4, "text-anchor=\"end\"", number);
    }
}

/* Every decade; also twice and five times it when there are few. */
static void put_log_ticks(FILE *stream, const struct scale *scale, bool is_x)
{
    static const double leads[] = { 1.0, 2.0, 5.0 };
    size_t count = scale->to - scale->from <= 3.0 ? 3 : 1;
    double step = fmax(ceil((scale->to - scale->from) / 10.0), 1.0);

    for (double decade = floor(scale->from); decade <= scale->to; decade += step) {
        for (size_t i = 0; i < count; i++) {
            double value = leads[i] * pow(10.0, decade);
            double at = log10(value);

            if (at >= scale->from - 1e-9 && at <= scale->to + 1e-9) {
                put_tick(stream, scale, is_x, value);
            }
        }
    }
}

static void put_ticks(FILE *stream, const struct scale *scale, bool is_x)
{
    double step = nice_step(scale->to - scale->from);

    if (scale->is_log) {
        put_log_ticks(stream, scale, is_x);
        return;
    }
    for (double i = ceil(scale->from / step - 1e-9); i * step <= scale->to + 1e-9 * step; i++) {
        put_tick(stream, scale, is_x, i * step);
    }
}

static void put_series(FILE *stream, const struct svg_plot_series *series, const char *colour,
                       const struct scale *x, const struct scale *y)
{
    bool is_broken = true;

    fprintf(stream, "<path class=\"line\" stroke=\"%s\"%s d=\"", colour,
            series->is_dashed ? " stroke-dasharray=\"6 4\"" : "");
    for (size_t i = 0; i < series->count; i++) {
        double at_x = pixel(x, series->x[i]);
        double at_y = pixel(y, series->y[i]);

        if (!isfinite(at_x) || !isfinite(at_y)) {
            is_broken = true;
            continue;
        }
        fprintf(stream, "%c%.1f %.1f", is_broken ? 'M' : 'L', at_x, at_y);
        is_broken = false;
    }
    fputs("\"/>\n", stream);
    for (size_t i = 0; series->has_marks && i < series->count; i++) {
        double at_x = pixel(x, series->x[i]);
        double at_y = pixel(y, series->y[i]);

        if (isfinite(at_x) && isfinite(at_y)) {
            fprintf(stream, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", at_x, at_y,
                    colour);
        }
    }
}

static const char *colour_of(size_t series)
{
    return colours[series % (sizeof colours / sizeof colours[0])];
}

static size_t legend_rows(const struct svg_plot *plot)
{
    size_t rows = 0;

    for (size_t s = 0; s < plot->series_count; s++) {
        rows += plot->series[s].name != NULL ? 1 : 0;
    }
    return rows;
}

/* Below the plot, where no line can cross it. */
static void put_legend(FILE *stream, const struct svg_plot *plot)
{
    double at_y = HEIGHT + 4;

    for (size_t s = 0; s < plot->series_count; s++) {
        if (plot->series[s].name == NULL) {
            continue;
        }
        fprintf(stream, "<path class=\"line\" stroke=\"%s\"%s d=\"M%d %.1fh26\"/>\n", colour_of(s),
                plot->series[s].is_dashed ? " stroke-dasharray=\"6 4\"" : "", LEFT, at_y - 4.0);
        svg_label(stream, LEFT + 32, at_y, "", plot->series[s].name);
        at_y += LEGEND_ROW;
    }
}

static void put_frame(FILE *stream, const struct svg_plot *plot)
{
    char turned[64];

    fprintf(stream,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" "
            "stroke=\"#444\"/>\n",
            LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    if (plot->title != NULL) {
        svg_label(stream, 0.5 * WIDTH, 26, "text-anchor=\"middle\" font-size=\"15\"", plot->title);
    }
    if (plot->x.label != NULL) {
        svg_label(stream, 0.5 * (LEFT + WIDTH - RIGHT), HEIGHT - 16, "text-anchor=\"middle\"",
                  plot->x.label);
    }
    if (plot->y.label != NULL) {
        double middle = 0.5 * (TOP + HEIGHT - BOTTOM);

        snprintf(turned, sizeof turned, "text-anchor=\"middle\" transform=\"rotate(-90 18 %.1f)\"",
                 middle);
        svg_label(stream, 18, middle, turned, plot->y.label);
    }
}

qw_err svg_plot_write(const struct svg_plot *plot, FILE *stream)
{
    int height;
    struct scale x;
    struct scale y;

    if (plot->series_count > SVG_PLOT_SERIES_MAX || make_scale(plot, true, &x) != QW_OK ||
        make_scale(plot, false, &y) != QW_OK) {
        return QW_ERR_ARG;
    }
    height = HEIGHT + LEGEND_ROW * (int)legend_rows(plot);
    fprintf(
        stream,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<style>.grid{stroke:#ddd}.line{fill:none;stroke-width:2}</style>\n"
        "<clipPath id=\"area\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
        WIDTH, height, WIDTH, height, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    put_ticks(stream, &x, true);
    put_ticks(stream, &y, false);
    fputs("<g clip-path=\"url(#area)\">\n", stream);
    for (size_t s = 0; s < plot->series_count; s++) {
        put_series(stream, &plot->series[s], colour_of(s), &x, &y);
    }
    fputs("</g>\n", stream);
    put_frame(stream, plot);
    put_legend(stream, plot);
    fputs("</svg>\n", stream);
    return fflush(stream) == 0 && ferror(stream) == 0 ? QW_OK : QW_ERR_IO;
}

qw_err svg_plot_save(const struct svg_plot *plot, const char *path)
{
    FILE *stream = fopen(path, "we");
    qw_err err;

    if (stream == NULL) {
        return QW_ERR_IO;
    }
    err = svg_plot_write(plot, stream);
    if (fclose(stream) != 0 && err == QW_OK) {
        err = QW_ERR_IO;
    }
    return err;
}
