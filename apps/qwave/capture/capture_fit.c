/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture/capture.h"
#include "command.h"
#include "option_value.h"

#include "api/json_writer.h"
#include "radio/fit/fit.h"
#include "radio_options.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* qwave capture fit: what a capture tells about its channel, and what it does not. */

enum { JSON_CAP = 1 << 15 };

struct arguments {
    const char *path;
    bool as_json;
};

static const struct argp_option options[] = {
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'j':
        arguments->as_json = true;
        return 0;
    default:
        return option_only_word(&arguments->path, "say which file", key, value, state);
    }
}

static void print_text(const char *path, const struct qw_fit *fit)
{
    printf("%s: %zu measurements of %s, %u tones, %zu antennas, %.2f s, one in %.2f ms\n", path,
           fit->frames, qw_csi_format_name(fit->format), fit->measured_tones, fit->chains,
           fit->duration_s, 1e3 * fit->interval_s);
    for (size_t i = 0; i < QW_FIT_PARAMETERS; i++) {
        const struct qw_fit_value *p = &fit->parameter[i];

        if (isnan(p->value)) {
            printf("  %-20s %10s  %s\n", qw_fit_parameter_names[i], "-", qw_fit_parameter_texts[i]);
        } else if (isnan(p->low)) {
            printf("  %-20s %10.4g  %s; limits cannot be told\n", qw_fit_parameter_names[i],
                   p->value, qw_fit_parameter_texts[i]);
        } else {
            printf("  %-20s %10.4g  %s; 95 %% limits %.4g to %.4g\n", qw_fit_parameter_names[i],
                   p->value, qw_fit_parameter_texts[i], p->low, p->high);
        }
    }
    printf("  independent fades %.1f; phase from frame to frame: resultant length %.3f of %.0f\n",
           fit->fades, fit->phase_resultant, fit->phase_pairs);
    if (!isnan(fit->gain_min_db)) {
        printf("  reported gain %.0f to %.0f dB, changed %" PRIu64 " times\n", fit->gain_min_db,
               fit->gain_max_db, fit->gain_changes);
    }
    for (size_t i = 0; i < QW_FIT_REMARKS; i++) {
        if (fit->remark[i]) {
            printf("  - %s\n", qw_fit_remark_texts[i]);
        }
    }
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value); /* null when it cannot be told */
}

static void write_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_parameters(struct qw_json_writer *w, const struct qw_fit *fit)
{
    for (size_t i = 0; i < QW_FIT_PARAMETERS; i++) {
        const struct qw_fit_value *p = &fit->parameter[i];

        qw_json_name(w, qw_fit_parameter_names[i]);
        qw_json_object_begin(w);
        write_real(w, "value", p->value);
        write_real(w, "low", p->low);
        write_real(w, "high", p->high);
        qw_json_object_end(w);
    }
}

/* unit: factor from seconds or hertz to that of the name. */
static void write_lags(struct qw_json_writer *w, const char *name, const char *distance,
                       double unit, const struct qw_fit_lag *lag, size_t count)
{
    qw_json_name(w, name);
    qw_json_array_begin(w);
    for (size_t i = 0; i < count; i++) {
        qw_json_object_begin(w);
        write_real(w, distance, unit * lag[i].distance);
        write_real(w, "correlation", lag[i].covariance);
        write_real(w, "pairs", lag[i].pairs);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_measured(struct qw_json_writer *w, const struct qw_fit *fit)
{
    write_uint(w, "frames", fit->frames);
    write_uint(w, "other_frames", fit->other_frames);
    write_uint(w, "skipped_records", fit->skipped_records);
    write_uint(w, "clock_steps", fit->clock_steps);
    write_uint(w, "antennas", fit->chains);
    write_uint(w, "tones", fit->measured_tones);
    write_uint(w, "tones_used", fit->tones);
    write_real(w, "tone_first", fit->tone_first);
    write_real(w, "tone_last", fit->tone_last);
    write_real(w, "tone_spacing_hz", fit->tone_spacing_hz);
    write_real(w, "duration_s", fit->duration_s);
    write_real(w, "interval_ms", 1e3 * fit->interval_s);
    write_real(w, "independent_fades", fit->fades);
    write_real(w, "phase_resultant", fit->phase_resultant);
    write_real(w, "phase_pairs", fit->phase_pairs);
    write_real(w, "rounding_snr_db", fit->rounding_snr_db);
    write_uint(w, "gain_changes", fit->gain_changes);
    write_real(w, "gain_min_db", fit->gain_min_db);
    write_real(w, "gain_max_db", fit->gain_max_db);
}

static int print_json(const char *path, const struct qw_fit *fit)
{
    char text[JSON_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "file");
    qw_json_text(&w, radio_file_name(path));
    qw_json_name(&w, "frame_format");
    qw_json_text(&w, qw_csi_format_name(fit->format));
    write_measured(&w, fit);
    write_parameters(&w, fit);
    write_lags(&w, "power_correlation_over_time", "ms", 1e3, fit->time, fit->time_lags);
    write_lags(&w, "power_correlation_over_tones", "mhz", 1e-6, fit->tone, fit->tone_lags);
    qw_json_name(&w, "remarks");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < QW_FIT_REMARKS; i++) {
        if (fit->remark[i]) {
            qw_json_text(&w, qw_fit_remark_texts[i]);
        }
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return EXIT_FAILED;
    }
    printf("%s\n", text);
    return EXIT_DONE;
}

int capture_fit(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FILE",
        "Says what a capture tells about delay, movement, noise and antennas of its channel, with "
        "limits, and what it cannot tell. `qwave lab plkg --fit FILE` runs on such a channel.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { 0 };
    struct qw_fit fit;
    char error[256] = "";

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (qw_fit_file(arguments.path, &fit, error) != QW_OK) {
        fprintf(stderr, "qwave capture fit: %s\n", error);
        return EXIT_FAILED;
    }
    if (arguments.as_json) {
        return print_json(arguments.path, &fit);
    }
    print_text(arguments.path, &fit);
    return EXIT_DONE;
}
