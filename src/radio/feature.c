/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/feature.h"

#include "base/bits.h"
#include "base/secret.h"
#include "radio/carrier/carrier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCALE_LOG2 = 13,
    POWER_SCALE_LOG2 = 14, /* less: the strongest tones are far above the mean */
    FIXED_MAX = (1 << 23) - 1,
    PROBES_MAX = 1 << 20,
    NARROW_SPAN = 64, /* tones of 20 MHz of Wi-Fi, guards included */
    NARROW_ROUNDS = 40,
    WIDE_ROUNDS = 6, /* each costs modes x tones^2; the start is closer there */
    SPAN_MAX = 2048
};

/* E[H(f) H*(g)] of an exponential delay profile, over the distance in tone numbers. */
static void fill_covariance(const struct qw_carrier *carrier, size_t span, double complex *by_lag)
{
    for (size_t lag = 0; lag < span; lag++) {
        double phase = 2.0 * M_PI * (double)lag * carrier->spacing_hz * carrier->delay_spread_s;

        by_lag[lag] = 1.0 / (1.0 + I * phase);
    }
}

static double complex inner(const double complex *a, const double complex *b, size_t n)
{
    double complex sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        sum += conj(a[i]) * b[i];
    }
    return sum;
}

/* Gram-Schmidt, in order, so that the strongest mode stays first. */
static void orthonormalise(double complex *vector, size_t modes, size_t n)
{
    for (size_t m = 0; m < modes; m++) {
        double complex *v = &vector[m * n];
        double norm;

        for (size_t k = 0; k < m; k++) {
            double complex share = inner(&vector[k * n], v, n);

            for (size_t i = 0; i < n; i++) {
                v[i] -= share * vector[k * n + i];
            }
        }
        norm = sqrt(creal(inner(v, v, n)));
        for (size_t i = 0; i < n; i++) {
            v[i] /= norm;
        }
    }
}

/* What the covariance makes of one vector. */
static void multiply(const double complex *by_lag, const int16_t *tone_index, size_t n,
                     const double complex *vector, double complex *out)
{
    for (size_t i = 0; i < n; i++) {
        double complex sum = 0.0;

        for (size_t k = 0; k < n; k++) {
            int lag = tone_index[i] - tone_index[k];

            sum += (lag >= 0 ? by_lag[lag] : conj(by_lag[-lag])) * vector[k];
        }
        out[i] = sum;
    }
}

/* Orthogonal iteration from delays one resolution cell apart. Rounding may differ between machines
 * in the last bits: each end uses its own numbers, so that is noise far below the receiver's. */
static void make_eigenvectors(struct qw_feature_plan *plan, const int16_t *tone_index)
{
    double complex by_lag[SPAN_MAX];
    double complex next[QW_FEATURE_TONES_MAX];
    size_t n = plan->tones;
    size_t band = (size_t)(tone_index[n - 1] - tone_index[0]) + 1;
    size_t span = band > NARROW_SPAN ? band : NARROW_SPAN;
    size_t rounds = band > NARROW_SPAN ? WIDE_ROUNDS : NARROW_ROUNDS;

    fill_covariance(qw_carrier_of_format(plan->format), span, by_lag);
    for (size_t m = 0; m < plan->modes; m++) {
        for (size_t i = 0; i < n; i++) {
            plan->basis[m * n + i] =
                cexp(-2.0 * M_PI * I * (double)m * tone_index[i] / (double)span);
        }
    }
    orthonormalise(plan->basis, plan->modes, n);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t m = 0; m < plan->modes; m++) {
            multiply(by_lag, tone_index, n, &plan->basis[m * n], next);
            memcpy(&plan->basis[m * n], next, n * sizeof next[0]);
        }
        orthonormalise(plan->basis, plan->modes, n);
    }
    for (size_t i = 0; i < plan->modes * n; i++) {
        plan->basis[i] = conj(plan->basis[i]);
    }
}

static void make_cosines(struct qw_feature_plan *plan)
{
    size_t n = plan->tones;

    for (size_t m = 0; m < plan->modes; m++) {
        double scale = sqrt((m == 0 ? 1.0 : 2.0) / (double)n);

        for (size_t i = 0; i < n; i++) {
            plan->basis[m * n + i] = scale * cos(M_PI * ((double)i + 0.5) * (double)m / (double)n);
        }
    }
}

