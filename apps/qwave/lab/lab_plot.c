/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_plot.h"

#include "svg_plot.h"

#include <stdlib.h>

enum { SERIES = 2 };

static const char *const x_labels[] = { "", "signal to noise, dB", "speed, m/s",
                                        "eavesdropper's correlation" };

struct figure {
    const char *y_label;
    const char *name[SERIES]; /* NULL: one series only */
    double (*value[SERIES])(const struct lab_row *row);
};

static double bits(const struct lab_row *row)
{
    return row->result.secret_bits_per_probe;
}

static double capacity(const struct lab_row *row)
{
    return row->result.capacity_bits_per_probe;
}

static double rate(const struct lab_row *row)
{
    return row->result.net_rate_bps;
}

static double capacity_rate(const struct lab_row *row)
{
    return row->result.capacity_bits_per_probe / row->config.channel.interval_s;
}

static double share(const struct lab_row *row)
{
    return 100.0 * row->result.capacity_share;
}

static double beta(const struct lab_row *row)
{
    return 100.0 * row->result.reconciliation_beta;
}

static double disagreement(const struct lab_row *row)
{
    return 100.0 * row->result.raw_disagreement;
}

static double agreement(const struct lab_row *row)
{
    return 100.0 * row->result.eve_key_agreement;
}

static const struct figure figures[] = {
    [LAB_FIGURE_BITS] = { "bits per probe", { "secret bits", "capacity" }, { bits, capacity } },
    [LAB_FIGURE_RATE] = { "bit/s", { "net rate", "capacity" }, { rate, capacity_rate } },
    [LAB_FIGURE_SHARE] = { "%", { "share of the capacity", "reconciliation" }, { share, beta } },
    [LAB_FIGURE_ERRORS] = { "%",
                            { "sign bits that disagree", "key bits the eavesdropper has" },
                            { disagreement, agreement } },
};

qw_err lab_plot_save(const struct lab_options *options, const struct lab_row *rows, size_t count,
                     const char *path)
{
    const struct figure *figure = &figures[options->figure];
    double *values = calloc((SERIES + 1) * count + 1, sizeof *values);
    struct svg_plot plot = { .x.label = x_labels[options->sweep],
                             .y.label = figure->y_label,
                             .series_count = SERIES };
    char title[96];
    qw_err err;

    if (values == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = lab_options_step_value(options, i);
        for (size_t s = 0; s < SERIES; s++) {
            values[(s + 1) * count + i] = figure->value[s](&rows[i]);
        }
    }
    for (size_t s = 0; s < SERIES; s++) {
        plot.series[s] = (struct svg_plot_series){ .name = figure->name[s],
                                                   .x = values,
                                                   .y = &values[(s + 1) * count],
                                                   .count = count,
                                                   .is_dashed = s == 1,
                                                   .has_marks = s == 0 };
    }
    snprintf(title, sizeof title, "simulated channel %s, %s", options->kind->name,
             options->carrier->name);
    plot.title = title;
    err = svg_plot_save(&plot, path);
    free(values);
    return err;
}
