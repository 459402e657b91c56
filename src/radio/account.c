/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/account.h"

#include "radio/leftover.h"

#include <math.h>

/* What nobody measured: the prediction from more lags than were used. For a fading spectrum with
 * sharp edges the gain of lag p falls like 1/p^2, so all further lags gain what the last half of
 * the used ones did; half of it again is the reserve. */
static const double TAIL_FACTOR = 1.5;
/* Squared autocorrelations of a number sum to at most this: bounds the spread of its estimated
 * variance over time. */
static const double AUTOCORRELATION_SUM = 4.0;
/* An amplitude is not Gaussian: Rayleigh's entropy is 0.08 bit below that of the Gaussian with the
 * same variance. */
static const double SHAPE_BITS = 0.1;

/* Of whole modes, any of which may have been chosen; of a wider band more. */
enum { PREFIXES_MIN = QW_FEATURE_MODES, ORDERS = QW_INNOVATION_LAGS_MAX + 1 };

static double gaussian_bits(double deviation_log2)
{
    return deviation_log2 + 0.5 * log2(2.0 * M_PI * M_E);
}

/* lgamma leaves the sign in a global that every thread writes. */
static double log_gamma(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

double qw_account_confidence_bits(size_t rows, size_t dims, double ln_inverse)
{
    double half = 0.5 * (double)rows;
    double best = INFINITY;

    for (double t = 0.25; t < 1e6; t *= 1.05) { /* any t gives a valid bound: take the best */
        double moment_ln = log_gamma(half + t) - log_gamma(half) - t * log(half);
        double limit = (ln_inverse + (double)dims * moment_ln) / t;

        best = fmin(best, limit);
    }
    return 0.5 * M_LOG2E * fmax(best, 0.0);
}

/* Spread of the estimated log deviations of a correlated series, in bits. */
static double spread_bits(const struct qw_innovation *innovation, double ln_inverse)
{
    double variance =
        2.0 * AUTOCORRELATION_SUM * (double)innovation->dims / (double)innovation->rows;

    return 0.5 * M_LOG2E * sqrt(2.0 * ln_inverse * variance);
}

static double tail_bits(const struct qw_innovation *innovation)
{
    size_t lags = innovation->lags;
    double last_half = innovation->order_log2[lags / 2] - innovation->order_log2[lags];

    return TAIL_FACTOR * fmax(last_half, 0.0);
}

/* With S the spectrum of the number without her signal, which holds the noise of 1 at least, and J
 * that of her signal: S + J + 2 rho sqrt(S J) over S, at its largest. */
double qw_account_injected_bits(double injected_ratio, double correlation)
{
    return 0.5 * log2(1.0 + injected_ratio + 2.0 * correlation * sqrt(injected_ratio));
}

double qw_account_effective_correlation(double injected_ratio, double correlation)
{
    double left = 1.0 - correlation * correlation;

    return sqrt(1.0 - left * exp2(-2.0 * qw_account_injected_bits(injected_ratio, correlation)));
}

/* And how much less alive at most, when she takes away what she knows of it. */
static double cancelled_bits(double injected_ratio, double correlation)
{
    double amplitude = fmin(sqrt(injected_ratio), correlation);

    return -0.5 * log2(1.0 + amplitude * amplitude - 2.0 * correlation * amplitude);
}

/* What the boundary is made of, in bits of one probe. */
struct boundary {
    double rate_log2; /* of the innovation, without a limit of confidence */
    double above_bits;
    double doubt_bits; /* of a rate and of one with fewer lags against each other, both estimated */
};

/* Sum over runs and places of what a disclosed probe at that place of its run has above an
 * ordinary one: an upper limit of I(disclosed; kept before). With all lags of the rate behind it,
 * both are the same estimate, and what that is wrong by is the same too. */
static double boundary_bits(const struct qw_account_input *input, const struct boundary *boundary)
{
    const struct qw_innovation *innovation = input->innovation;
    double sum = 0.0;

    for (size_t r = 0; r < input->run_count; r++) {
        for (uint32_t place = 0; place < input->run[r]; place++) {
            size_t lags = place < innovation->lags ? place : innovation->lags;
            double doubt_bits = place < innovation->lags ? boundary->doubt_bits : 0.0;

            sum += fmax(innovation->order_log2[lags] + boundary->above_bits + doubt_bits -
                            boundary->rate_log2,
                        0.0);
        }
    }
    return sum;
}

/* Rows that lack a part of their past may be those that hold the key: they are taken off. */
static double leftover_bits(const struct qw_account_input *input, double prefixes,
                            double failure_log2)
{
    const struct qw_innovation *innovation = input->innovation;
    double dims = (double)innovation->dims;
    double without_past = (double)(innovation->probes - innovation->rows);
    struct qw_leftover leftover = {
        .key_numbers = (double)input->key_pairs * dims,
        .measured_numbers = (double)innovation->rows * dims,
        .secret_numbers = fmax((double)input->key_pairs - without_past, 0.0) * dims,
        .correlation =
            qw_account_effective_correlation(input->injected_ratio, input->eve_correlation),
        .failure_log2 = failure_log2 - log2(prefixes),
    };

    return qw_leftover_loss_bits(&leftover);
}

void qw_account_of(const struct qw_account_input *input, struct qw_account *account)
{
    const struct qw_innovation *innovation = input->innovation;
    double dims = (double)innovation->dims;
    double quarter_ln = (2.0 - input->epsilon_log2) * M_LN2; /* ln(4 / epsilon) */
    double half_pe_ln = quarter_ln + M_LN2; /* the model's quarter serves two limits */
    double rho = input->eve_correlation;
    struct boundary boundary = { .above_bits = dims * cancelled_bits(input->injected_ratio, rho) };
    double confidence_bits;
    double half_log2 = input->epsilon_log2 - 1.0; /* of epsilon, for what the hash leaves */
    double prefixes = fmax(PREFIXES_MIN, (double)innovation->modes);

    boundary.rate_log2 = innovation->deviation_log2 - tail_bits(innovation) -
                         dims * qw_account_injected_bits(input->injected_ratio, rho);
    confidence_bits =
        qw_account_confidence_bits(innovation->rows, innovation->dims, half_pe_ln + log(prefixes));
    account->pair_bits = boundary.rate_log2 + dims * gaussian_bits(0.5 * log2(1.0 - rho * rho)) -
                         (input->has_phase ? 0.0 : SHAPE_BITS * dims) - innovation->shape_bits;
    for (size_t d = 0; d < innovation->dims; d++) {
        account->pair_bits -= log2(input->width[d]);
    }
    boundary.doubt_bits = confidence_bits + spread_bits(innovation, half_pe_ln + log(ORDERS));
    account->boundary_bits = boundary_bits(input, &boundary);
    account->entropy_bits =
        fmax((double)input->key_pairs * account->pair_bits - account->boundary_bits, 0.0);
    account->amplification_bits = -2.0 * (half_log2 + 1.0); /* leftover hash lemma */
    account->finite_size_bits =
        leftover_bits(input, prefixes, half_log2) - account->amplification_bits;
}

uint64_t qw_account_length(const struct qw_account *account, uint64_t said_bits)
{
    double length = floor(account->entropy_bits) - ceil(account->finite_size_bits) -
                    ceil(account->amplification_bits) - (double)said_bits;

    return length > 0.0 ? (uint64_t)length : 0;
}

double qw_account_epsilon_log2(double policy_epsilon_log2, size_t authenticated_len)
{
    double secrecy = 0.75 * exp2(policy_epsilon_log2);
    double blocks = (double)authenticated_len / 16.0 + 2.0;
    double authentication = 8.0 * blocks * exp2(-96.0); /* four tags in each direction */

    return log2(secrecy + authentication);
}
