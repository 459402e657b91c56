/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/onset.h"

#include "base/bits.h"
#include "base/secret.h"
#include "radio/onset/filter.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES_MAX = 1 << 20, TONES_MAX = 242 };

/* Delays in samples of 50 ns: of the key's numbers; and fewer than the 16 after which a path is one
 * at the tones of the beginning again, for two of them could not be told from none there. With
 * amplitudes only, from the middle of a frame's own ones: it begins when it likes. */
struct delays {
    int first, last;
};
static const struct delays KEY = { -2, 19 };
static const struct delays KEY_AROUND = { -9, 12 };
static const struct delays SHORT = { -2, 13 };
static const struct delays SHORT_AROUND = { -7, 8 };

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
/* Of one symbol the same, between two halves of its tones: their noise is in both, that of the
 * beginning, 0.92, only in what they differ from it by. Late echoes that move part the halves too,
 * so it takes more than those. */
static const double SHAPED_LEAST = 0.4;
static const double SHAPED_SHARE = 1.2; /* of what moves */
static const double DISTURBED_SYMBOL = 6.0;

enum part { EARLY, DIRECT, MOVING, BETWEEN_1, BETWEEN_2, PARTS };

struct row {          /* of 20 MHz, over all early tones */
    float noise;      /* of the mean of both symbols */
    float difference; /* of either symbol and the beginning, squared, mean */
};

struct qw_onset {
    struct qw_onset_shape shape;
    uint32_t probes, frames, blind; /* that did not know their beginning */
    uint8_t *heard;                 /* bit string over probes */
    struct row *row;                /* [probes] */
    float complex *value;           /* [probes * PARTS * early]; amplitudes where those are all */
    size_t tones, early;            /* of a chain; of all chains */
    size_t place[QW_CSI_EARLY_CHAIN_MAX]; /* of the early tones among all */
    struct qw_onset_filter moving, between[2];
};

static bool has_symbols(const struct qw_onset *onset) /* two of them */
{
    return onset->shape.format == QW_CSI_LEGACY_20;
}

static qw_err make_filter(const struct qw_onset *onset, enum qw_onset_tones from,
                          struct delays delays, struct qw_onset_filter *filter)
{
    return qw_onset_filter_init(filter, onset->shape.format, from, delays.first, delays.last);
}

static qw_err make_filters(struct qw_onset *onset)
{
    struct delays key = onset->shape.has_phase ? KEY : KEY_AROUND;
    struct delays shorter = onset->shape.has_phase ? SHORT : SHORT_AROUND;
    qw_err err;

    if (has_symbols(onset)) {
        err = make_filter(onset, QW_ONSET_ALL, KEY, &onset->moving);
        return err == QW_OK ? make_filter(onset, QW_ONSET_BETWEEN, shorter, &onset->between[0])
                            : err;
    }
    err = make_filter(onset, QW_ONSET_BETWEEN, key, &onset->moving);
    if (err == QW_OK) {
        err = make_filter(onset, QW_ONSET_PART_1, shorter, &onset->between[0]);
    }
    return err == QW_OK ? make_filter(onset, QW_ONSET_PART_2, shorter, &onset->between[1]) : err;
}

static qw_err make_room(struct qw_onset *onset)
{
    const int16_t *tones;

    onset->tones = qw_csi_format_tones(onset->shape.format, &tones);
    onset->early = onset->shape.chains * qw_csi_format_early(onset->shape.format, onset->place);
    if (onset->early == 0) {
        return QW_OK; /* nothing will ever be put */
    }
    onset->heard = calloc(QW_BITS_TO_BYTES(onset->probes), 1);
    onset->row = calloc(onset->probes, sizeof *onset->row);
    onset->value = calloc(onset->probes * PARTS * onset->early, sizeof *onset->value);
    if (onset->heard == NULL || onset->row == NULL || onset->value == NULL) {
        return QW_ERR_NOMEM;
    }
    return make_filters(onset);
}

