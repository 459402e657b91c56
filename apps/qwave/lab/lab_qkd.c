/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab.h"

#include "command.h"

#include "base/file.h"
#include "json_print.h"
#include "lab/distances.h"
#include "qkd/link_preset.h"
#include "svg_plot.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave lab qkd: what a link of the literature gives, by formula, at any distance. [Q1] */

enum { ROW_CAP = 1024 };

struct arguments {
    const struct qw_link_preset *preset;
    struct distances distances;
    double block_size; /* 0: the preset's */
    const char *csv;   /* NULL: none */
    const char *svg;   /* NULL: none */
    bool as_json;
};

static const struct argp_option options[] = {
    { "preset", 'p', "NAME", 0,
      "gys-asymptotic, one-decoy-asymptotic, one-decoy-pulses-1e10, one-decoy-pulses-1e12, "
      "one-decoy-block-1e7, one-decoy-block-1e8, one-decoy-block-1e9 (default) or lim",
      0 },
    { "distance-km", 'd', "KM", 0, "one, a list 0,50,100 or a range 0:100:10 (default: 0:150:25)",
      0 },
    { "block", 'b', "N", 0, "block size instead of the preset's, 1 to 1e18", 0 },
    { "csv", 'c', "FILE", 0, "write a table as well", 0 },
    { "svg", 's', "FILE", 0, "draw the rate over the distance", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static double parse_block(const char *value, struct argp_state *state)
{
    char *end = NULL;
    double size = strtod(value, &end);

    if (end == value || *end != '\0' || !(size >= 1 && size <= 1e18)) {
        argp_error(state, "--block is 1..1e18, not '%s'", value);
    }
    return size;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'p':
        arguments->preset = qw_link_preset_find(value);
        if (arguments->preset == NULL) {
            argp_error(state, "no preset '%s'", value);
        }
        return 0;
    case 'd':
        if (!distances_parse(value, &arguments->distances)) {
            argp_error(state,
                       "--distance-km is KM, KM,KM,... or FROM:TO:STEP within 0..2000, not "
                       "'%s'",
                       value);
        }
        return 0;
    case 'b':
        arguments->block_size = parse_block(value, state);
        return 0;
    case 'c':
        arguments->csv = value;
        return 0;
    case 's':
        arguments->svg = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value);
}

static void write_ledger(struct qw_json_writer *w, const struct qw_link_plan *plan)
{
    const struct qw_finite_key *key = &plan->key;

    qw_json_name(w, "ledger");
    qw_json_object_begin(w);
    write_real(w, "pulses", plan->pulses);
    write_real(w, "key_basis_clicks", plan->clicks_x);
    write_real(w, "test_basis_clicks", plan->clicks_z);
    write_real(w, "vacuum_clicks", key->vacuum_x);
    write_real(w, "single_photon_clicks", key->single_x);
    write_real(w, "test_single_photon_clicks", key->single_z);
    write_real(w, "test_single_photon_errors", key->single_errors_z);
    write_real(w, "phase_error_rate", key->phase_error_rate);
    write_real(w, "leaked_bits", key->leaked_bits);
    write_real(w, "verification_bits", key->verification_bits);
    write_real(w, "composition_bits", key->composition_bits);
    write_real(w, "epsilon_secrecy", key->epsilon_secrecy);
    write_real(w, "epsilon_correctness", key->epsilon_correctness);
    write_real(w, "epsilon_term", key->epsilon_term);
    qw_json_name(w, "epsilon_terms");
    qw_json_uint(w, key->terms);
    qw_json_object_end(w);
}

static void write_figures(struct qw_json_writer *w, double km, const struct qw_link_plan *plan)
{
    write_real(w, "distance_km", km);
    write_real(w, "key_rate_per_pulse", plan->key_rate_per_pulse);
    write_real(w, "key_rate_bps", plan->key_rate_bps);
    write_real(w, "qber", plan->qber);
    qw_json_name(w, "secret_bits");
    qw_json_uint(w, plan->key.secret_bits);
    write_ledger(w, plan);
}

struct plans {
    const struct arguments *arguments;
    const struct qw_link_plan *plan; /* [distances] */
};

/* With one distance its figures stand at the top as well. */
static void write_plans(struct qw_json_writer *w, const void *self)
{
    const struct plans *plans = self;
    const struct arguments *a = plans->arguments;

    qw_json_name(w, "preset");
    qw_json_text(w, a->preset->name);
    qw_json_name(w, "method");
    qw_json_text(w, a->preset->method->name);
    qw_json_name(w, "modelled");
    qw_json_bool(w, true);
    if (a->distances.count == 1) {
        write_figures(w, a->distances.km[0], &plans->plan[0]);
    }
    qw_json_name(w, "rows");
    qw_json_array_begin(w);
    for (size_t i = 0; i < a->distances.count; i++) {
        qw_json_object_begin(w);
        write_figures(w, a->distances.km[i], &plans->plan[i]);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static int print_json(const struct arguments *a, const struct qw_link_plan *plan)
{
    struct plans plans = { a, plan };

    return json_print(ROW_CAP * (a->distances.count + 2), write_plans, &plans);
}

static int print_table(const struct arguments *a, const struct qw_link_plan *plans)
{
    const struct qw_finite_key *key = &plans[0].key;

    printf("%s: %s; method %s. By formula, no optics.\n\n", a->preset->name, a->preset->text,
           a->preset->method->text);
    printf("%8s %12s %14s %7s %14s %12s %11s %12s %12s\n", "km", "bit/pulse", "bit/s", "qber_%",
           "secret_bits", "pulses", "phase_err_%", "single", "leaked");
    for (size_t i = 0; i < a->distances.count; i++) {
        const struct qw_link_plan *p = &plans[i];

        printf("%8.1f %12.4e %14.1f %7.3f %14.0f %12.3e %11.3f %12.4e %12.4e\n", a->distances.km[i],
               p->key_rate_per_pulse, p->key_rate_bps, 100 * p->qber, (double)p->key.secret_bits,
               p->pulses, 100 * p->key.phase_error_rate, p->key.single_x, p->key.leaked_bits);
    }
    if (key->terms > 0) {
        printf("\nepsilon: secrecy %.2e in %u terms of %.2e, correctness %.2e, together %.2e\n",
               key->epsilon_secrecy, key->terms, key->epsilon_term, key->epsilon_correctness,
               key->epsilon_secrecy + key->epsilon_correctness);
    }
    return EXIT_DONE;
}

static qw_err write_csv(const struct arguments *a, const struct qw_link_plan *plans)
{
    static const char heading[] =
        "distance_km,key_rate_per_pulse,key_rate_bps,qber,secret_bits,pulses,phase_error_rate,"
        "single_photon_clicks,leaked_bits\n";
    size_t cap = 256 * (a->distances.count + 1);
    char *text = malloc(cap);
    size_t len;
    qw_err err;

    if (text == NULL) {
        return QW_ERR_NOMEM;
    }
    len = (size_t)snprintf(text, cap, "%s", heading);
    for (size_t i = 0; i < a->distances.count; i++) {
        const struct qw_link_plan *p = &plans[i];

        len += (size_t)snprintf(text + len, cap - len,
                                "%.6g,%.8g,%.8g,%.8g,%.0f,%.8g,%.8g,%.8g,%.8g\n",
                                a->distances.km[i], p->key_rate_per_pulse, p->key_rate_bps, p->qber,
                                (double)p->key.secret_bits, p->pulses, p->key.phase_error_rate,
                                p->key.single_x, p->key.leaked_bits);
    }
    err = qw_file_replace(a->csv, (const uint8_t *)text, len);
    free(text);
    return err;
}

static qw_err draw(const struct arguments *a, const struct qw_link_plan *plans)
{
    double rate_bps[DISTANCES_MAX];
    char title[128];
    const struct svg_plot plot = {
        .title = title,
        .x = { .label = "fibre [km]" },
        .y = { .label = "secret key [bit/s]", .is_log = true },
        .series_count = 1,
        .series = { { .name = a->preset->name,
                      .x = a->distances.km,
                      .y = rate_bps,
                      .count = a->distances.count } },
    };

    snprintf(title, sizeof title, "%s, by formula", a->preset->text);
    for (size_t i = 0; i < a->distances.count; i++) {
        rate_bps[i] = plans[i].key_rate_bps;
    }
    return svg_plot_save(&plot, a->svg);
}

static int run(const struct arguments *a)
{
    double size = a->block_size > 0 ? a->block_size : a->preset->block_size;
    struct qw_link_plan *plans = calloc(a->distances.count, sizeof *plans);
    qw_err err = plans == NULL ? QW_ERR_NOMEM : QW_OK;
    int status = EXIT_FAILED;

    for (size_t i = 0; err == QW_OK && i < a->distances.count; i++) {
        err = qw_link_plan_of(&a->preset->model, a->preset->method, a->distances.km[i],
                              a->preset->block_kind, size, &plans[i]);
    }
    if (err == QW_OK && a->csv != NULL) {
        err = write_csv(a, plans);
    }
    if (err == QW_OK && a->svg != NULL) {
        err = draw(a, plans);
    }
    if (err == QW_OK) {
        status = a->as_json ? print_json(a, plans) : print_table(a, plans);
    } else {
        fprintf(stderr, "qwave lab qkd: %s\n", qw_err_text(err));
    }
    free(plans);
    return status;
}

int lab_qkd(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "The key rate of a decoy-state BB84 link, by formula: what it gives at a distance, for a "
        "block of a size, with a security analysis.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .preset = qw_link_preset_find("one-decoy-block-1e9") };

    (void)distances_parse("0:150:25", &arguments.distances);
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    return run(&arguments);
}
