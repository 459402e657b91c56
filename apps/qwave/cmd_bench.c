/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/json_writer.h"
#include "bench.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* qwave bench distill: the speed and the losses of the distillation kernels. */

enum { ROWS_MAX = 256, JSON_CAP = 1 << 17 };

static const struct {
    const char *name;
    qw_err (*run)(struct bench *bench); /* NULL: not in the library */
} kernels[] = {
    { "toeplitz", bench_toeplitz },     { "mac", bench_mac }, { "cascade", bench_cascade },
    { "multilevel", bench_multilevel }, { "ldpc", NULL },
};

struct bench {
    bool as_json;
    bool on_terminal;
    size_t count;
    struct bench_row rows[ROWS_MAX];
};

struct arguments {
    const char *kernel; /* NULL: all there are */
    bool as_json;
};

static const struct argp_option options[] = {
    { "kernel", 'k', "NAME", 0,
      "one of toeplitz, mac, cascade, multilevel (default: one after the other)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'k':
        arguments->kernel = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || strcmp(value, "distill") != 0) {
            argp_error(state, "only 'distill' can be measured, not '%s'", value);
        }
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "say what to measure: distill");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct bench_row bench_row_of(const char *kernel)
{
    return (struct bench_row){ .kernel = kernel,
                               .qber = NAN,
                               .snr_db = NAN,
                               .efficiency_f = NAN,
                               .beta = NAN,
                               .frame_error_rate = NAN,
                               .round_trips = NAN,
                               .messages = NAN,
                               .leaked_bits = NAN };
}

/* One column: a number, or a dash where it does not apply. */
static void print_number(int width, int digits, double value)
{
    char text[32] = "-";

    if (!isnan(value)) {
        snprintf(text, sizeof text, "%.*f", digits, value);
    }
    printf(" %*s", width, text);
}

static void print_row(const struct bench_row *r)
{
    printf("%-10s %-36s %10" PRIu64, r->kernel, r->impl, r->n_bits);
    print_number(6, 2, 100 * r->qber);
    print_number(4, 0, r->snr_db);
    printf(" %6" PRIu64, r->frames);
    print_number(9, 1, r->throughput_mbps);
    print_number(7, 4, r->efficiency_f);
    print_number(7, 4, r->beta);
    print_number(7, 4, r->frame_error_rate);
    print_number(7, 1, r->round_trips);
    print_number(8, 1, r->messages);
    print_number(9, 0, r->leaked_bits);
    print_number(8, 3, r->cpu_s);
    printf("\n");
    fflush(stdout);
}

static void print_heading(void)
{
    printf("%-10s %-36s %10s %6s %4s %6s %9s %7s %7s %7s %7s %8s %9s %8s\n", "kernel", "impl",
           "n_bits", "qber_%", "dB", "frames", "Mb/s", "f", "beta", "FER", "trips", "messages",
           "leaked", "cpu_s");
}

static void clear_progress(const struct bench *bench)
{
    if (bench->on_terminal) {
        fprintf(stderr, "\r\033[K");
    }
}

void bench_progress(struct bench *bench, const char *kernel, size_t done, size_t total)
{
    enum { WIDTH = 30 };
    int full = (int)(WIDTH * done / total);

    if (bench->on_terminal) {
        fprintf(stderr, "\r\033[K%-10s [%.*s%*s] %zu/%zu", kernel, full,
                "##############################", WIDTH - full, "", done, total);
    }
}

void bench_add(struct bench *bench, const struct bench_row *row)
{
    clear_progress(bench);
    if (!bench->as_json) {
        if (bench->count == 0) {
            print_heading();
        }
        print_row(row);
    }
    if (bench->count < ROWS_MAX) {
        bench->rows[bench->count++] = *row;
    }
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value); /* not a number: null */
}

static void write_row(struct qw_json_writer *w, const struct bench_row *r)
{
    qw_json_object_begin(w);
    qw_json_name(w, "kernel");
    qw_json_text(w, r->kernel);
    qw_json_name(w, "impl");
    qw_json_text(w, r->impl);
    qw_json_name(w, "n_bits");
    qw_json_uint(w, r->n_bits);
    write_real(w, "qber", r->qber);
    write_real(w, "snr_db", r->snr_db);
    qw_json_name(w, "frames");
    qw_json_uint(w, r->frames);
    write_real(w, "throughput_mbps", r->throughput_mbps);
    write_real(w, "efficiency_f", r->efficiency_f);
    write_real(w, "beta", r->beta);
    write_real(w, "frame_error_rate", r->frame_error_rate);
    write_real(w, "round_trips", r->round_trips);
    write_real(w, "messages", r->messages);
    write_real(w, "leaked_bits", r->leaked_bits);
    write_real(w, "cpu_s", r->cpu_s);
    qw_json_object_end(w);
}

static int print_json(const struct bench *bench)
{
    char *text = malloc(JSON_CAP);
    struct qw_json_writer w;
    bool done;

    if (text == NULL) {
        return EXIT_FAILED;
    }
    w = qw_json_writer_on(text, JSON_CAP);
    qw_json_object_begin(&w);
    qw_json_name(&w, "rows");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < bench->count; i++) {
        write_row(&w, &bench->rows[i]);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    done = qw_json_done(&w);
    if (done) {
        printf("%s\n", text);
    }
    free(text);
    return done ? EXIT_DONE : EXIT_FAILED;
}

static int run(struct bench *bench, const char *wanted)
{
    bool found = false;

    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        bool named = wanted != NULL && strcmp(wanted, kernels[i].name) == 0;
        qw_err err;

        found = found || named;
        if (named && kernels[i].run == NULL) {
            fprintf(stderr, "qwave bench: this version has no kernel '%s'\n", wanted);
            return EXIT_FAILED;
        }
        if (kernels[i].run == NULL || (wanted != NULL && !named)) {
            continue;
        }
        err = kernels[i].run(bench);
        clear_progress(bench);
        if (err != QW_OK) {
            fprintf(stderr, "qwave bench: %s: %s\n", kernels[i].name, qw_err_text(err));
            return EXIT_FAILED;
        }
    }
    if (!found && wanted != NULL) {
        fprintf(stderr, "qwave bench: no kernel '%s'\n", wanted);
        return EXIT_USAGE;
    }
    return bench->as_json ? print_json(bench) : EXIT_DONE;
}

int cmd_bench(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "distill",
        "Measures the kernels of distillation on one core: processor time, so that a busy machine "
        "falsifies little. Cascade and multilevel count both ends together, toeplitz and mac one.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { NULL, false };
    struct bench *bench;
    int status;

    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    bench = calloc(1, sizeof *bench);
    if (bench == NULL) {
        fprintf(stderr, "qwave bench: %s\n", qw_err_text(QW_ERR_NOMEM));
        return EXIT_FAILED;
    }
    bench->as_json = arguments.as_json;
    bench->on_terminal = isatty(STDERR_FILENO) == 1;
    fprintf(stderr, "qwave bench: seed %d, one thread\n", BENCH_SEED);
    status = run(bench, arguments.kernel);
    free(bench);
    return status;
}
