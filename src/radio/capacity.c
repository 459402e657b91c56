/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/capacity.h"

#include "radio/channel.h"
#include "radio/symmetric_eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Bins are flattened inside, and the mean of a spectrum holds more information than its shape: the
 * capacity comes out too large, by less than 0.1 %. */
enum { BINS = 512, WAVES = 1 << 17 };

double qw_capacity_mode_bits(double lambda, const struct qw_capacity_noise *noise)
{
    double a = noise->noise / lambda;
    double r = noise->eve_correlation;
    double e = r == 0.0 ? 1.0 : noise->eve_noise / lambda;
    double pair = (1.0 + a) * (1.0 + e) - r * r;
    double all = (1.0 + e) * (2.0 * a + a * a) - 2.0 * a * r * r;

    if (!(lambda > 0.0)) {
        return 0.0;
    }
    return fmax(log2(pair / (1.0 + e) * (pair / all)), 0.0);
}

double qw_capacity_fresh_bits(const double *eigenvalue, size_t count,
                              const struct qw_capacity_noise *noise)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++) {
        sum += qw_capacity_mode_bits(eigenvalue[i], noise);
    }
    return sum;
}

/* What two taps of power 1 have in common over the tones: the smaller matrix with the same
 * eigenvalues as the covariance over tones. gram [taps * taps]. */
static void make_gram(const struct qw_channel_profile *profile, const int16_t *tones,
                      size_t tone_count, double spacing_hz, double complex *gram)
{
    size_t taps = profile->tap_count;

    for (size_t i = 0; i < taps; i++) {
        for (size_t j = 0; j < taps; j++) {
            double delay_s = profile->tap[i].delay_s - profile->tap[j].delay_s;
            double complex sum = 0.0;

            for (size_t k = 0; k < tone_count; k++) {
                sum += cexp(2.0 * M_PI * I * spacing_hz * tones[k] * delay_s);
            }
            gram[i * taps + j] = sum;
        }
    }
}

/* Eigenvalues with these powers of the taps; work [taps * taps]. */
static qw_err weigh(const double complex *gram, size_t taps, const double *power,
                    double complex *work, double *eigenvalue)
{
    for (size_t i = 0; i < taps; i++) {
        for (size_t j = 0; j < taps; j++) {
            work[i * taps + j] = sqrt(power[i] * power[j]) * gram[i * taps + j];
        }
    }
    return qw_hermitian_eigenvalues(work, taps, eigenvalue);
}

struct spectra {
    double complex gram[QW_CHANNEL_TAPS_MAX * QW_CHANNEL_TAPS_MAX];
    double complex work[QW_CHANNEL_TAPS_MAX * QW_CHANNEL_TAPS_MAX];
    double share[QW_CHANNEL_TAPS_MAX][BINS]; /* of the power by folded Doppler; sums to BINS */
    double power[QW_CHANNEL_TAPS_MAX];
    double eigenvalue[QW_CHANNEL_TAPS_MAX];
};

qw_err qw_capacity_eigenvalues(const struct qw_channel_profile *profile, const int16_t *tones,
                               size_t tone_count, double spacing_hz, double *eigenvalue)
{
    struct spectra *spectra;
    qw_err err = qw_channel_profile_check(profile);

    if (err != QW_OK || tone_count == 0) {
        return QW_ERR_ARG;
    }
    spectra = calloc(1, sizeof *spectra);
    if (spectra == NULL) {
        return QW_ERR_NOMEM;
    }
    make_gram(profile, tones, tone_count, spacing_hz, spectra->gram);
    for (size_t i = 0; i < profile->tap_count; i++) {
        spectra->power[i] = profile->tap[i].power;
    }
    err = weigh(spectra->gram, profile->tap_count, spectra->power, spectra->work, eigenvalue);
    free(spectra);
    return err;
}

/* Doppler of one wave over the largest of a walk. */
static double doppler(const struct qw_capacity_probing *probing, size_t tap, size_t wave)
{
    double u = ((double)wave + 0.5) / WAVES;
    double other = (double)wave * 0.6180339887498949; /* golden section: even over the square */

    if (probing->profile->motion == QW_CHANNEL_PEOPLE) {
        return cos(2.0 * M_PI * u) + cos(2.0 * M_PI * (other - floor(other)));
    }
    return cos(qw_channel_tap_angle(&probing->profile->tap[tap], u) - probing->heading_rad);
}

