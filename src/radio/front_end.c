/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/front_end.h"

#include "base/error.h"

#include <math.h>

static const double LEVEL_DBM = -50.0;    /* of a channel of power 1 */
static const double CHAIN_RIPPLE = 0.012; /* -35 dB each */
/* Per frame, -47 dB: what a common clock leaves. Much more would make the noise of the strongest
 * modes grow with their own size, which the reconciler's one deviation per mode does not describe.
 */
static const double PHASE_JITTER_RAD = 0.25 * M_PI / 180.0;
static const double TIMING_CYCLES_PER_TONE = 0.05; /* +-: 80 ns at Wi-Fi's tone spacing, 2 : 1 */
static const double AGC_MIN_DB = -40.0;
static const double AGC_MAX_DB = 60.0;
static const double GAP_S = 60e-6; /* between the two frames of a pair, when nothing else is said */
static const double TONE_SPACING_HZ = 312.5e3;
static const double RIPPLE_TONES = 28.0; /* half a ripple of a 20 MHz chain */

struct qw_front_end_config qw_front_end_calibrated(double snr_db, bool has_phase)
{
    return (struct qw_front_end_config){ .snr_db = snr_db,
                                         .has_phase = has_phase,
                                         .chain_ripple = CHAIN_RIPPLE,
                                         .phase_jitter_rad = PHASE_JITTER_RAD };
}

/* Smooth over the tones: a slope and two ripples of random phase. */
static double ripple(const double part[static 4], double position)
{
    return part[0] * position + sin(M_PI * position + part[1]) * part[2] +
           0.5 * sin(2.0 * M_PI * position + part[3]);
}

void qw_front_end_init(struct qw_front_end *front_end, uint64_t seed, uint64_t stream,
                       const struct qw_front_end_config *config, const int16_t *tones, size_t count)
{
    double edge = RIPPLE_TONES; /* a wider band is as flat, not steeper */
    double part[2][4];

    qw_assert(count <= QW_CSI_TONES_MAX);
    for (size_t k = 0; k < count; k++) {
        edge = fmax(edge, fabs((double)tones[k]));
    }
    qw_prng_init(&front_end->prng, seed, stream);
    front_end->config = *config;
    front_end->config.gap_s = config->gap_s > 0.0 ? config->gap_s : GAP_S;
    front_end->config.spacing_hz = config->spacing_hz > 0.0 ? config->spacing_hz : TONE_SPACING_HZ;
    front_end->noise_power = pow(10.0, -config->snr_db / 10.0);
    for (size_t i = 0; i < 2; i++) {
        part[i][0] = qw_prng_gaussian(&front_end->prng);
        part[i][1] = 2.0 * M_PI * qw_prng_uniform(&front_end->prng);
        part[i][2] = qw_prng_gaussian(&front_end->prng);
        part[i][3] = 2.0 * M_PI * qw_prng_uniform(&front_end->prng);
    }
    for (size_t k = 0; k < count; k++) {
        double position = (double)tones[k] / edge;

        front_end->chain[k] = (1.0 + config->chain_ripple * ripple(part[0], position)) *
                              cexp(I * config->chain_ripple * ripple(part[1], position));
    }
}

/* Complex Gaussian of the given power. */
static double complex draw_noise(struct qw_prng *prng, double power)
{
    double radius = sqrt(-power * log(1.0 - qw_prng_uniform(prng)));
    double angle = 2.0 * M_PI * qw_prng_uniform(prng);

    return radius * cos(angle) + I * radius * sin(angle);
}

static double frame_power(const struct qw_csi_frame *frame)
{
    size_t count = qw_csi_frame_value_count(frame);
    double power = 0.0;

    for (size_t k = 0; k < count; k++) {
        double re = (double)crealf(frame->value[k]);
        double im = (double)cimagf(frame->value[k]);

        power += re * re + im * im;
    }
    return power / (double)count;
}

/* Phase of a frame at the carrier, and what it gains from tone to tone, radians. */
static void draw_phases(struct qw_front_end *front_end, double *first, double *slope)
{
    const struct qw_front_end_config *config = &front_end->config;
    struct qw_prng *prng = &front_end->prng;
    double late_s = config->sfo_ppm * 1e-6 * config->gap_s;

    if (config->has_phase) {
        *first = config->phase_jitter_rad * qw_prng_gaussian(prng);
        *slope = 0.0;
    } else {
        *first = 2.0 * M_PI * qw_prng_uniform(prng);
        *slope = 2.0 * M_PI * TIMING_CYCLES_PER_TONE * (2.0 * qw_prng_uniform(prng) - 1.0);
    }
    if (config->cfo_hz > 0.0) {
        *first += 2.0 * M_PI * config->gap_s * config->cfo_hz * qw_prng_gaussian(prng);
    }
    if (config->detection_jitter_s > 0.0) {
        late_s += config->detection_jitter_s * (2.0 * qw_prng_uniform(prng) - 1.0);
    }
    *slope -= 2.0 * M_PI * config->spacing_hz * late_s;
}

void qw_front_end_measure(struct qw_front_end *front_end, const double complex *channel,
                          struct qw_csi_frame *frame)
{
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->band_count = 1;
    qw_front_end_measure_chains(front_end, channel, frame);
}

void qw_front_end_measure_chains(struct qw_front_end *front_end, const double complex *channel,
                                 struct qw_csi_frame *frame)
{
    size_t count = qw_csi_frame_value_count(frame);
    size_t tones = frame->tone_count;
    struct qw_prng *prng = &front_end->prng;
    double first;
    double slope;
    double power_db;
    double agc_db;
    float gain;

    draw_phases(front_end, &first, &slope);
    for (size_t k = 0; k < count; k++) {
        double complex turn = cexp(I * (first + slope * frame->tone_index[k % tones]));
        double complex heard = channel[k] * front_end->chain[k % tones] * turn;

        frame->value[k] = (float complex)(heard + draw_noise(prng, front_end->noise_power));
    }
    power_db = 10.0 * log10(fmax(frame_power(frame), 1e-12));
    agc_db = fmin(fmax(-round(power_db), AGC_MIN_DB), AGC_MAX_DB);
    gain = (float)pow(10.0, agc_db / 20.0);
    for (size_t k = 0; k < count; k++) {
        frame->value[k] *= gain;
    }
    frame->rssi_dbm = (float)(LEVEL_DBM + power_db);
    frame->noise_dbm = (float)(LEVEL_DBM - front_end->config.snr_db);
    frame->agc_db = (float)agc_db;
}
