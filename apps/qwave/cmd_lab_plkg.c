/* SPDX-License-Identifier: Apache-2.0 */
/* qwave lab plkg: key generation on one simulated channel, a sweep, or the paper's three scenes. */
#define _GNU_SOURCE
#include "command.h"

#include "lab/lab.h"
#include "lab/lab_config.h"

#include "crypto/random.h"
#include "lab/lab_induced.h"
#include "lab/lab_output.h"
#include "lab/lab_plot.h"
#include "lab/options/lab_options.h"

#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const paper_channels[] = { "indoor", "corridor", "outdoor" };

struct progress {
    bool on_terminal;
    size_t row, rows;
};

static void show_progress(void *self, uint32_t done, uint32_t total)
{
    const struct progress *progress = self;

    if (progress->on_terminal) {
        fprintf(stderr, "\r\033[Krun %zu of %zu: session %u of %u", progress->row + 1,
                progress->rows, done, total);
    }
}

static qw_err run_rows(struct lab_row *rows, size_t count)
{
    struct progress progress = { isatty(STDERR_FILENO) == 1, 0, count };
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < count; i++) {
        progress.row = i;
        err = lab_plkg_run(&rows[i].config, show_progress, &progress, &rows[i].result);
    }
    if (progress.on_terminal) {
        fprintf(stderr, "\r\033[K");
    }
    return err;
}

static void print_paper(const struct lab_row *rows, size_t count)
{
    printf(
        "| scene | secret bits per probe | of the capacity | net rate, bit/s | times 256 bit/min "
        "| airtime | wrong keys | eavesdropper's agreement |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        const struct lab_plkg_result *r = &rows[i].result;

        printf("| %s | %.1f | %.0f %% | %.0f | %.0f | %.2f %% | %" PRIu64 " of %" PRIu64
               " | %.1f %% |\n",
               paper_channels[i], r->secret_bits_per_probe, 100.0 * r->capacity_share,
               r->net_rate_bps, r->net_rate_bps / (256.0 / 60.0), 100.0 * r->airtime_share,
               r->wrong_keys, r->keys, 100.0 * r->eve_key_agreement);
    }
}

static qw_err write_all(const struct lab_options *options, const struct lab_row *rows, size_t count)
{
    qw_err err = QW_OK;

    if (options->csv_path != NULL) {
        err = lab_output_csv(rows, count, options->csv_path);
    }
    if (err == QW_OK && options->svg_path != NULL) {
        err = lab_plot_save(options, rows, count, options->svg_path);
    }
    if (err != QW_OK) {
        return err;
    }
    if (options->as_json) {
        return lab_output_json(rows, count, stdout);
    }
    if (options->is_paper) {
        print_paper(rows, count);
        return QW_OK;
    }
    for (size_t i = 0; i < count; i++) {
        lab_output_text(&rows[i], stdout);
    }
    return QW_OK;
}

/* 3 when not one session of any row made a key, or the eavesdropper or an error got one. */
static int status_of(const struct lab_row *rows, size_t count)
{
    uint64_t keys = 0;
    uint64_t bad = 0;

    for (size_t i = 0; i < count; i++) {
        keys += rows[i].result.keys;
        bad += rows[i].result.wrong_keys + rows[i].result.eve_keys;
    }
    if (bad > 0) {
        return EXIT_FAILED;
    }
    return keys > 0 ? EXIT_DONE : EXIT_REFUSED;
}

static qw_err make_rows(struct lab_options *options, struct lab_row **rows, size_t *count)
{
    size_t wanted = options->is_paper ? sizeof paper_channels / sizeof paper_channels[0]
                                      : lab_config_steps(options);
    struct lab_row *made = calloc(wanted, sizeof *made);
    qw_err err = made == NULL ? QW_ERR_NOMEM : QW_OK;

    for (size_t i = 0; err == QW_OK && i < wanted; i++) {
        if (options->is_paper) {
            options->kind = qw_channel_kind_find(paper_channels[i]);
        }
        err = lab_config_make(options, i, &made[i].config);
    }
    if (err != QW_OK) {
        free(made);
        return err;
    }
    *rows = made;
    *count = wanted;
    return QW_OK;
}

/* A file that --fit or --capture names. Status for the program; EXIT_DONE: go on. */
static int open_measured(struct lab_options *options, struct lab_measured *measured)
{
    char error[256] = "";
    qw_err err = QW_OK;

    if (options->fit_path != NULL) {
        err = lab_measured_fit(options->fit_path, measured, error);
    } else if (options->capture_path != NULL) {
        err = lab_measured_replay(options->capture_path, measured, error);
    } else if (options->alice_path != NULL) {
        err = lab_measured_pair(options->alice_path, options->bob_path, measured, error);
    } else {
        return EXIT_DONE;
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave lab plkg: %s\n", error);
        return EXIT_FAILED;
    }
    options->measured = measured;
    return EXIT_DONE;
}

int lab_plkg_main(int argc, char **argv)
{
    struct lab_options options;
    struct lab_measured measured = { 0 };
    struct lab_row *rows = NULL;
    size_t count = 0;
    int status;
    qw_err err;

    lab_options_parse(argc, argv, &options);
    status = open_measured(&options, &measured);
    if (status != EXIT_DONE) {
        return status;
    }
    status = EXIT_FAILED;
    err = options.has_seed ? QW_OK : qw_random_bytes(&options.seed, sizeof options.seed);
    if (err == QW_OK) {
        fprintf(stderr, "qwave lab plkg: %s channel, seed %" PRIu64 "\n",
                options.alice_path != NULL     ? "measured"
                : options.capture_path != NULL ? "replayed"
                : options.fit_path != NULL     ? "fitted"
                                               : "simulated",
                options.seed);
        if (options.is_induced) {
            return lab_induced_main(options.seed, lab_config_snr_db(&options), options.as_json);
        }
        err = make_rows(&options, &rows, &count);
    }
    if (err == QW_OK) {
        err = run_rows(rows, count);
    }
    if (err == QW_OK) {
        err = write_all(&options, rows, count);
    }
    if (err == QW_ERR_ARG) {
        fprintf(stderr, "qwave lab plkg: this channel cannot be run with these numbers: see "
                        "--delay-spread-ns, --seconds and --interval-ms\n");
        status = EXIT_USAGE;
    } else if (err == QW_ERR_STATE) {
        fprintf(stderr, "qwave lab plkg: no session made a key: there is no account to draw\n");
        status = EXIT_REFUSED;
    } else if (err != QW_OK) {
        fprintf(stderr, "qwave lab plkg: %s\n", qw_err_text(err));
    } else {
        status = status_of(rows, count);
        if (options.capture_path != NULL) {
            fprintf(stderr, "qwave lab plkg: %s\n", lab_measured_one_sided);
        }
    }
    free(rows);
    lab_measured_close(&measured);
    return status;
}