qw_err qw_feature_plan_init(struct qw_feature_plan *plan, const struct qw_csi_frame *frame,
                            bool has_phase, bool is_transposed)
{
    size_t chains = qw_csi_frame_chain_count(frame);
    size_t modes = qw_carrier_of_format(frame->format)->modes;

    if (chains == 0 || chains > QW_FEATURE_CHAINS_MAX || frame->tone_count < modes ||
        frame->tone_count > QW_FEATURE_TONES_MAX ||
        frame->tone_index[frame->tone_count - 1] - frame->tone_index[0] >= SPAN_MAX) {
        return QW_ERR_ARG;
    }
    for (size_t i = 1; i < frame->tone_count; i++) {
        if (frame->tone_index[i] <= frame->tone_index[i - 1]) {
            return QW_ERR_ARG;
        }
    }
    memset(plan, 0, sizeof *plan);
    plan->format = frame->format;
    plan->has_phase = has_phase;
    plan->is_transposed = is_transposed;
    plan->tones = frame->tone_count;
    plan->chains = chains;
    plan->rx = frame->rx_count;
    plan->tx = frame->tx_count;
    plan->bands = chains / (plan->rx * plan->tx);
    plan->modes = QW_FEATURE_MODES_MAX / chains < modes ? QW_FEATURE_MODES_MAX / chains : modes;
    plan->group = has_phase ? 2 : 1;
    plan->count = 2 * plan->modes * chains; /* both parts, or amplitudes and powers */
    if (has_phase) {
        make_eigenvectors(plan, frame->tone_index);
    } else {
        make_cosines(plan);
    }
    return QW_OK;
}

/* Where a chain's tones begin in a frame: chains go band by band, access point antenna by access
 * point antenna, terminal antenna by terminal antenna, whichever end measured. */
static size_t chain_offset(const struct qw_feature_plan *plan, size_t chain)
{
    size_t per_band = plan->rx * plan->tx;
    size_t band = chain / per_band;
    size_t place = chain % per_band;

    if (plan->is_transposed) { /* rx counts the terminal's antennas */
        place = place % plan->rx * plan->tx + place / plan->rx;
    }
    return (band * per_band + place) * plan->tones;
}

static void extract_chain(const struct qw_feature_plan *plan, const struct qw_csi_frame *frame,
                          size_t chain, float *made)
{
    const float complex *heard = &frame->value[chain_offset(plan, chain)];
    double gain = pow(10.0, -(double)frame->agc_db / 20.0);
    size_t half = plan->count / 2;
    double complex tone[QW_FEATURE_TONES_MAX];

    for (size_t i = 0; i < plan->tones; i++) {
        tone[i] = (double complex)heard[i] * gain;
        if (!plan->has_phase) { /* amplitude and power go through the cosines side by side */
            double amplitude = cabs(tone[i]);

            tone[i] = amplitude + I * amplitude * amplitude;
        }
    }
    for (size_t m = 0; m < plan->modes; m++) {
        size_t at = m * plan->chains + chain;
        double complex sum = 0.0;

        for (size_t i = 0; i < plan->tones; i++) {
            sum += plan->basis[m * plan->tones + i] * tone[i];
        }
        made[plan->has_phase ? 2 * at : at] = (float)creal(sum);
        made[plan->has_phase ? 2 * at + 1 : half + at] = (float)cimag(sum);
    }
}

qw_err qw_feature_extract(const struct qw_feature_plan *plan, const struct qw_csi_frame *frame,
                          float *value)
{
    float made[QW_FEATURE_MAX];
    bool has_power = false;

    if (frame->format != plan->format || frame->tone_count != plan->tones ||
        frame->rx_count != plan->rx || frame->tx_count != plan->tx ||
        qw_csi_frame_chain_count(frame) != plan->chains) {
        return QW_ERR_FORMAT;
    }
    for (size_t chain = 0; chain < plan->chains; chain++) {
        extract_chain(plan, frame, chain, made);
    }
    for (size_t d = 0; d < plan->count; d++) {
        if (!isfinite(made[d])) {
            return QW_ERR_FORMAT;
        }
        has_power = has_power || made[d] != 0.0f;
    }
    if (!has_power) { /* a receiver that heard nothing: its zeros are not the channel's */
        return QW_ERR_FORMAT;
    }
    memcpy(value, made, plan->count * sizeof made[0]);
    return QW_OK;
}

