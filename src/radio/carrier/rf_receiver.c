/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/carrier/rf_receiver.h"

#include "radio/carrier/dft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Either sign of a frame has a share of its power in noise that is exponential: noise passes for a
 * frame in one window of 3000, which is little for a receiver that knows when to listen. */
static const double FALSE_ALARM_LN = 8.0;
enum { LANES = 8 };

struct qw_rf_receiver {
    struct qw_sounding sounding;
    struct qw_dft *dft;
    float complex *symbol; /* the first field's  [size] */
    double symbol_energy;
    double complex *window; /* [size] */
};

static size_t bin(const struct qw_rf_receiver *receiver, size_t tone)
{
    int number = receiver->sounding.tones[tone];

    return (size_t)(number < 0 ? number + (int)receiver->sounding.size : number);
}

static void make_symbol(struct qw_rf_receiver *receiver)
{
    const struct qw_sounding *sounding = &receiver->sounding;

    for (size_t i = 0; i < sounding->size; i++) {
        receiver->window[i] = 0.0;
    }
    for (size_t k = 0; k < sounding->tone_count; k++) {
        receiver->window[bin(receiver, k)] = sounding->field[0].training[k];
    }
    qw_dft_backward(receiver->dft, receiver->window);
    for (size_t i = 0; i < sounding->size; i++) {
        double complex value = receiver->window[i];

        receiver->symbol[i] = (float complex)value;
        receiver->symbol_energy += creal(value * conj(value));
    }
}

qw_err qw_rf_receiver_new(const struct qw_sounding *sounding, struct qw_rf_receiver **receiver)
{
    struct qw_rf_receiver *made = calloc(1, sizeof *made);
    qw_err err;

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->sounding = *sounding;
    made->symbol = calloc(sounding->size, sizeof *made->symbol);
    made->window = calloc(sounding->size, sizeof *made->window);
    err = made->symbol == NULL || made->window == NULL ? QW_ERR_NOMEM
                                                       : qw_dft_new(sounding->size, &made->dft);
    if (err != QW_OK) {
        qw_rf_receiver_free(made);
        return err;
    }
    make_symbol(made);
    *receiver = made;
    return QW_OK;
}

void qw_rf_receiver_free(struct qw_rf_receiver *receiver)
{
    if (receiver != NULL) {
        qw_dft_free(receiver->dft);
        free(receiver->symbol);
        free(receiver->window);
        free(receiver);
    }
}

/* The strongest path may come half a prefix after the first one. */
static size_t places(const struct qw_rf_receiver *receiver)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    size_t spread = sounding->field[sounding->field_count - 1].prefix / 2;

    return sounding->slack + spread + 1;
}

size_t qw_rf_receiver_samples(const struct qw_rf_receiver *receiver)
{
    return receiver->sounding.lead_samples + qw_sounding_samples(&receiver->sounding) +
           places(receiver);
}

static double power_of(double re, double im)
{
    return re * re + im * im;
}

/* |sum of conj(symbol) x sample|^2, in lanes that the compiler can keep side by side. */
static double match(const struct qw_rf_receiver *receiver, const float complex *sample)
{
    float re[LANES] = { 0.0f };
    float im[LANES] = { 0.0f };
    double sum[2] = { 0.0, 0.0 };

    for (size_t i = 0; i < receiver->sounding.size; i += LANES) {
        for (size_t k = 0; k < LANES; k++) {
            float a = crealf(receiver->symbol[i + k]);
            float b = cimagf(receiver->symbol[i + k]);
            float x = crealf(sample[i + k]);
            float y = cimagf(sample[i + k]);

            re[k] += a * x + b * y;
            im[k] += a * y - b * x;
        }
    }
    for (size_t k = 0; k < LANES; k++) {
        sum[0] += (double)re[k];
        sum[1] += (double)im[k];
    }
    return power_of(sum[0], sum[1]);
}

static double energy(const float complex *sample, size_t count)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++) {
        sum += power_of((double)crealf(sample[i]), (double)cimagf(sample[i]));
    }
    return sum;
}

/* Where the first symbol begins for the strongest path, and how much that path matches. */
static double find_place(const struct qw_rf_receiver *receiver, const float complex *sample,
                         size_t *place)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    const struct qw_sounding_field *field = &sounding->field[0];
    double best = -1.0;

    for (size_t p = 0; p < places(receiver); p++) {
        double matched = 0.0;

        for (size_t r = 0; r < field->repeats; r++) {
            matched += match(receiver, sample + field->prefix + p + r * sounding->size);
        }
        if (matched > best) {
            best = matched;
            *place = p;
        }
    }
    return best;
}

/* What repeats after a symbol's length, from half the prefix of a frame on: its angle is the
 * frequency. is_like: as much as of a frame. */
