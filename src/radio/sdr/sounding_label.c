/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/sdr/sounding_label.h"

#include <math.h>
#include <string.h>

enum { BITS = 32, DATA_BITS = 16, STATION_SHIFT = 12, CHECK_POLYNOMIAL = 0x1021 };

static uint32_t check_of(uint32_t data)
{
    uint32_t check = 0xffff;

    for (unsigned bit = 0; bit < DATA_BITS; bit++) {
        uint32_t top = check >> 15 ^ (data >> bit & 1u);

        check = (check << 1 & 0xffffu) ^ (top != 0 ? CHECK_POLYNOMIAL : 0);
    }
    return check;
}

uint32_t qw_sounding_label_encode(const struct qw_sounding_label *label)
{
    uint32_t data = (uint32_t)label->number | (uint32_t)label->station << STATION_SHIFT;

    qw_assert(label->number < QW_SOUNDING_NUMBERS && label->station < QW_SOUNDING_STATIONS);
    return data | check_of(data) << DATA_BITS;
}

bool qw_sounding_label_decode(uint32_t bits, struct qw_sounding_label *label)
{
    uint32_t data = bits & 0xffffu;

    if (bits >> DATA_BITS != check_of(data)) {
        return false;
    }
    *label = (struct qw_sounding_label){ .number = (uint16_t)(data & 0xfffu),
                                         .station = (uint8_t)(data >> STATION_SHIFT) };
    return true;
}

static const struct qw_sounding_field *last_of(const struct qw_sounding *sounding)
{
    return &sounding->field[sounding->field_count - 1];
}

static size_t prefix_of(const struct qw_sounding *sounding)
{
    return sounding->size / 4;
}

static size_t bin(const struct qw_sounding *sounding, size_t tone)
{
    int number = sounding->tones[tone];

    return (size_t)(number < 0 ? number + (int)sounding->size : number);
}

size_t qw_sounding_labelled_samples(const struct qw_sounding *sounding)
{
    return qw_sounding_samples(sounding) +
           QW_SOUNDING_LABEL_SYMBOLS * (prefix_of(sounding) + sounding->size);
}

/* Prefix and repeats of the symbol whose tones stand in work. */
static size_t put_symbol(const struct qw_sounding *sounding, const struct qw_dft *dft,
                         size_t prefix, size_t repeats, double complex *work, float complex *sample)
{
    double scale = 1.0 / sqrt((double)sounding->tone_count);
    size_t length = prefix + repeats * sounding->size;

    qw_dft_backward(dft, work);
    for (size_t i = 0; i < length; i++) {
        sample[i] = (float complex)(scale * work[(i + sounding->size - prefix) % sounding->size]);
    }
    return length;
}

void qw_sounding_frame_make(const struct qw_sounding *sounding, const struct qw_dft *dft,
                            const struct qw_sounding_label *label, double complex *work,
                            float complex *sample)
{
    const struct qw_sounding_field *last = last_of(sounding);
    uint32_t bits = qw_sounding_label_encode(label);

    for (size_t f = 0; f < sounding->field_count; f++) {
        const struct qw_sounding_field *field = &sounding->field[f];

        memset(work, 0, sounding->size * sizeof *work);
        for (size_t k = 0; k < sounding->tone_count; k++) {
            work[bin(sounding, k)] = field->training[k];
        }
        sample += put_symbol(sounding, dft, field->prefix, field->repeats, work, sample);
    }
    for (size_t s = 0; s < QW_SOUNDING_LABEL_SYMBOLS; s++) {
        memset(work, 0, sounding->size * sizeof *work);
        for (size_t k = 0; k < sounding->tone_count; k++) {
            size_t bit = (s * sounding->tone_count + k) % BITS;

            work[bin(sounding, k)] =
                (bits >> bit & 1u) != 0 ? -last->training[k] : last->training[k];
        }
        sample += put_symbol(sounding, dft, prefix_of(sounding), 1, work, sample);
    }
}

bool qw_sounding_label_read(const struct qw_sounding *sounding, const struct qw_dft *dft,
                            const float complex *sample, double offset_hz,
                            const double complex *tone, double complex *work,
                            struct qw_sounding_label *label)
{
    const struct qw_sounding_field *last = last_of(sounding);
    size_t first = qw_sounding_samples(sounding);
    double middle = (double)first - 0.5 * (double)(last->repeats * sounding->size);
    double angle = -2.0 * M_PI * offset_hz / sounding->rate_hz;
    double sum[BITS] = { 0.0 };
    uint32_t bits = 0;

    for (size_t s = 0; s < QW_SOUNDING_LABEL_SYMBOLS; s++) {
        size_t at = first + s * (prefix_of(sounding) + sounding->size) + prefix_of(sounding);

        for (size_t i = 0; i < sounding->size; i++) {
            work[i] =
                (double complex)sample[at + i] * cexp(I * angle * ((double)(at + i) - middle));
        }
        qw_dft_forward(dft, work);
        for (size_t k = 0; k < sounding->tone_count; k++) {
            sum[(s * sounding->tone_count + k) % BITS] +=
                creal(work[bin(sounding, k)] * conj(tone[k] * last->training[k]));
        }
    }
    for (size_t b = 0; b < BITS; b++) {
        bits |= sum[b] < 0.0 ? (uint32_t)1 << b : 0;
    }
    return qw_sounding_label_decode(bits, label);
}
