/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/carrier/rf_front_end.h"

#include "base/prng.h"
#include "radio/carrier/dft.h"
#include "radio/carrier/rf_receiver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEVEL_DBM = -50.0;   /* of a channel of power 1 */
static const double HEADROOM_DB = -12.0; /* of the mean power below the converter's limit */
static const double DELAY_MAX_S = 20e-6;

struct qw_rf_front_end {
    struct qw_sounding sounding;
    struct qw_rf_receiver *receiver;
    struct qw_front_end_config config;
    struct qw_prng prng;
    double offset_hz;
    double noise_deviation; /* of each part of a sample */
    double step;            /* of the converter */
    size_t taps;
    size_t wave_samples; /* of one tap's waveform: the sounding and the longest delay */
    float complex *wave; /* what arrives over each tap at amplitude 1  [taps * wave_samples] */
    size_t samples;      /* that the receiver looks at */
    float complex *sample;
    double complex tone[QW_SOUNDING_TONES_MAX];
};

/* One field over one delay: the cyclic symbol, turned by the part of the delay below a sample. */
static void add_field(struct qw_rf_front_end *made, const double complex *chain, size_t field,
                      double delay, const struct qw_dft *dft, double complex *work,
                      float complex *wave)
{
    const struct qw_sounding *sounding = &made->sounding;
    const struct qw_sounding_field *f = &sounding->field[field];
    double fraction = delay - floor(delay);
    size_t length = qw_sounding_field_samples(sounding, field);

    memset(work, 0, sounding->size * sizeof *work);
    for (size_t k = 0; k < sounding->tone_count; k++) {
        int number = sounding->tones[k];
        size_t bin = (size_t)(number < 0 ? number + (int)sounding->size : number);

        work[bin] = f->training[k] * chain[k] *
                    cexp(-2.0 * M_PI * I * number * fraction / (double)sounding->size);
    }
    qw_dft_backward(dft, work);
    for (size_t i = 0; i < length; i++) {
        wave[(size_t)delay + i] =
            (float complex)work[(i + sounding->size - f->prefix % sounding->size) % sounding->size];
    }
}

static void make_waves(struct qw_rf_front_end *made, const struct qw_channel_profile *profile,
                       const double complex *chain, const struct qw_dft *dft, double complex *work)
{
    for (size_t l = 0; l < made->taps; l++) {
        double delay = profile->tap[l].delay_s * made->sounding.rate_hz;
        float complex *wave = &made->wave[l * made->wave_samples];

        for (size_t f = 0; f < made->sounding.field_count; f++) {
            add_field(made, chain, f, delay, dft, work, wave);
            wave += qw_sounding_field_samples(&made->sounding, f);
        }
    }
}

static double longest_delay_s(const struct qw_channel_profile *profile)
{
    double longest = 0.0;

    for (size_t l = 0; l < profile->tap_count; l++) {
        longest = fmax(longest, profile->tap[l].delay_s);
    }
    return longest;
}

/* The chain of this party is the one that radio/front_end.h would have drawn. */
static qw_err prepare(struct qw_rf_front_end *made, const struct qw_rf_config *config)
{
    struct qw_front_end *chain = calloc(1, sizeof *chain);
    double complex *work = calloc(made->sounding.size, sizeof *work);
    struct qw_dft *dft = NULL;
    qw_err err =
        chain == NULL || work == NULL ? QW_ERR_NOMEM : qw_dft_new(made->sounding.size, &dft);

    if (err == QW_OK) {
        err = qw_rf_receiver_new(&made->sounding, &made->receiver);
    }
    if (err == QW_OK) {
        made->samples = qw_rf_receiver_samples(made->receiver);
        made->sample = calloc(made->samples, sizeof *made->sample);
        made->wave = calloc(made->taps * made->wave_samples, sizeof *made->wave);
        err = made->sample == NULL || made->wave == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err == QW_OK) {
        qw_front_end_init(chain, config->seed, config->stream, &config->front_end,
                          made->sounding.tones, made->sounding.tone_count);
        made->prng = chain->prng;
        make_waves(made, config->profile, chain->chain, dft, work);
    }
    qw_dft_free(dft);
    free(work);
    free(chain);
    return err;
}

qw_err qw_rf_front_end_new(const struct qw_rf_config *config, struct qw_rf_front_end **front_end)
{
    struct qw_rf_front_end *made;
    const struct qw_sounding_field *field;
    qw_err err;

    if (config->converter_bits < 4 || config->converter_bits > 16 ||
        qw_channel_profile_check(config->profile) != QW_OK ||
        longest_delay_s(config->profile) > DELAY_MAX_S) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_sounding_of(config->carrier, &made->sounding);
    field = &made->sounding.field[made->sounding.field_count - 1];
    made->config = config->front_end;
    made->step = exp2(1.0 - (double)config->converter_bits);
    made->taps = config->profile->tap_count;
    made->wave_samples = qw_sounding_samples(&made->sounding) + 1 +
                         (size_t)(longest_delay_s(config->profile) * made->sounding.rate_hz);
    made->noise_deviation = sqrt(0.5 * (double)(field->repeats * made->sounding.size) *
                                 pow(10.0, -config->front_end.snr_db / 10.0));
    err = prepare(made, config);
    if (err != QW_OK) {
        qw_rf_front_end_free(made);
        return err;
    }
    made->offset_hz = made->sounding.offset_ppm * 1e-6 * config->carrier->carrier_hz *
                      (2.0 * qw_prng_uniform(&made->prng) - 1.0);
    *front_end = made;
    return QW_OK;
}

