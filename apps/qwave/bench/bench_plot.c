/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "bench/bench.h"

#include "svg_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two figures, one above the other: throughput and leakage over the error rate. A curve is made of
 * the rows of one kernel and implementation at its longest frames. */

enum { FIGURE_WIDTH = 760, FIGURE_HEIGHT = 470 };

struct curve {
    const struct bench_row *first;
    size_t count;
    double *qber;
    double *throughput;
    double *efficiency;
    char name[96];
};

struct curves {
    size_t count;
    struct curve curve[SVG_PLOT_SERIES_MAX];
};

static bool is_same_kind(const struct bench_row *a, const struct bench_row *b)
{
    return strcmp(a->kernel, b->kernel) == 0 && strcmp(a->impl, b->impl) == 0;
}

/* Of the longest frames of its kind, and with an error rate. */
static bool is_shown(const struct bench_row *row, const struct bench_row *rows, size_t count)
{
    bool shown = !isnan(row->qber);

    for (size_t i = 0; shown && i < count; i++) {
        shown = !is_same_kind(&rows[i], row) || rows[i].n_bits <= row->n_bits;
    }
    return shown;
}

static qw_err curve_new(struct curve *curve, const struct bench_row *first, size_t cap)
{
    curve->first = first;
    curve->qber = calloc(cap, sizeof *curve->qber);
    curve->throughput = calloc(cap, sizeof *curve->throughput);
    curve->efficiency = calloc(cap, sizeof *curve->efficiency);
    snprintf(curve->name, sizeof curve->name, "%s %s, %llu bits", first->kernel, first->impl,
             (unsigned long long)first->n_bits);
    return curve->qber == NULL || curve->throughput == NULL || curve->efficiency == NULL
               ? QW_ERR_NOMEM
               : QW_OK;
}

static void curves_free(struct curves *curves)
{
    for (size_t i = 0; i < SVG_PLOT_SERIES_MAX; i++) {
        free(curves->curve[i].qber);
        free(curves->curve[i].throughput);
        free(curves->curve[i].efficiency);
    }
}

static qw_err collect(struct curves *curves, const struct bench_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct bench_row *row = &rows[i];
        size_t c = 0;

        if (!is_shown(row, rows, count)) {
            continue;
        }
        while (c < curves->count && !is_same_kind(curves->curve[c].first, row)) {
            c++;
        }
        if (c == SVG_PLOT_SERIES_MAX) {
            continue;
        }
        if (c == curves->count) {
            qw_err err = curve_new(&curves->curve[curves->count++], row, count);

            if (err != QW_OK) {
                return err;
            }
        }
        curves->curve[c].qber[curves->curve[c].count] = 100 * row->qber;
        curves->curve[c].throughput[curves->curve[c].count] = row->throughput_mbps;
        curves->curve[c].efficiency[curves->curve[c].count++] = row->efficiency_f;
    }
    return curves->count > 0 ? QW_OK : QW_ERR_ARG;
}

static struct svg_plot figure(const struct curves *curves, bool throughput)
{
    struct svg_plot plot = {
        .title = throughput ? "Throughput, both ends together, one core" : "Leakage over the limit",
        .x = { .label = "error rate, %" },
        .y = { .label = throughput ? "input bits, Mb/s" : "f = leaked bits / (n h(Q))",
               .is_log = throughput },
        .series_count = curves->count
    };
    double most = 1;

    for (size_t i = 0; i < curves->count; i++) {
        const struct curve *curve = &curves->curve[i];

        for (size_t k = 0; k < curve->count; k++) {
            most = fmax(most, throughput ? curve->throughput[k] : curve->efficiency[k]);
        }
        plot.series[i] =
            (struct svg_plot_series){ .name = curve->name,
                                      .x = curve->qber,
                                      .y = throughput ? curve->throughput : curve->efficiency,
                                      .count = curve->count,
                                      .has_marks = true };
    }
    /* Room for the legend above the curves. */
    plot.y.from = 1;
    plot.y.to = throughput ? 10 * most : most + (most - 1);
    return plot;
}

static qw_err write_figures(const struct curves *curves, FILE *stream)
{
    qw_err err = QW_OK;

    fprintf(stream, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\">\n",
            FIGURE_WIDTH, 2 * FIGURE_HEIGHT);
    for (int i = 0; err == QW_OK && i < 2; i++) {
        struct svg_plot plot = figure(curves, i == 0);

        fprintf(stream, "<g transform=\"translate(0 %d)\">\n", i * FIGURE_HEIGHT);
        err = svg_plot_write(&plot, stream);
        fputs("</g>\n", stream);
    }
    fputs("</svg>\n", stream);
    return err;
}

qw_err bench_plot(const struct bench_row *rows, size_t count, const char *path)
{
    struct curves curves = { 0 };
    qw_err err = collect(&curves, rows, count);

    if (err == QW_OK) {
        FILE *stream = fopen(path, "we");

        err = stream == NULL ? QW_ERR_IO : write_figures(&curves, stream);
        if (stream != NULL && fclose(stream) != 0 && err == QW_OK) {
            err = QW_ERR_IO;
        }
    }
    curves_free(&curves);
    return err;
}
