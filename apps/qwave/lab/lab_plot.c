/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_plot.h"

#include "lab/lab_config.h"
#include "svg_plot.h"
#include "svg_waterfall.h"

#include <inttypes.h>
#include <math.h>
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

/* Signs of one part of a tone at both ends, whose noise is all that differs: arccos(rho) / pi. */
static double tone_disagreement(const struct lab_row *row)
{
    double signal = pow(10.0, row->config.channel.snr_db / 10.0);

    return 100.0 * acos(signal / (signal + 1.0)) / M_PI;
}

/* Of the bits that guessing does not give; without a key there are none. */
static double advantage(const struct lab_row *row)
{
    return 100.0 * fabs(2.0 * row->result.eve_key_agreement - 1.0);
}

/* Three deviations of what guessing gives. */
static double chance(const struct lab_row *row)
{
    double compared_bits = 256.0 * (double)row->result.keys;

    return compared_bits > 0.0 ? 300.0 / sqrt(compared_bits) : (double)NAN;
}

static const struct figure figures[] = {
    [LAB_FIGURE_BITS] = { "bits per probe", { "secret bits", "capacity" }, { bits, capacity } },
    [LAB_FIGURE_RATE] = { "bit/s", { "net rate", "capacity" }, { rate, capacity_rate } },
    [LAB_FIGURE_SHARE] = { "%", { "share of the capacity", "reconciliation" }, { share, beta } },
    [LAB_FIGURE_ERRORS] = { "%",
                            { "sign bits that disagree", "key bits the eavesdropper has" },
                            { disagreement, agreement } },
    [LAB_FIGURE_DISAGREEMENT] = { "%",
                                  { "sign bits that differ before reconciliation",
                                    "the same of a single tone, by theory" },
                                  { disagreement, tone_disagreement } },
    [LAB_FIGURE_EVE] = { "eavesdropper's key bits beyond guessing, %",
                         { "measured", "three deviations of guessing" },
                         { advantage, chance } },
};

static qw_err save_sweep(const struct lab_options *options, const struct lab_row *rows,
                         size_t count, const char *path)
{
    const struct figure *figure = &figures[options->figure];
    double *values = calloc((SERIES + 1) * count + 1, sizeof *values);
    struct svg_plot plot = { .x.label = x_labels[options->sweep],
                             .y.label = figure->y_label,
                             .series_count = SERIES };
    char title[128];
    qw_err err;

    if (values == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = lab_config_step_value(options, i);
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
    snprintf(title, sizeof title, "%.90s, %s", rows[0].config.channel.label,
             options->carrier->name);
    plot.title = title;
    err = svg_plot_save(&plot, path);
    free(values);
    return err;
}

/* From the raw string down to what a session brings, each term of the account. */
static qw_err save_waterfall(const struct lab_row *row, const char *path)
{
    const struct qw_plkg_ledger *l = &row->result.key_ledger;
    double secret = (double)l->secret_bits;
    double said = (double)(l->reconciliation_bits + l->verification_bits + l->selection_bits);
    double kept = l->entropy_bits - l->finite_size_bits - said - l->amplification_bits;
    struct svg_waterfall waterfall = {
        .unit = "bit",
        .count = 10,
        .row = { { "string that both ends agree on", (double)l->raw_bits, true },
                 { "known: rounding, past, eavesdropper", (double)l->raw_bits - l->entropy_bits,
                   false },
                 { "entropy, lower limit", l->entropy_bits, true },
                 { "finite size", l->finite_size_bits, false },
                 { "said: reconciliation", (double)l->reconciliation_bits, false },
                 { "said: verification and selection",
                   (double)(l->verification_bits + l->selection_bits), false },
                 { "privacy amplification, rounding down",
                   l->amplification_bits + fmax(kept - secret, 0.0), false },
                 { "secret key", secret, true },
                 { "authentication, from the pool", (double)l->auth_bits, false },
                 { "net", fmax(secret - (double)l->auth_bits, 0.0), true } }
    };
    char title[160];

    if (l->secret_bits == 0) {
        return QW_ERR_STATE;
    }
    snprintf(title, sizeof title, "%.90s: one session of %" PRIu64 " probes",
             row->config.channel.label, l->probes);
    waterfall.title = title;
    return svg_waterfall_save(&waterfall, path);
}

qw_err lab_plot_save(const struct lab_options *options, const struct lab_row *rows, size_t count,
                     const char *path)
{
    return options->figure == LAB_FIGURE_WATERFALL ? save_waterfall(&rows[0], path)
                                                   : save_sweep(options, rows, count, path);
}