void qw_rf_front_end_free(struct qw_rf_front_end *front_end)
{
    if (front_end != NULL) {
        qw_rf_receiver_free(front_end->receiver);
        free(front_end->wave);
        free(front_end->sample);
        free(front_end);
    }
}

/* What the antenna hears: every tap's waveform from the frame's first sample on. */
static void superpose(struct qw_rf_front_end *fe, const double complex *tap, size_t first)
{
    size_t count = fe->samples - first < fe->wave_samples ? fe->samples - first : fe->wave_samples;

    memset(fe->sample, 0, fe->samples * sizeof *fe->sample);
    for (size_t l = 0; l < fe->taps; l++) {
        const float complex *wave = &fe->wave[l * fe->wave_samples];
        float re = (float)creal(tap[l]);
        float im = (float)cimag(tap[l]);

        for (size_t i = 0; i < count; i++) {
            float x = crealf(wave[i]);
            float y = cimagf(wave[i]);

            fe->sample[first + i] += re * x - im * y + (float complex)I * (re * y + im * x);
        }
    }
}

/* Sample of the last field's middle, counted from the frame's first. */
static double middle_of(const struct qw_sounding *sounding)
{
    const struct qw_sounding_field *field = &sounding->field[sounding->field_count - 1];

    return (double)qw_sounding_samples(sounding) - 0.5 * (double)(field->repeats * sounding->size);
}

/* The other end's oscillator, and noise. Mean power of the result. */
static double receive(struct qw_rf_front_end *fe, size_t first)
{
    struct qw_prng *prng = &fe->prng;
    double phase = fe->config.has_phase ? fe->config.phase_jitter_rad * qw_prng_gaussian(prng)
                                        : 2.0 * M_PI * qw_prng_uniform(prng);
    double angle = 2.0 * M_PI * fe->offset_hz / fe->sounding.rate_hz;
    double middle = (double)first + middle_of(&fe->sounding);
    double power = 0.0;

    for (size_t i = 0; i < fe->samples; i++) {
        double complex turn = cexp(I * (phase + angle * ((double)i - middle)));
        double complex noise = qw_prng_gaussian(prng) + I * qw_prng_gaussian(prng);
        double complex heard = (double complex)fe->sample[i] * turn + fe->noise_deviation * noise;

        fe->sample[i] = (float complex)heard;
        power += creal(heard * conj(heard));
    }
    return power / (double)fe->samples;
}

static float quantise(double part, double step, size_t *clipped)
{
    double limit = 1.0 - step;

    *clipped += part < -1.0 || part > limit ? 1 : 0;
    return (float)fmin(fmax(step * round(part / step), -1.0), limit);
}

/* Gain in steps of 1 dB, then so many bits. Share of clipped samples. */
static double convert(struct qw_rf_front_end *fe, double agc_db)
{
    double gain = pow(10.0, agc_db / 20.0);
    size_t clipped = 0;

    for (size_t i = 0; i < fe->samples; i++) {
        float re = quantise(gain * (double)crealf(fe->sample[i]), fe->step, &clipped);
        float im = quantise(gain * (double)cimagf(fe->sample[i]), fe->step, &clipped);

        fe->sample[i] = re + (float complex)I * im;
    }
    return (double)clipped / (2.0 * (double)fe->samples);
}

/* A shared clock knows when the frame was due: the window's place comes out of the phases. */
static void refer_to_schedule(const struct qw_rf_front_end *fe, double offset_hz, long early,
                              double complex *tone)
{
    const struct qw_sounding *sounding = &fe->sounding;
    double common = 2.0 * M_PI * offset_hz * (double)early / sounding->rate_hz;

    for (size_t k = 0; k < sounding->tone_count; k++) {
        double slope = 2.0 * M_PI * sounding->tones[k] * (double)early / (double)sounding->size;

        tone[k] *= cexp(I * (common + slope));
    }
}

bool qw_rf_front_end_measure(struct qw_rf_front_end *front_end, const double complex *tap,
                             struct qw_csi_frame *frame, struct qw_rf_report *report)
{
    struct qw_rf_front_end *fe = front_end;
    struct qw_rf_estimate estimate = { .tone = fe->tone };
    size_t first = (size_t)qw_prng_below(&fe->prng, fe->sounding.slack + 1);
    double power;
    double agc_db;
    double clipped;
    long early;

    superpose(fe, tap, first);
    power = fmax(receive(fe, first), 1e-12);
    agc_db = round(HEADROOM_DB - 10.0 * log10(power));
    clipped = convert(fe, agc_db);
    if (!qw_rf_receiver_estimate(fe->receiver, fe->sample, &estimate)) {
        return false;
    }
    early = (long)first - (long)estimate.start;
    if (fe->config.has_phase) {
        refer_to_schedule(fe, estimate.offset_hz, early, fe->tone);
    }
    qw_csi_frame_set_tones(frame, fe->sounding.carrier->format);
    for (size_t k = 0; k < fe->sounding.tone_count; k++) {
        frame->value[k] = (float complex)fe->tone[k];
    }
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->rssi_dbm = (float)(LEVEL_DBM + 10.0 * log10(power / (double)frame->tone_count));
    frame->noise_dbm = (float)(LEVEL_DBM - fe->config.snr_db);
    frame->agc_db = (float)agc_db;
    if (report != NULL) {
        *report = (struct qw_rf_report){ fe->offset_hz, fe->offset_hz - estimate.offset_hz, early,
                                         clipped };
    }
    return true;
}