static void fold(const struct qw_capacity_probing *probing, size_t tap, double *share)
{
    double most_hz = probing->speed_m_per_s * probing->carrier_hz / QW_CHANNEL_LIGHT_M_PER_S;

    memset(share, 0, BINS * sizeof *share);
    for (size_t wave = 0; wave < WAVES; wave++) {
        double turns = most_hz * doppler(probing, tap, wave) * probing->interval_s;
        size_t bin = (size_t)((turns - floor(turns)) * BINS);

        share[bin < BINS ? bin : BINS - 1] += (double)BINS / WAVES;
    }
}

static bool is_alike_everywhere(const struct qw_channel_profile *profile)
{
    for (size_t i = 0; i < profile->tap_count; i++) {
        if (profile->tap[i].spread_rad > 0.0) {
            return false;
        }
    }
    return true;
}

/* Every tap has the same spectrum: the same modes at every frequency. */
static qw_err sum_alike(const struct qw_capacity_probing *probing,
                        const struct qw_capacity_noise *noise, struct spectra *spectra,
                        double *bits)
{
    size_t taps = probing->profile->tap_count;
    double sum = 0.0;
    qw_err err;

    for (size_t i = 0; i < taps; i++) {
        spectra->power[i] = probing->profile->tap[i].power;
    }
    err = weigh(spectra->gram, taps, spectra->power, spectra->work, spectra->eigenvalue);
    if (err != QW_OK) {
        return err;
    }
    fold(probing, 0, spectra->share[0]);
    for (size_t bin = 0; bin < BINS; bin++) {
        for (size_t i = 0; i < taps; i++) {
            sum += qw_capacity_mode_bits(spectra->eigenvalue[i] * spectra->share[0][bin], noise);
        }
    }
    *bits = sum / BINS;
    return QW_OK;
}

static qw_err sum_by_frequency(const struct qw_capacity_probing *probing,
                               const struct qw_capacity_noise *noise, struct spectra *spectra,
                               double *bits)
{
    size_t taps = probing->profile->tap_count;
    double sum = 0.0;
    qw_err err = QW_OK;

    for (size_t i = 0; i < taps; i++) {
        const struct qw_channel_tap *tap = &probing->profile->tap[i];
        const struct qw_channel_tap *last = &probing->profile->tap[i > 0 ? i - 1 : 0];

        if (i > 0 && tap->angle_rad == last->angle_rad && tap->spread_rad == last->spread_rad) {
            memcpy(spectra->share[i], spectra->share[i - 1], sizeof spectra->share[i]);
        } else {
            fold(probing, i, spectra->share[i]);
        }
    }
    for (size_t bin = 0; err == QW_OK && bin < BINS; bin++) {
        for (size_t i = 0; i < taps; i++) {
            spectra->power[i] = probing->profile->tap[i].power * spectra->share[i][bin];
        }
        err = weigh(spectra->gram, taps, spectra->power, spectra->work, spectra->eigenvalue);
        sum += err == QW_OK ? qw_capacity_fresh_bits(spectra->eigenvalue, taps, noise) : 0.0;
    }
    if (err == QW_OK) {
        *bits = sum / BINS;
    }
    return err;
}

qw_err qw_capacity_probe_bits(const struct qw_capacity_probing *probing,
                              const struct qw_capacity_noise *noise, double *bits)
{
    struct spectra *spectra;
    qw_err err;

    if (qw_channel_profile_check(probing->profile) != QW_OK || probing->tone_count == 0 ||
        !(probing->interval_s > 0.0) || !(probing->speed_m_per_s >= 0.0) || !(noise->noise > 0.0) ||
        !(fabs(noise->eve_correlation) <= 1.0) ||
        !(noise->eve_correlation == 0.0 || noise->eve_noise > 0.0)) {
        return QW_ERR_ARG;
    }
    if (probing->speed_m_per_s == 0.0) {
        *bits = 0.0; /* one draw for ever: nothing per probe */
        return QW_OK;
    }
    spectra = calloc(1, sizeof *spectra);
    if (spectra == NULL) {
        return QW_ERR_NOMEM;
    }
    make_gram(probing->profile, probing->tones, probing->tone_count, probing->spacing_hz,
              spectra->gram);
    err = is_alike_everywhere(probing->profile) ? sum_alike(probing, noise, spectra, bits)
                                                : sum_by_frequency(probing, noise, spectra, bits);
    free(spectra);
    return err;
}
