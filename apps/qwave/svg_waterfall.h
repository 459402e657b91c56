/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SVG_WATERFALL_H
#define QWAVE_SVG_WATERFALL_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What is left of a sum as one part after the other is taken away: a bar per row, from top to
 * bottom, its name at the left, its number at the right. Losses are hatched and totals solid, so
 * that it reads without colours. Everything is borrowed for the call. */
enum { SVG_WATERFALL_ROWS_MAX = 16 };

struct svg_waterfall_row {
    const char *name;
    double value;  /* >= 0 */
    bool is_total; /* a sum that is left; else a part that is taken away */
};

struct svg_waterfall {
    const char *title;
    const char *unit; /* "bit" */
    size_t count;     /* 1..SVG_WATERFALL_ROWS_MAX; the first row is a total */
    struct svg_waterfall_row row[SVG_WATERFALL_ROWS_MAX];
};

/* Writes the whole file. QW_ERR_ARG, and nothing is written: no rows, too many, the first no total
 * above 0, or a number that is negative or none; QW_ERR_IO. */
qw_err svg_waterfall_write(const struct svg_waterfall *waterfall, FILE *stream) QW_MUST_USE;
qw_err svg_waterfall_save(const struct svg_waterfall *waterfall, const char *path) QW_MUST_USE;

#endif
