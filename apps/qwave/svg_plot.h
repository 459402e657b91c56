/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SVG_PLOT_H
#define QWAVE_SVG_PLOT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A line plot as one SVG file: title, two axes with grid and numbers, several series with a legend.
 * The caller fills the struct; everything in it is borrowed for the call. */
enum { SVG_PLOT_SERIES_MAX = 12 };

struct svg_plot_axis {
    const char *label; /* with its unit; may be NULL */
    bool is_log;       /* values <= 0 are then left out */
    double from, to;   /* from < to: the range; both 0: fitted to the values */
};

struct svg_plot_series {
    const char *name; /* for the legend; NULL: not in it */
    const double *x;  /* [count] */
    const double *y;  /* [count]; a value that is not finite breaks the line */
    size_t count;
    bool is_dashed; /* a bar, a bound, theory */
    bool has_marks; /* a dot on each value: measured */
};

struct svg_plot {
    const char *title; /* may be NULL */
    struct svg_plot_axis x, y;
    size_t series_count; /* 0..SVG_PLOT_SERIES_MAX */
    struct svg_plot_series series[SVG_PLOT_SERIES_MAX];
};

/* Writes the whole file. QW_ERR_ARG: a range that is none, or too many series (nothing is written);
 * QW_ERR_IO. */
qw_err svg_plot_write(const struct svg_plot *plot, FILE *stream) QW_MUST_USE;

/* The same into a new file, or over an old one. QW_ERR_ARG, QW_ERR_IO. */
qw_err svg_plot_save(const struct svg_plot *plot, const char *path) QW_MUST_USE;

#endif
