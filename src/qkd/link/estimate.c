/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link/estimate.h"

#include "base/bits.h"
#include "distill/verify.h"

#include <math.h>
#include <string.h>

static const double deviations = 6;

static size_t count_of(const uint8_t *intensity, size_t count, uint8_t k)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        found += intensity[i] == k;
    }
    return found;
}

void qw_qkd_estimate_of(const struct qw_qkd_sifted *s, const uint8_t *peer_z, size_t intensities,
                        struct qw_qkd_estimate *estimate)
{
    struct qw_qkd_estimate e;
    double wrong;

    memset(&e, 0, sizeof e);
    for (size_t k = 0; k < intensities; k++) {
        e.x.clicks[k] = (double)count_of(s->x_intensity, s->x_count, (uint8_t)k);
    }
    for (size_t i = 0; i < s->z_count; i++) {
        e.z.clicks[s->z_intensity[i]]++;
        e.z.errors[s->z_intensity[i]] += qw_bit_get(s->z_bits, i) != qw_bit_get(peer_z, i);
    }
    wrong = qw_decoy_sum(e.z.errors, intensities);
    e.qber_z = s->z_count > 0 ? wrong / (double)s->z_count : 0;
    e.gain = (double)s->clicks / ((double)(s->last_pulse - s->first_pulse) + 1);
    e.qber_ppm = (uint32_t)lround(fmax(e.qber_z * 1e6, QW_QKD_QBER_MIN_PPM));
    *estimate = e;
}

/* Clicks of both bases per share of the pulses, and the variance of its logarithm. */
static double rate_of(const struct qw_qkd_estimate *e, const struct qw_decoy_source *source,
                      size_t k)
{
    return (e->x.clicks[k] + e->z.clicks[k]) / source->share[k];
}

static bool clicks_like_light(const struct qw_qkd_estimate *e, const struct qw_qkd_terms *terms)
{
    struct qw_decoy_source source = qw_qkd_terms_source(terms);

    for (size_t k = 1; k < source.count; k++) {
        double strong = e->x.clicks[0] + e->z.clicks[0];
        double weak = e->x.clicks[k] + e->z.clicks[k];
        double ratio = rate_of(e, &source, k) / rate_of(e, &source, 0);
        double least = source.mean_photons[k] / source.mean_photons[0];
        double spread;

        if (strong <= 0) {
            return false;
        }
        /* Of the ratio, if it were the least: what is expected there, not what came. */
        spread = least *
                 sqrt(1 / strong + 1 / fmax(strong * least * source.share[k] / source.share[0], 1));
        if (ratio < least - deviations * spread) {
            return false;
        }
        if (ratio > 1 + deviations * sqrt(1 / strong + 1 / fmax(weak, 1))) {
            return false;
        }
    }
    return true;
}

enum qw_qkd_refusal qw_qkd_estimate_judge(const struct qw_qkd_estimate *e,
                                          const struct qw_qkd_terms *terms)
{
    double expected = (double)terms->expected_gain / 1e12;

    if (qw_decoy_sum(e->z.clicks, terms->intensities) < QW_QKD_TEST_BITS_MIN) {
        return QW_QKD_TOO_FEW;
    }
    if (e->qber_z > terms->qber_limit_ppm / 1e6) {
        return QW_QKD_QBER;
    }
    if (!clicks_like_light(e, terms)) {
        return QW_QKD_DECOY;
    }
    if (terms->expected_gain > 0 &&
        fabs(e->gain / expected - 1) > terms->gain_tolerance_ppm / 1e6) {
        return QW_QKD_GAIN;
    }
    return QW_QKD_NONE;
}

qw_err qw_qkd_estimate_key(const struct qw_qkd_estimate *e, const struct qw_qkd_terms *terms,
                           const uint32_t x_errors[static QW_DECOY_INTENSITIES_MAX],
                           uint64_t leaked_bits, struct qw_finite_key *key)
{
    size_t bits = qw_qkd_terms_block_bits(terms);
    struct qw_finite_key_input input = { .source = qw_qkd_terms_source(terms),
                                         .x = e->x,
                                         .z = e->z,
                                         .leaked_bits = (double)leaked_bits,
                                         .verification_bits = QW_VERIFY_TAG_BITS,
                                         .epsilon_secrecy = qw_qkd_terms_secrecy(terms),
                                         .epsilon_correctness =
                                             exp2(qw_verify_epsilon_log2(bits)) };

    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        input.x.errors[k] = x_errors[k];
    }
    return qw_finite_key_evaluate(qw_qkd_terms_method(terms), &input, key);
}