qw_err qw_feature_set_new(uint32_t probes, struct qw_feature_set **set)
{
    struct qw_feature_set *made;

    if (probes == 0 || probes > PROBES_MAX) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->probes = probes;
    made->heard = calloc(QW_BITS_TO_BYTES(probes), 1);
    made->value = calloc((size_t)probes * QW_FEATURE_MAX, sizeof *made->value);
    made->fixed = calloc((size_t)probes * QW_FEATURE_MAX, sizeof *made->fixed);
    if (made->heard == NULL || made->value == NULL || made->fixed == NULL) {
        qw_feature_set_free(made);
        return QW_ERR_NOMEM;
    }
    *set = made;
    return QW_OK;
}

void qw_feature_set_free(struct qw_feature_set *set)
{
    size_t numbers;

    if (set == NULL) {
        return;
    }
    numbers = (size_t)set->probes * set->stride; /* the rest was never touched */
    if (set->value != NULL) {
        qw_wipe(set->value, numbers * sizeof *set->value);
    }
    if (set->fixed != NULL) {
        qw_wipe(set->fixed, numbers * sizeof *set->fixed);
    }
    free(set->heard);
    free(set->value);
    free(set->fixed);
    free(set);
}

qw_err qw_feature_set_put(struct qw_feature_set *set, uint64_t index,
                          const struct qw_csi_frame *frame, bool has_phase)
{
    qw_err err = QW_OK;

    if (index >= set->probes) {
        return QW_ERR_FORMAT;
    }
    if (set->stride == 0) {
        err = qw_feature_plan_init(&set->plan, frame, has_phase, set->is_transposed);
    }
    if (err != QW_OK) {
        return QW_ERR_FORMAT;
    }
    if (qw_bit_get(set->heard, index)) {
        return QW_OK;
    }
    err = qw_feature_extract(&set->plan, frame, &set->value[index * set->plan.count]);
    if (err == QW_OK) {
        set->stride = set->plan.count;
        qw_bit_set(set->heard, index, true);
    }
    return err;
}

bool qw_feature_set_has(const struct qw_feature_set *set, uint32_t index)
{
    return index < set->probes && qw_bit_get(set->heard, index);
}

/* Mean square of a tone, over all probes. */
static double mean_power(const struct qw_feature_set *set)
{
    double power = 0.0;
    double count = 0.0;

    for (uint32_t i = 0; i < set->probes; i++) {
        if (!qw_bit_get(set->heard, i)) {
            continue;
        }
        for (size_t d = 0; d < qw_feature_numbers(set->stride, set->plan.group); d++) {
            double value = (double)set->value[i * set->stride + d];

            power += value * value;
        }
        count += (double)(set->plan.tones * set->plan.chains);
    }
    return count > 0.0 ? power / count : 0.0;
}

void qw_feature_set_fix(struct qw_feature_set *set)
{
    double power = mean_power(set);
    int exponent = power > 0.0 ? SCALE_LOG2 - (int)ceil(0.5 * log2(power)) : 0;
    size_t numbers = qw_feature_numbers(set->stride, set->plan.group);
    double limit = FIXED_MAX;

    for (uint32_t i = 0; i < set->probes; i++) {
        if (!qw_bit_get(set->heard, i)) {
            continue;
        }
        for (size_t d = 0; d < set->stride; d++) {
            int shift = d < numbers ? exponent : 2 * exponent - POWER_SCALE_LOG2;
            double value = ldexp((double)set->value[i * set->stride + d], shift);

            set->fixed[i * set->stride + d] = (int32_t)lrint(fmin(fmax(value, -limit), limit));
        }
    }
}

const int32_t *qw_feature_set_row(const struct qw_feature_set *set, uint32_t index)
{
    qw_assert(index < set->probes);
    return &set->fixed[index * set->stride];
}
