/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/onset.h"

#include "base/bits.h"
#include "base/secret.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    EARLY = QW_CSI_EARLY_TONES,
    TONES = QW_CSI_EARLY_VALUES,
    DELAY_FIRST = -2, /* of the key's numbers, in samples of 50 ns */
    DELAYS = 22,
    SYMBOL_SAMPLES = 64,
    PROBES_MAX = 1 << 20
};

/* Somebody who adds to the two long symbols differently can take his part out of the sum of
 * products, but then they differ more than their noise: |L1 - E|^2 and |L2 - E|^2, which are 3.85
 * times the noise of the mean of both symbols each, become less of it, 2 at last; of amplitudes
 * half of both, where noise is not all there is. Who disturbs every beginning to be lost in it
 * makes them far larger. */
static const double SHAPED = 2.9;
static const double SHAPED_AMPLITUDES = 1.25;
static const double AMPLITUDES_FROM = 3.0; /* of the channel over the noise */
static const double DISTURBED = 16.0;
static const double DISTURBED_SHARE = 0.1; /* of the channel: echoes that the beginning misses */

struct row {
    float complex early[EARLY], first[EARLY];
    float complex moving[EARLY];            /* L2 within the key's delays */
    float noise;                            /* of the mean of both symbols, sum over EARLY tones */
    float difference, amplitude_difference; /* of either symbol and the beginning, squared, mean */
};

struct qw_onset {
    uint32_t probes, frames, blind; /* that did not know their beginning */
    uint8_t *heard;                 /* bit string over probes */
    struct row *row;                /* [probes] */
    size_t place[EARLY];            /* of the early tones among all */
    double complex filter[EARLY * TONES];
};

/* Orthonormal vectors of the delays of the key's numbers, twice for what rounding leaves. */
static void make_delays(const int16_t *tones, double complex *vector)
{
    for (size_t m = 0; m < DELAYS; m++) {
        double complex *v = &vector[m * TONES];

        for (size_t k = 0; k < TONES; k++) {
            v[k] = cexp(-2.0 * M_PI * I * tones[k] * ((double)m + DELAY_FIRST) / SYMBOL_SAMPLES);
        }
        for (size_t i = 0; i < 2 * m; i++) {
            const double complex *u = &vector[i % m * TONES];
            double complex share = 0.0;

            for (size_t k = 0; k < TONES; k++) {
                share += conj(u[k]) * v[k];
            }
            for (size_t k = 0; k < TONES; k++) {
                v[k] -= share * u[k];
            }
        }
        double power = 0.0;

        for (size_t k = 0; k < TONES; k++) {
            power += creal(v[k] * conj(v[k]));
        }
        for (size_t k = 0; k < TONES; k++) {
            v[k] /= sqrt(power);
        }
    }
}

static void make_filter(struct qw_onset *onset)
{
    double complex vector[DELAYS * TONES];
    const int16_t *tones;
    size_t count = 0;

    (void)qw_csi_format_tones(QW_CSI_LEGACY_20, &tones);
    make_delays(tones, vector);
    for (size_t k = 0; k < TONES; k++) {
        if (tones[k] % 4 == 0) {
            onset->place[count++] = k;
        }
    }
    for (size_t e = 0; e < EARLY; e++) {
        for (size_t k = 0; k < TONES; k++) {
            double complex sum = 0.0;

            for (size_t m = 0; m < DELAYS; m++) {
                sum += vector[m * TONES + onset->place[e]] * conj(vector[m * TONES + k]);
            }
            onset->filter[e * TONES + k] = sum;
        }
    }
}

qw_err qw_onset_new(uint32_t probes, struct qw_onset **onset)
{
    struct qw_onset *made;

    if (probes == 0 || probes > PROBES_MAX) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->probes = probes;
    made->heard = calloc(QW_BITS_TO_BYTES(probes), 1);
    made->row = calloc(probes, sizeof *made->row);
    if (made->heard == NULL || made->row == NULL) {
        qw_onset_free(made);
        return QW_ERR_NOMEM;
    }
    make_filter(made);
    *onset = made;
    return QW_OK;
}

void qw_onset_free(struct qw_onset *onset)
{
    if (onset != NULL) {
        if (onset->row != NULL) {
            qw_wipe(onset->row, onset->probes * sizeof *onset->row);
        }
        free(onset->heard);
        free(onset->row);
        free(onset);
    }
}

static double square(double complex value)
{
    return creal(value) * creal(value) + cimag(value) * cimag(value);
}

static void add_difference(struct row *row, double complex early, double complex first,
                           double complex second)
{
    double a = cabs(first) - cabs(early);
    double b = cabs(second) - cabs(early);

    row->difference += (float)(0.5 * (square(first - early) + square(second - early)));
    row->amplitude_difference += (float)(0.5 * (a * a + b * b));
}