qw_err qw_onset_new(uint32_t probes, const struct qw_onset_shape *shape, struct qw_onset **onset)
{
    struct qw_onset *made;
    qw_err err;

    if (probes == 0 || probes > PROBES_MAX || shape->chains > QW_CSI_ANTENNAS_MAX) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->shape = *shape;
    made->probes = probes;
    err = make_room(made);
    if (err != QW_OK) {
        qw_onset_free(made);
        return err;
    }
    *onset = made;
    return QW_OK;
}

void qw_onset_free(struct qw_onset *onset)
{
    if (onset != NULL) {
        if (onset->row != NULL) {
            qw_wipe(onset->row, onset->probes * sizeof *onset->row);
        }
        if (onset->value != NULL) {
            qw_wipe(onset->value, onset->probes * PARTS * onset->early * sizeof *onset->value);
        }
        qw_onset_filter_clear(&onset->moving);
        qw_onset_filter_clear(&onset->between[0]);
        qw_onset_filter_clear(&onset->between[1]);
        free(onset->heard);
        free(onset->row);
        free(onset->value);
        free(onset);
    }
}

static double square(double complex value)
{
    return creal(value) * creal(value) + cimag(value) * cimag(value);
}

/* One chain of a frame, without gain. */
struct chain {
    double complex early[QW_CSI_EARLY_CHAIN_MAX];
    double complex first[TONES_MAX], second[TONES_MAX]; /* symbols */
};

/* Takes the gain out, as radio/feature.c does. Power of the symbols' difference. */
static double read_chain(const struct qw_onset *onset, const struct qw_csi_frame *frame,
                         size_t number, struct chain *chain)
{
    const float complex *value = &frame->value[number * onset->tones];
    const float complex *early = &frame->early[number * onset->moving.rows];
    double gain = pow(10.0, -(double)frame->agc_db / 20.0);
    double noise = 0.0;

    for (size_t e = 0; e < onset->moving.rows; e++) {
        chain->early[e] = gain * (double complex)early[e];
    }
    for (size_t k = 0; k < onset->tones; k++) {
        float complex half = has_symbols(onset) ? frame->half[number * onset->tones + k] : 0.0f;

        chain->first[k] = gain * (double complex)(value[k] + half);
        chain->second[k] = gain * (double complex)(value[k] - half);
        noise += square(gain * (double complex)half);
    }
    return noise;
}

/* Paths around delay 0, wherever the frame was taken to begin. */
static void align(const struct qw_onset *onset, struct chain *chain)
{
    const int16_t *tones;
    double complex sum = 0.0;
    double angle;

    (void)qw_csi_format_tones(onset->shape.format, &tones);
    for (size_t k = 1; k < onset->tones; k++) {
        if (tones[k] - tones[k - 1] == 1) {
            sum += conj(chain->first[k - 1] + chain->second[k - 1]) *
                   (chain->first[k] + chain->second[k]);
        }
    }
    angle = carg(sum);
    for (size_t k = 0; k < onset->tones; k++) {
        double complex turn = cexp(-I * angle * tones[k]);

        chain->first[k] *= turn;
        chain->second[k] *= turn;
    }
}

static void keep(const struct qw_onset *onset, const double complex *value, float complex *out,
                 double *power)
{
    for (size_t e = 0; e < onset->moving.rows; e++) {
        double complex kept = onset->shape.has_phase ? value[e] : cabs(value[e]);

        out[e] = (float complex)kept;
        *power += square(kept);
    }
}

static void add_difference(const struct qw_onset *onset, const struct chain *chain, struct row *row)
{
    for (size_t e = 0; e < onset->moving.rows; e++) {
        double complex early = chain->early[e];
        double complex first = chain->first[onset->place[e]];
        double complex second = chain->second[onset->place[e]];
        double a = cabs(first) - cabs(early);
        double b = cabs(second) - cabs(early);

        row->difference +=
            (float)(0.5 * (onset->shape.has_phase ? square(first - early) + square(second - early)
                                                  : a * a + b * b));
    }
}

