/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/front_end.h"

#include "base/error.h"
#include "radio/carrier/sounding.h"

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
/* Where a frame's beginning is measured, carrier/rf_receiver.c: samples of 20 MHz from its first
 * one, as many of each 20 MHz; and noise over that of a long training of two symbols. */
enum { EARLY_FIRST = 16, EARLY_SAMPLES = 16, SYMBOL_SAMPLES = 64 };
static const double EARLY_NOISE = 128.0 / (16.0 * 13.0 / 3.0);
static const double RATE_HZ = 20e6;
/* From there to the middle of what is measured: L-LTF of 20 MHz; HT-LTF or VHT-LTF, behind 8 us of
 * L-LTF, 4 of L-SIG, 8 of HT-SIG or VHT-SIG-A, 4 of HT-STF or VHT-STF. */
static const double EARLY_S = 11.6e-6;
static const double EARLY_WIDE_S = 33.2e-6;
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
    qw_prng_init(&front_end->early_prng, ~seed, stream);
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

/* Phase of a frame at the carrier, what it gains from tone to tone, and what it had less at the
 * frame's beginning, radians. */
struct phases {
    double first, slope, less;
};

/* early_s: from the frame's beginning, where that is measured. */
static struct phases draw_phases(struct qw_front_end *front_end, double early_s)
{
    const struct qw_front_end_config *config = &front_end->config;
    struct qw_prng *prng = &front_end->prng;
    double late_s = config->sfo_ppm * 1e-6 * config->gap_s;
    struct phases phases = { 0 };

    if (config->has_phase) {
        phases.first = config->phase_jitter_rad * qw_prng_gaussian(prng);
    } else {
        phases.first = 2.0 * M_PI * qw_prng_uniform(prng);
        phases.slope = 2.0 * M_PI * TIMING_CYCLES_PER_TONE * (2.0 * qw_prng_uniform(prng) - 1.0);
    }
    if (config->cfo_hz > 0.0) {
        double turning = 2.0 * M_PI * config->cfo_hz * qw_prng_gaussian(prng); /* per second */

        phases.first += turning * config->gap_s;
        phases.less = turning * early_s;
    }
    if (config->detection_jitter_s > 0.0) {
        late_s += config->detection_jitter_s * (2.0 * qw_prng_uniform(prng) - 1.0);
    }
    phases.slope -= 2.0 * M_PI * config->spacing_hz * late_s;
    return phases;
}

void qw_front_end_measure(struct qw_front_end *front_end, const double complex *channel,
                          struct qw_csi_frame *frame)
{
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->band_count = 1;
    qw_front_end_measure_chains(front_end, channel, frame);
}

/* Gain control, and the levels that a frame reports. Factor for all values. */
static float set_levels(const struct qw_front_end *front_end, struct qw_csi_frame *frame)
{
    double power_db = 10.0 * log10(fmax(frame_power(frame), 1e-12));
    double agc_db = fmin(fmax(-round(power_db), AGC_MIN_DB), AGC_MAX_DB);

    frame->rssi_dbm = (float)(LEVEL_DBM + power_db);
    frame->noise_dbm = (float)(LEVEL_DBM - front_end->config.snr_db);
    frame->agc_db = (float)agc_db;
    return (float)pow(10.0, agc_db / 20.0);
}

static double complex turn_at(const struct phases *phases, int tone)
{
    return cexp(I * (phases->first + phases->slope * tone));
}

static void measure(struct qw_front_end *front_end, const double complex *channel,
                    const double complex *added, const struct phases *phases,
                    struct qw_csi_frame *frame)
{
    size_t tones = frame->tone_count;

    for (size_t k = 0; k < qw_csi_frame_value_count(frame); k++) {
        double complex sent = channel[k] + (added != NULL ? added[k] : 0.0);
        double complex heard =
            sent * front_end->chain[k % tones] * turn_at(phases, frame->tone_index[k % tones]);

        frame->value[k] =
            (float complex)(heard + draw_noise(&front_end->prng, front_end->noise_power));
    }
}

void qw_front_end_measure_chains(struct qw_front_end *front_end, const double complex *channel,
                                 struct qw_csi_frame *frame)
{
    struct phases phases = draw_phases(front_end, 0.0);
    float gain;

