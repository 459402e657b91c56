/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_FINITE_KEY_H
#define QW_QKD_FINITE_KEY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many secret bits a block of decoy-state BB84 holds [Q1]: from counts per intensity to a
 * length and the account behind it. Basis X makes the key, basis Z is published and tests it. One
 * method per file; the formulas: docs/design/qkd.md. Pure functions, any thread. */
enum { QW_DECOY_INTENSITIES_MAX = 3 };

struct qw_decoy_source {
    size_t count; /* of intensities; 0 is the signal, then the decoys, falling */
    double mean_photons[QW_DECOY_INTENSITIES_MAX];
    double share[QW_DECOY_INTENSITIES_MAX]; /* of the pulses; their sum is 1 */
};

struct qw_decoy_counts { /* of one basis, per intensity; expectations may be fractions */
    double clicks[QW_DECOY_INTENSITIES_MAX];
    double errors[QW_DECOY_INTENSITIES_MAX]; /* <= clicks */
};

struct qw_finite_key_input {
    struct qw_decoy_source source;
    struct qw_decoy_counts x;
    struct qw_decoy_counts z;
    double leaked_bits;       /* said by reconciliation: counted on a link, f n h(Q) in a plan */
    double verification_bits; /* said by verification; 0: log2(2 / epsilon_correctness) */
    double epsilon_secrecy;   /* 0 < epsilon < 1 */
    double epsilon_correctness;
    /* What infinitely many decoys would tell; the method "asymptotic" reads these and no other
     * does: clicks of single photons in X, and their error rate in Z. */
    double known_single_x;
    double known_single_error_rate;
};

/* The account. Clicks and errors of photons are bounds, on the side that is safe for the key. */
struct qw_finite_key {
    double vacuum_x;         /* clicks of empty pulses: lower bound (lim), else upper */
    double single_x;         /* clicks of single photons, lower bound */
    double single_z;         /* the same in Z */
    double single_errors_z;  /* their errors, upper bound */
    double phase_error_rate; /* of single photons in X, upper bound, <= 1/2 */
    double leaked_bits;
    double verification_bits;
    double composition_bits; /* what smoothing and privacy amplification cost */
    double epsilon_secrecy;
    double epsilon_correctness;
    double epsilon_term;  /* what each of the estimates below may fail with; 0: no fluctuations */
    unsigned terms;       /* how many of them the secrecy is divided among */
    double exact_bits;    /* before rounding down; 0 when negative */
    uint64_t secret_bits; /* floor(exact_bits) */
};

struct qw_finite_key_method {
    const char *name;   /* in settings and provenance: "one-decoy" */
    size_t intensities; /* that it works with */
    const char *text;   /* one line for a user */
    /* Input was checked. Fills the account; secret_bits may be 0. */
    void (*evaluate)(const struct qw_finite_key_input *input, struct qw_finite_key *key);
};

extern const struct qw_finite_key_method qw_finite_key_one_decoy; /* the default */
extern const struct qw_finite_key_method qw_finite_key_one_decoy_asymptotic;
extern const struct qw_finite_key_method qw_finite_key_lim;
extern const struct qw_finite_key_method qw_finite_key_asymptotic;

/* NULL when there is no method of that name. */
const struct qw_finite_key_method *qw_finite_key_find(const char *name);

/* QW_ERR_ARG: a number that is not finite or negative, more errors than clicks, an epsilon outside
 * (0, 1), another number of intensities than the method's; *key is then untouched. QW_OK with
 * secret_bits 0 is an honest no: intensities in an order that proves nothing, too few clicks, too
 * many errors. */
qw_err qw_finite_key_evaluate(const struct qw_finite_key_method *method,
                              const struct qw_finite_key_input *input,
                              struct qw_finite_key *key) QW_MUST_USE;

/* Binary entropy; 0 outside (0, 1). */
double qw_binary_entropy(double p);

double qw_decoy_sum(const double values[static QW_DECOY_INTENSITIES_MAX], size_t count);

/* Probability that a pulse of the source holds j photons, j = 0 or 1. */
double qw_decoy_photon_share(const struct qw_decoy_source *source, unsigned photons);

#endif