/* Its values at value [PARTS * early]. */
static void keep_chain(const struct qw_onset *onset, struct chain *chain, float complex *value,
                       double *power)
{
    const struct qw_onset_filter *other = &onset->between[has_symbols(onset) ? 0 : 1];
    double complex out[QW_CSI_EARLY_CHAIN_MAX];

    keep(onset, chain->early, &value[EARLY * onset->early], power);
    if (has_symbols(onset)) {
        qw_onset_filter_apply(&onset->moving, chain->second, out);
        keep(onset, out, &value[MOVING * onset->early], power);
    }
    if (!onset->shape.has_phase) {
        align(onset, chain);
    }
    for (size_t e = 0; e < onset->moving.rows; e++) {
        out[e] = chain->first[onset->place[e]];
    }
    keep(onset, out, &value[DIRECT * onset->early], power);
    if (!has_symbols(onset)) {
        qw_onset_filter_apply(&onset->moving, chain->first, out);
        keep(onset, out, &value[MOVING * onset->early], power);
    }
    qw_onset_filter_apply(&onset->between[0], chain->first, out);
    keep(onset, out, &value[BETWEEN_1 * onset->early], power);
    qw_onset_filter_apply(other, chain->second, out);
    keep(onset, out, &value[BETWEEN_2 * onset->early], power);
}

/* False: a value is not finite. */
static bool make_row(const struct qw_onset *onset, const struct qw_csi_frame *frame,
                     struct row *row, float complex *value)
{
    double rows_per_tone = (double)onset->moving.rows / (double)onset->tones;
    double noise = 0.0;
    double power = 0.0;
    struct chain chain;

    row->difference = 0.0f;
    for (size_t c = 0; c < onset->shape.chains; c++) {
        noise += read_chain(onset, frame, c, &chain);
        if (has_symbols(onset)) {
            add_difference(onset, &chain, row);
        }
        keep_chain(onset, &chain, &value[c * onset->moving.rows], &power);
    }
    row->noise = (float)(noise * rows_per_tone);
    return isfinite(power) && isfinite(noise);
}

void qw_onset_put(struct qw_onset *onset, uint32_t index, const struct qw_csi_frame *frame)
{
    bool is_known = onset->early > 0 && frame->has_early && frame->format == onset->shape.format &&
                    qw_csi_frame_early_count(frame) == onset->early;

    if (index >= onset->probes || (onset->early > 0 && qw_bit_get(onset->heard, index))) {
        return;
    }
    if (!is_known ||
        !make_row(onset, frame, &onset->row[index], &onset->value[index * PARTS * onset->early])) {
        onset->blind++;
        return;
    }
    qw_bit_set(onset->heard, index, true);
    onset->frames++;
}

struct means { /* over all frames */
    double complex of[PARTS][QW_CSI_EARLY_MAX];
};

static void find_means(const struct qw_onset *onset, struct means *means)
{
    memset(means, 0, sizeof *means);
    for (uint32_t i = 0; i < onset->probes; i++) {
        const float complex *value = &onset->value[i * PARTS * onset->early];

        for (size_t part = 0; qw_bit_get(onset->heard, i) && part < PARTS; part++) {
            for (size_t e = 0; e < onset->early; e++) {
                means->of[part][e] +=
                    (double complex)value[part * onset->early + e] / onset->frames;
            }
        }
    }
}

struct sum { /* of products of a frame, and of their squares */
    double value, squares;
};

struct sums {
    struct sum late, left_out;                 /* p and q */
    double moving, channel, difference, noise; /* of 20 MHz the last two from its symbols */
    double apart, between, direct;             /* of one symbol */
};

static void add_product(struct sum *sum, double product)
{
    sum->value += product;
    sum->squares += product * product;
}

static void add_row(const struct qw_onset *onset, uint32_t index, const struct means *means,
                    struct sums *sums)
{
    const float complex *value = &onset->value[index * PARTS * onset->early];
    double p = 0.0;
    double q = 0.0;