    measure(front_end, channel, NULL, &phases, frame);
    gain = set_levels(front_end, frame);
    for (size_t k = 0; k < qw_csi_frame_value_count(frame); k++) {
        frame->value[k] *= gain;
    }
    frame->has_early = false;
}

/* Sum of samples first..end-1 of a tone so many turns a sample fast. */
static double complex gather(double turns, double first, double end)
{
    double complex step = cexp(2.0 * M_PI * I * turns);

    return fabs(turns) < 1e-9
               ? end - first
               : (cexp(2.0 * M_PI * I * turns * end) - cexp(2.0 * M_PI * I * turns * first)) /
                     (step - 1.0);
}

/* What the short training says of a wave [tones of a chain] that begins too late: only its last
 * samples are there, in which the tones of the training are no longer apart. */
static double complex late_part(double reaction_s, const struct qw_csi_frame *frame,
                                const double complex *wave, const size_t *place, size_t count,
                                size_t at)
{
    double width = (double)(count / QW_CSI_EARLY_TONES);
    double end = (EARLY_FIRST + EARLY_SAMPLES) * width;
    double first = fmax(EARLY_FIRST * width, floor(reaction_s * RATE_HZ * width));
    int tone = frame->tone_index[place[at]];
    double complex sum = 0.0;

    for (size_t m = 0; first < end && m < count; m++) {
        int other = frame->tone_index[place[m]];
        double turns = (double)(other - tone) / (SYMBOL_SAMPLES * width);

        sum +=
            wave[place[m]] * qw_sounding_lead_at(frame->format, other) * gather(turns, first, end);
    }
    return sum / (qw_sounding_lead_at(frame->format, tone) * EARLY_SAMPLES * width);
}

/* Noise: 16 samples of training of power 13/3 against 128 of power 1, and two symbols' difference;
 * of a wide band against one symbol. */
static void measure_beginning(struct qw_front_end *front_end, const double complex *channel,
                              const struct qw_front_end_late *late, const struct phases *before,
                              size_t chain, struct qw_csi_frame *frame)
{
    size_t place[QW_CSI_EARLY_CHAIN_MAX];
    size_t count = qw_csi_format_early(frame->format, place);
    size_t tones = frame->tone_count;
    bool has_half = qw_csi_frame_half_count(frame) > 0;
    double noise = front_end->noise_power;
    size_t at = 0;

    for (size_t k = 0; k < tones; k++) {
        size_t i = chain * tones + k;

        if (has_half) {
            frame->half[i] = (float complex)draw_noise(&front_end->early_prng, noise);
        }
        if (at < count && place[at] == k) {
            double complex sent = channel[i];
            double complex heard;

            if (late->wave != NULL) {
                sent += late_part(late->reaction_s, frame, &late->wave[chain * tones], place, count,
                                  at);
            }
            heard = sent * front_end->chain[k] * turn_at(before, frame->tone_index[k]);
            heard += draw_noise(&front_end->early_prng,
                                (has_half ? EARLY_NOISE : 0.5 * EARLY_NOISE) * noise);
            frame->early[chain * count + at++] = (float complex)heard;
        }
    }
}

void qw_front_end_measure_onset(struct qw_front_end *front_end, const double complex *channel,
                                const struct qw_front_end_late *late, struct qw_csi_frame *frame)
{
    bool is_wide = frame->format != QW_CSI_LEGACY_20;
    struct phases phases = draw_phases(front_end, is_wide ? EARLY_WIDE_S : EARLY_S);
    struct phases before = { phases.first - phases.less, phases.slope, 0.0 };
    float gain;

    qw_assert(qw_csi_frame_early_count(frame) > 0);
    measure(front_end, channel, late->wave, &phases, frame);
    gain = set_levels(front_end, frame);
    for (size_t k = 0; k < qw_csi_frame_value_count(frame); k++) {
        frame->value[k] *= gain;
    }
    for (size_t chain = 0; chain < frame->rx_count; chain++) {
        measure_beginning(front_end, channel, late, &before, chain, frame);
    }
    for (size_t k = 0; k < qw_csi_frame_half_count(frame); k++) {
        frame->half[k] *= gain;
    }
    for (size_t e = 0; e < qw_csi_frame_early_count(frame); e++) {
        frame->early[e] *= gain;
    }
    frame->has_early = true;
}
