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
static const double REACTION_MAX_S = 1.0;

struct qw_rf_front_end {
    struct qw_sounding sounding;
    struct qw_rf_receiver *receiver;
    struct qw_front_end_config config;
    struct qw_prng prng;
    double offset_hz;
    double noise_deviation; /* of each part of a sample */
    double step;            /* of the converter */
    double tracked_hz;      /* mean of the offsets found; of a common clock: the offset */
    double tracked;         /* frames in it */
    size_t taps;            /* of the channel, then of what is injected */
    size_t wave_samples;    /* of one tap's waveform: the sounding and the longest delay */
    float complex *wave;    /* what arrives over each tap at amplitude 1  [taps * wave_samples] */
    size_t samples;         /* that the receiver looks at */
    float complex *sample;
    double complex tone[QW_SOUNDING_TONES_MAX], half[QW_SOUNDING_TONES_MAX];
};

/* One field over one delay: the cyclic symbol, turned by the part of the delay below a sample.
 * training by tone; prefix and length in samples. */
static void add_field(const struct qw_sounding *sounding, const double complex *training,
                      const double complex *chain, size_t prefix, size_t length, double delay,
                      const struct qw_dft *dft, double complex *work, float complex *wave)
{
    double fraction = delay - floor(delay);

    memset(work, 0, sounding->size * sizeof *work);
    for (size_t k = 0; k < sounding->tone_count; k++) {
        int number = sounding->tones[k];
        size_t bin = (size_t)(number < 0 ? number + (int)sounding->size : number);

        work[bin] = training[k] * chain[k] *
                    cexp(-2.0 * M_PI * I * number * fraction / (double)sounding->size);
    }
    qw_dft_backward(dft, work);
    for (size_t i = 0; i < length; i++) {
        wave[(size_t)delay + i] =
            (float complex)work[(i + sounding->size - prefix % sounding->size) % sounding->size];
    }
}

/* A whole frame over one delay. */
static void make_wave(const struct qw_sounding *sounding, const double complex *chain, double delay,
                      const struct qw_dft *dft, double complex *work, float complex *wave)
{
    double complex lead[QW_SOUNDING_TONES_MAX];

    for (size_t k = 0; k < sounding->tone_count; k++) {
        lead[k] = sounding->lead_samples > 0
                      ? qw_sounding_lead_at(sounding->carrier->format, sounding->tones[k])
                      : 0.0;
    }
    add_field(sounding, lead, chain, 0, sounding->lead_samples, delay, dft, work, wave);
    wave += sounding->lead_samples;
    for (size_t f = 0; f < sounding->field_count; f++) {
        const struct qw_sounding_field *field = &sounding->field[f];
        size_t length = qw_sounding_field_samples(sounding, f);

        add_field(sounding, field->training, chain, field->prefix, length, delay, dft, work, wave);
        wave += length;
    }
}