    for (size_t e = 0; e < onset->early; e++) {
        double complex is[PARTS], moved[PARTS];

        for (size_t part = 0; part < PARTS; part++) {
            is[part] = (double complex)value[part * onset->early + e];
            moved[part] = is[part] - means->of[part][e];
        }
        p += creal((is[DIRECT] - is[EARLY]) * conj(moved[MOVING]));
        q += creal((0.5 * moved[BETWEEN_1] - moved[DIRECT]) * conj(moved[BETWEEN_2]));
        sums->moving += square(moved[MOVING]);
        sums->channel += square(is[MOVING]);
        sums->apart += square(moved[BETWEEN_1] - moved[BETWEEN_2]);
        sums->between += 0.5 * (square(moved[BETWEEN_1]) + square(moved[BETWEEN_2]));
        sums->direct += square(is[DIRECT] - is[EARLY]);
        sums->difference += has_symbols(onset) ? 0.0
                                               : 0.5 * (square(moved[BETWEEN_1] - moved[EARLY]) +
                                                        square(moved[BETWEEN_2] - moved[EARLY]));
    }
    add_product(&sums->late, p);
    add_product(&sums->left_out, q);
    sums->difference += (double)onset->row[index].difference;
    sums->noise += (double)onset->row[index].noise;
}

/* Noise that the two halves of the tones between show, of one symbol. */
static double noise_of_halves(const struct qw_onset *onset)
{
    return onset->between[0].noise + onset->between[1].noise;
}

static bool is_hiding_in_symbols(const struct qw_onset *onset, const struct sums *sums)
{
    double least = onset->shape.has_phase                          ? SHAPED
                   : sums->channel > AMPLITUDES_FROM * sums->noise ? SHAPED_AMPLITUDES
                                                                   : 0.0;

    return sums->difference < least * sums->noise ||
           sums->difference > DISTURBED * sums->noise + DISTURBED_SHARE * sums->channel;
}

static bool is_hiding_in_tones(const struct qw_onset *onset, const struct sums *sums)
{
    bool is_clear = onset->shape.has_phase || sums->channel > AMPLITUDES_FROM * sums->noise;
    double least = 0.5 * noise_of_halves(onset) + SHAPED_LEAST;

    return (is_clear && sums->apart > SHAPED_SHARE * sums->between &&
            sums->difference < least * sums->noise) ||
           sums->direct > DISTURBED_SYMBOL * sums->noise + DISTURBED_SHARE * sums->channel;
}

static double deviations_of(const struct sum *sum, double allowed)
{
    return sum->squares > 0.0 ? (sum->value - allowed) / sqrt(sum->squares) : 0.0;
}

void qw_onset_judge(const struct qw_onset *onset, struct qw_onset_verdict *verdict)
{
    struct means means;
    struct sums sums = { 0 };
    bool is_hiding;

    *verdict = (struct qw_onset_verdict){ .late_db = NAN };
    if (onset->blind > 0 || onset->frames < QW_ONSET_FRAMES_MIN) {
        return;
    }
    find_means(onset, &means);
    for (uint32_t i = 0; i < onset->probes; i++) {
        if (qw_bit_get(onset->heard, i)) {
            add_row(onset, i, &means, &sums);
        }
    }
    if (!has_symbols(onset)) {
        sums.noise = sums.apart / noise_of_halves(onset);
    }
    is_hiding =
        has_symbols(onset) ? is_hiding_in_symbols(onset, &sums) : is_hiding_in_tones(onset, &sums);
    verdict->is_made = true;
    verdict->deviations = fmax(deviations_of(&sums.late, QW_ONSET_TOLERANCE * sums.moving),
                               deviations_of(&sums.left_out, 0.0));
    verdict->late_db = sums.late.value > 0.0 && sums.noise > 0.0
                           ? 10.0 * log10(sums.late.value / sums.noise)
                           : NAN;
    verdict->is_found = verdict->deviations > QW_ONSET_LIMIT || is_hiding;
}