/* Takes the gain out, as radio/feature.c does. False: a value is not finite. */
static bool make_row(const struct qw_onset *onset, const struct qw_csi_frame *frame,
                     struct row *row)
{
    double gain = pow(10.0, -(double)frame->agc_db / 20.0);
    double complex second[TONES];
    double noise = 0.0;
    double sum = 0.0;

    for (size_t k = 0; k < TONES; k++) {
        second[k] = gain * (double complex)(frame->value[k] - frame->half[k]);
        noise += square(gain * (double complex)frame->half[k]);
    }
    row->noise = (float)(noise * EARLY / TONES);
    row->difference = 0.0f;
    row->amplitude_difference = 0.0f;
    for (size_t e = 0; e < EARLY; e++) {
        size_t k = onset->place[e];
        double complex moving = 0.0;

        for (size_t i = 0; i < TONES; i++) {
            moving += onset->filter[e * TONES + i] * second[i];
        }
        row->early[e] = (float complex)(gain * (double complex)frame->early[e]);
        row->first[e] = (float complex)(gain * (double complex)(frame->value[k] + frame->half[k]));
        row->moving[e] = (float complex)moving;
        add_difference(row, (double complex)row->early[e], (double complex)row->first[e],
                       second[k]);
        sum += square((double complex)row->early[e]) + square((double complex)row->first[e]) +
               square(moving);
    }
    return isfinite(sum) && isfinite(noise);
}

void qw_onset_put(struct qw_onset *onset, uint32_t index, const struct qw_csi_frame *frame)
{
    bool is_known = frame->has_early && frame->format == QW_CSI_LEGACY_20 &&
                    frame->tone_count == TONES && qw_csi_frame_chain_count(frame) == 1;

    if (index >= onset->probes || qw_bit_get(onset->heard, index)) {
        return;
    }
    if (!is_known || !make_row(onset, frame, &onset->row[index])) {
        onset->blind++;
        return;
    }
    qw_bit_set(onset->heard, index, true);
    onset->frames++;
}

/* What stands still in the moving part: its mean, or that of its amplitudes. */
static void find_means(const struct qw_onset *onset, bool has_phase, double complex *mean)
{
    for (size_t e = 0; e < EARLY; e++) {
        mean[e] = 0.0;
    }
    for (uint32_t i = 0; i < onset->probes; i++) {
        for (size_t e = 0; qw_bit_get(onset->heard, i) && e < EARLY; e++) {
            double complex value = (double complex)onset->row[i].moving[e];

            mean[e] += (has_phase ? value : cabs(value)) / onset->frames;
        }
    }
}

struct sums {
    double late, squares; /* of p, and of its square */
    double moving, channel, difference, noise;
};

static void add_row(const struct row *row, const double complex *mean, bool has_phase,
                    struct sums *sums)
{
    double p = 0.0;

    for (size_t e = 0; e < EARLY; e++) {
        double complex early = (double complex)row->early[e];
        double complex first = (double complex)row->first[e];
        double complex moving = (double complex)row->moving[e];
        double complex late = has_phase ? first - early : cabs(first) - cabs(early);
        double complex moved = (has_phase ? moving : cabs(moving)) - mean[e];

        p += creal(late * conj(moved));
        sums->moving += square(moved);
        sums->channel += square(moving);
    }
    sums->difference += (double)(has_phase ? row->difference : row->amplitude_difference);
    sums->noise += (double)row->noise;
    sums->late += p;
    sums->squares += p * p;
}

static bool is_hiding(const struct sums *sums, bool has_phase)
{
    double least = has_phase                                       ? SHAPED
                   : sums->channel > AMPLITUDES_FROM * sums->noise ? SHAPED_AMPLITUDES
                                                                   : 0.0;

    return sums->difference < least * sums->noise ||
           sums->difference > DISTURBED * sums->noise + DISTURBED_SHARE * sums->channel;
}

void qw_onset_judge(const struct qw_onset *onset, bool has_phase, struct qw_onset_verdict *verdict)
{
    double complex mean[EARLY];
    struct sums sums = { 0 };
    double excess;

    *verdict = (struct qw_onset_verdict){ .late_db = NAN };
    if (onset->blind > 0 || onset->frames < QW_ONSET_FRAMES_MIN) {
        return;
    }
    find_means(onset, has_phase, mean);
    for (uint32_t i = 0; i < onset->probes; i++) {
        if (qw_bit_get(onset->heard, i)) {
            add_row(&onset->row[i], mean, has_phase, &sums);
        }
    }
    excess = sums.late - QW_ONSET_TOLERANCE * sums.moving;
    verdict->is_made = true;
    verdict->deviations = sums.squares > 0.0 ? excess / sqrt(sums.squares) : 0.0;
    verdict->late_db =
        sums.late > 0.0 && sums.noise > 0.0 ? 10.0 * log10(sums.late / sums.noise) : NAN;
    verdict->is_found = verdict->deviations > QW_ONSET_LIMIT || is_hiding(&sums, has_phase);
}
