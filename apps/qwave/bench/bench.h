/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_BENCH_BENCH_H
#define QWAVE_BENCH_BENCH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one measurement says. NAN: does not apply. Times are processor time of one thread. */
struct bench_row {
    const char *kernel;
    char impl[48];
    uint64_t n_bits; /* of a frame */
    double qber;     /* share of wrong bits */
    double snr_db;
    uint64_t frames;
    double throughput_mbps; /* 10^6 input bits per second */
    double efficiency_f;    /* leaked / (n h(qber)) */
    double beta;            /* (entropy of the string - leaked) / mutual information */
    double frame_error_rate;
    double round_trips; /* mean of a frame, like messages and leaked_bits */
    double messages;
    double leaked_bits;
    double cpu_s; /* of all frames */
};

struct bench_row bench_row_of(const char *kernel);

/* Rows as they come: printed as a table line unless they are kept for JSON. */
struct bench;
void bench_add(struct bench *bench, const struct bench_row *row);

/* Says on standard error, when it is a terminal, what is being measured. */
void bench_progress(struct bench *bench, const char *kernel, size_t done, size_t total);

/* Every pseudo-random choice of the kernels comes from it. */
enum { BENCH_SEED = 20221122 };

/* A random key [ceil(bits / 8) bytes] and a copy with independent errors at a rate 0..1. */
struct qw_prng;
void bench_draw_frame(struct qw_prng *prng, size_t bits, double rate, uint8_t *key, uint8_t *noisy);

/* Throughput and leakage over the error rate as one SVG file, of the rows that have one.
 * QW_ERR_ARG: none has; QW_ERR_IO. */
qw_err bench_plot(const struct bench_row *rows, size_t count, const char *path) QW_MUST_USE;

/* `qwave bench centre`, with options of its own; argv[0] is "centre". The exit status. */
int bench_centre(int argc, char **argv);
/* `qwave bench store`, likewise. */
int bench_store(int argc, char **argv);
/* `qwave bench relay`, likewise. */
int bench_relay(int argc, char **argv);
/* `qwave bench link`, likewise. */
int bench_link(int argc, char **argv);
/* `qwave bench management`, likewise. */
int bench_management(int argc, char **argv);

qw_err bench_toeplitz(struct bench *bench) QW_MUST_USE;
qw_err bench_mac(struct bench *bench) QW_MUST_USE;
qw_err bench_multilevel(struct bench *bench) QW_MUST_USE;
qw_err bench_cascade(struct bench *bench) QW_MUST_USE;
qw_err bench_ldpc(struct bench *bench) QW_MUST_USE;

#endif