static double complex repetition(const struct qw_rf_receiver *receiver, const float complex *start,
                                 bool *is_like)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    const struct qw_sounding_field *field = &sounding->field[0];
    size_t count = field->prefix / 2 + (field->repeats - 1) * sounding->size;
    const float complex *from = start + field->prefix / 2;
    double complex sum = 0.0;
    double needed = FALSE_ALARM_LN / (double)count;

    for (size_t i = 0; i < count; i++) {
        sum += (double complex)(conjf(from[i]) * from[i + sounding->size]);
    }
    *is_like = power_of(creal(sum), cimag(sum)) >
               needed * energy(from, count) * energy(from + sounding->size, count);
    return sum;
}

/* Of the window's beginning before the strongest path: for weaker ones. */
static size_t early_samples(const struct qw_sounding *sounding)
{
    return sounding->field[sounding->field_count - 1].prefix / 4;
}

/* A symbol that is sent twice is known by its repetition, which no echo spoils; a long one that is
 * sent once by its match. */
static bool find(const struct qw_rf_receiver *receiver, const float complex *sample, size_t *start,
                 double *offset_hz)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    const struct qw_sounding_field *field = &sounding->field[0];
    size_t early = early_samples(sounding);
    double needed = (log((double)places(receiver)) + FALSE_ALARM_LN) / (double)sounding->size;
    size_t place = 0;
    double matched = find_place(receiver, sample, &place);
    bool is_repeated;
    double complex sum;

    *start = place > early ? place - early : 0;
    sum = repetition(receiver, sample + *start, &is_repeated);
    *offset_hz = carg(sum) * sounding->rate_hz / (2.0 * M_PI * (double)sounding->size);
    if (field->repeats > 1) {
        return is_repeated;
    }
    return matched > needed * receiver->symbol_energy *
                         energy(sample + field->prefix + place, sounding->size);
}

/* Sum over the repeats of the last field, each with its weight, turned back about the field's
 * middle.
 */
static void gather(struct qw_rf_receiver *receiver, const float complex *start, double offset_hz,
                   double second)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    size_t last = sounding->field_count - 1;
    size_t before = qw_sounding_samples(sounding) - qw_sounding_field_samples(sounding, last);
    size_t repeats = sounding->field[last].repeats;
    const float complex *field = start + before + sounding->field[last].prefix;
    double middle = 0.5 * (double)(repeats * sounding->size);
    double angle = -2.0 * M_PI * offset_hz / sounding->rate_hz;

    for (size_t i = 0; i < sounding->size; i++) {
        receiver->window[i] = 0.0;
        for (size_t r = 0; r < repeats; r++) {
            size_t at = r * sounding->size + i;
            double turn = angle * ((double)at - middle);
            double weight = r == 0 ? 1.0 : second;

            receiver->window[i] += weight * (double complex)field[at] * (cos(turn) + I * sin(turn));
        }
    }
}

/* The window's tones, without the training. */
static void read_tones(struct qw_rf_receiver *receiver, double complex *tone)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    const struct qw_sounding_field *field = &sounding->field[sounding->field_count - 1];
    double scale = 1.0 / (double)(field->repeats * sounding->size);

    qw_dft_forward(receiver->dft, receiver->window);
    for (size_t k = 0; k < sounding->tone_count; k++) {
        tone[k] = receiver->window[bin(receiver, k)] * scale * conj(field->training[k]);
    }
}

bool qw_rf_receiver_estimate(struct qw_rf_receiver *receiver, const float complex *sample,
                             struct qw_rf_estimate *estimate)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    const float complex *training = sample + sounding->lead_samples;

    if (!find(receiver, training, &estimate->start, &estimate->offset_hz)) {
        return false;
    }
    gather(receiver, training + estimate->start, estimate->offset_hz, 1.0);
    read_tones(receiver, estimate->tone);
    if (estimate->half != NULL) {
        gather(receiver, training + estimate->start, estimate->offset_hz, -1.0);
        read_tones(receiver, estimate->half);
    }
    return true;
}

bool qw_rf_receiver_early(const struct qw_rf_receiver *receiver, const float complex *sample,
                          const struct qw_rf_estimate *estimate, double complex *early)
{
    const struct qw_sounding *sounding = &receiver->sounding;
    const struct qw_sounding_field *field = &sounding->field[sounding->field_count - 1];
    size_t period = qw_sounding_lead_period(sounding);
    size_t first = early_samples(sounding) + period;
    double middle = (double)(sounding->lead_samples + qw_sounding_samples(sounding)) -
                    0.5 * (double)(field->repeats * sounding->size);
    double angle = -2.0 * M_PI * estimate->offset_hz / sounding->rate_hz;
    size_t found = 0;

    for (size_t k = 0; sounding->lead_samples > 0 && k < sounding->tone_count; k++) {
        double complex training =
            qw_sounding_lead_at(sounding->carrier->format, sounding->tones[k]);
        double slope = -2.0 * M_PI * sounding->tones[k] / (double)sounding->size;
        double complex sum = 0.0;

        if (creal(training) == 0.0) {
            continue;
        }
        for (size_t i = first; i < first + period; i++) {
            double turn = angle * ((double)i - middle) + slope * (double)i;

            sum += (double complex)sample[estimate->start + i] * (cos(turn) + I * sin(turn));
        }
        early[found++] = sum / (training * (double)period);
    }
    return found > 0;
}
