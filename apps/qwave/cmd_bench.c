/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "bench/bench.h"
#include "json_print.h"

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
    qw_err (*run)(struct bench *bench);
    bool has_qber; /* there is something to plot */
} kernels[] = {
    { "toeplitz", bench_toeplitz, false },     { "mac", bench_mac, false },
    { "cascade", bench_cascade, true },        { "ldpc", bench_ldpc, true },
    { "multilevel", bench_multilevel, false },
};

/* What has options of its own. */
static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} others[] = {
    { "centre", bench_centre }, { "store", bench_store },           { "relay", bench_relay },
    { "link", bench_link },     { "management", bench_management },
};

struct bench {
    bool as_json;
    bool on_terminal;
    size_t count;
    struct bench_row rows[ROWS_MAX];
};

struct arguments {
    const char *kernel; /* NULL: all there are */
    const char *plot;   /* NULL: none */
    bool as_json;
};

static const struct argp_option options[] = {
    { "kernel", 'k', "NAME", 0,
      "one of toeplitz, mac, cascade, ldpc, multilevel (default: one after the other)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { "plot", 'p', "FILE", 0, "throughput and leakage over the error rate, as SVG", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'k':
        arguments->kernel = value;
        return 0;
    case 'p':
        arguments->plot = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || strcmp(value, "distill") != 0) {
            argp_error(
                state,
                "distill, centre, store, relay, link or management can be measured, not '%s'",
                value);
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

static void write_rows(struct qw_json_writer *w, const void *self)
{
    const struct bench *bench = self;

    qw_json_name(w, "rows");
    qw_json_array_begin(w);
    for (size_t i = 0; i < bench->count; i++) {
        write_row(w, &bench->rows[i]);
    }
    qw_json_array_end(w);
}

/* EXIT_DONE, or why what was asked for cannot be measured. */
static int check(const struct arguments *arguments)
{
    const char *wanted = arguments->kernel;

    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (wanted != NULL && strcmp(wanted, kernels[i].name) == 0) {
            if (arguments->plot != NULL && !kernels[i].has_qber) {
                fprintf(stderr, "qwave bench: nothing to plot: %s knows no error rate\n", wanted);
                return EXIT_USAGE;
            }
            return EXIT_DONE;
        }
    }
    if (wanted != NULL) {
        fprintf(stderr, "qwave bench: no kernel '%s'\n", wanted);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

static int run(struct bench *bench, const char *wanted)
{
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (wanted == NULL || strcmp(wanted, kernels[i].name) == 0) {
            qw_err err = kernels[i].run(bench);

            clear_progress(bench);
            if (err != QW_OK) {
                fprintf(stderr, "qwave bench: %s: %s\n", kernels[i].name, qw_err_text(err));
                return EXIT_FAILED;
            }
        }
    }
    return bench->as_json ? json_print(JSON_CAP, write_rows, bench) : EXIT_DONE;
}

static int plot(const struct bench *bench, const char *path)
{
    qw_err err = bench_plot(bench->rows, bench->count, path);

    if (err != QW_OK) {
        fprintf(stderr, "qwave bench: %s: %s\n", path,
                err == QW_ERR_ARG ? "no kernel with an error rate was measured" : qw_err_text(err));
    }
    return err == QW_OK ? EXIT_DONE : EXIT_FAILED;
}

int cmd_bench(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "distill",
        "Measures the kernels of distillation on one core: processor time, so that a busy machine "
        "falsifies little. cascade, ldpc and multilevel count both ends together, toeplitz and mac "
        "one.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { NULL, NULL, false };
    struct bench *bench;
    int status;

    for (size_t i = 0; argc > 1 && i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(argv[1], others[i].name) == 0) {
            return others[i].run(argc - 1, argv + 1);
        }
    }
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    status = check(&arguments);
    if (status != EXIT_DONE) {
        return status;
    }
    bench = calloc(1, sizeof *bench);
    if (bench == NULL) {
        fprintf(stderr, "qwave bench: %s\n", qw_err_text(QW_ERR_NOMEM));
        return EXIT_FAILED;
    }
    bench->as_json = arguments.as_json;
    bench->on_terminal = isatty(STDERR_FILENO) == 1;
    fprintf(stderr, "qwave bench: seed %d, one thread\n", BENCH_SEED);
    status = run(bench, arguments.kernel);
    if (status == EXIT_DONE && arguments.plot != NULL) {
        status = plot(bench, arguments.plot);
    }
    free(bench);
    return status;
}