static void make_waves(struct qw_rf_front_end *made, const struct qw_rf_config *config,
                       const double complex *chain, const struct qw_dft *dft, double complex *work)
{
    const struct qw_channel_profile *profile = config->profile;
    size_t late = (size_t)(config->reaction_s * made->sounding.rate_hz);

    for (size_t l = 0; l < made->taps; l++) {
        bool is_injected = l >= profile->tap_count;
        const struct qw_channel_tap *tap =
            is_injected ? &config->injected->tap[l - profile->tap_count] : &profile->tap[l];
        float complex *wave = &made->wave[l * made->wave_samples];

        make_wave(&made->sounding, chain, tap->delay_s * made->sounding.rate_hz, dft, work, wave);
        if (is_injected) { /* whoever reacts sends nothing before */
            memset(wave, 0, (late < made->wave_samples ? late : made->wave_samples) * sizeof *wave);
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
        make_waves(made, config, chain->chain, dft, work);
    }
    qw_dft_free(dft);
    free(work);
    free(chain);
    return err;
}

static double longest_of(const struct qw_rf_config *config)
{
    double longest_s = longest_delay_s(config->profile);

    return config->injected == NULL ? longest_s
                                    : fmax(longest_s, longest_delay_s(config->injected));
}

static bool config_ok(const struct qw_rf_config *config)
{
    return config->converter_bits >= 4 && config->converter_bits <= 16 &&
           qw_channel_profile_check(config->profile) == QW_OK &&
           (config->injected == NULL || qw_channel_profile_check(config->injected) == QW_OK) &&
           longest_of(config) <= DELAY_MAX_S && config->reaction_s >= 0.0 &&
           config->reaction_s <= REACTION_MAX_S;
}

qw_err qw_rf_front_end_new(const struct qw_rf_config *config, struct qw_rf_front_end **front_end)
{
    struct qw_rf_front_end *made;
    const struct qw_sounding_field *field;
    double longest_s;
    qw_err err;

    if (!config_ok(config)) {
        return QW_ERR_ARG;
    }
    longest_s = longest_of(config);
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_sounding_of(config->carrier, &made->sounding);
    (void)qw_sounding_lead(&made->sounding); /* a carrier without one has none */
    field = &made->sounding.field[made->sounding.field_count - 1];
    made->config = config->front_end;
    made->step = exp2(1.0 - (double)config->converter_bits);
    made->taps =
        config->profile->tap_count + (config->injected != NULL ? config->injected->tap_count : 0);
    made->wave_samples = made->sounding.lead_samples + qw_sounding_samples(&made->sounding) + 1 +
                         (size_t)(longest_s * made->sounding.rate_hz);
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

    return (double)(sounding->lead_samples + qw_sounding_samples(sounding)) -
           0.5 * (double)(field->repeats * sounding->size);
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
static double complex schedule_turn(const struct qw_rf_front_end *fe, double offset_hz, long early,
                                    int tone)
{
    const struct qw_sounding *sounding = &fe->sounding;
    double common = 2.0 * M_PI * offset_hz * (double)early / sounding->rate_hz;

    return cexp(I * (common + 2.0 * M_PI * tone * (double)early / (double)sounding->size));
}

/* The beginning of the frame, in terms of the same schedule. Where both ends share a clock the
 * frequency is that of the session, not of one frame: its error would be carried over 11 us. */
static void measure_early(struct qw_rf_front_end *fe, const struct qw_rf_estimate *found,
                          long place, struct qw_csi_frame *frame)
{
    struct qw_rf_estimate estimate = *found;
    double complex early[QW_CSI_EARLY_CHAIN_MAX];
    bool has_half = estimate.half != NULL;
    size_t count = 0;

    fe->tracked += 1.0;
    fe->tracked_hz += (found->offset_hz - fe->tracked_hz) / fe->tracked;
    estimate.offset_hz = fe->config.has_phase ? fe->tracked_hz : found->offset_hz;
    frame->has_early = qw_rf_receiver_early(fe->receiver, fe->sample, &estimate, early);
    for (size_t k = 0; frame->has_early && k < fe->sounding.tone_count; k++) {
        int tone = fe->sounding.tones[k];
        double complex turn =
            fe->config.has_phase ? schedule_turn(fe, found->offset_hz, place, tone) : 1.0;

        if (has_half) {
            frame->half[k] = (float complex)(turn * fe->half[k]);
        }
        if (creal(qw_sounding_lead_at(fe->sounding.carrier->format, tone)) != 0.0) {
            frame->early[count] = (float complex)(turn * early[count]);
            count++;
        }
    }
}

static bool has_two_symbols(const struct qw_sounding *sounding)
{
    return sounding->field[sounding->field_count - 1].repeats == 2;
}

bool qw_rf_front_end_measure(struct qw_rf_front_end *front_end, const double complex *tap,
                             struct qw_csi_frame *frame, struct qw_rf_report *report)
{
    struct qw_rf_front_end *fe = front_end;
    struct qw_rf_estimate estimate = { .tone = fe->tone,
                                       .half = has_two_symbols(&fe->sounding) ? fe->half : NULL };
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
    qw_csi_frame_set_tones(frame, fe->sounding.carrier->format);
    for (size_t k = 0; k < fe->sounding.tone_count; k++) {
        double complex turn = fe->config.has_phase ? schedule_turn(fe, estimate.offset_hz, early,
                                                                   fe->sounding.tones[k])
                                                   : 1.0;

        frame->value[k] = (float complex)(turn * fe->tone[k]);
    }
    measure_early(fe, &estimate, early, frame);
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
