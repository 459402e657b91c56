/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/carrier/sounding.h"

#include <math.h>
#include <string.h>

enum { LEGACY_EDGE = 26, LEGACY_HALF = 32 /* tones from a 20 MHz channel's edge to its middle */ };

/* Long training symbols of 20 MHz, tones -26..-1 and 1..26 [802.11 OFDM, L-LTF]. */
static const int8_t left[LEGACY_EDGE] = { 1, 1, -1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1,
                                          1, 1, -1, -1, 1, 1, -1, 1, -1, 1, 1, 1, 1 };
static const int8_t right[LEGACY_EDGE] = { 1,  -1, -1, 1,  1,  -1, 1,  -1, 1,  -1, -1, -1, -1,
                                           -1, 1,  1,  -1, -1, 1,  -1, 1,  -1, 1,  1,  1,  1 };
/* Short training symbols, every fourth tone from -24 to 24: signs of (1 + j) sqrt(13/6) [802.11
 * OFDM, L-STF]. */
static const int8_t lead[13] = { 1, -1, 1, -1, -1, 1, 0, -1, -1, 1, 1, 1, 1 };
enum { LEAD_EDGE = 24 };
/* What the wider training has between and beside those. */
static const int8_t middle_40[7] = { -1, -1, -1, 1, 0, 0, 0 };
static const int8_t middle_40_right[4] = { -1, 1, 1, -1 };
static const int8_t bridge_80[11] = { -1, -1, -1, 1, 1, -1, 1, -1, 1, 1, -1 };
static const int8_t middle_80[11] = { 1, -1, 1, -1, 0, 0, 0, 1, -1, -1, 1 };

struct row { /* training by tone, from the lowest on */
    int8_t value[256];
    size_t count;
};

static void put(struct row *row, const int8_t *value, size_t count)
{
    memcpy(&row->value[row->count], value, count);
    row->count += count;
}

/* 53 tones, the middle one of which is sent too. */
static void put_block(struct row *row)
{
    const int8_t one = 1;

    put(row, left, LEGACY_EDGE);
    put(row, &one, 1);
    put(row, right, LEGACY_EDGE);
}

static void make_wide_row(enum qw_csi_format format, struct row *row)
{
    row->count = 0;
    put_block(row);
    if (format == QW_CSI_HT_40) {
        put(row, middle_40, sizeof middle_40);
        put(row, middle_40_right, sizeof middle_40_right);
    } else {
        put(row, bridge_80, sizeof bridge_80);
        put_block(row);
        put(row, middle_80, sizeof middle_80);
        put_block(row);
        put(row, bridge_80, sizeof bridge_80);
    }
    put_block(row);
}

/* Of a 20 MHz channel at its own tone number. */
static int legacy_at(int tone)
{
    if (tone == 0 || tone < -LEGACY_EDGE || tone > LEGACY_EDGE) {
        return 0;
    }
    return tone < 0 ? left[tone + LEGACY_EDGE] : right[tone - 1];
}

static int channels_of(enum qw_csi_format format)
{
    return format == QW_CSI_LEGACY_20 ? 1 : format == QW_CSI_HT_40 ? 2 : 4;
}

/* Of everything above the lowest 20 MHz, so that the sum over the band stays flat. */
static double complex turn_of(enum qw_csi_format format, int tone)
{
    if (tone + channels_of(format) * LEGACY_HALF < 2 * LEGACY_HALF) {
        return 1.0;
    }
    return format == QW_CSI_HT_40 ? I : -1.0;
}

/* A tone's number in its own 20 MHz. */
static int place_in_channel(enum qw_csi_format format, int tone)
{
    return (tone + channels_of(format) * LEGACY_HALF) % (2 * LEGACY_HALF) - LEGACY_HALF;
}

/* L-LTF in every 20 MHz of the band. */
static void fill_legacy(const struct qw_sounding *sounding, struct qw_sounding_field *field)
{
    enum qw_csi_format format = sounding->carrier->format;

    field->repeats = 2;
    field->prefix = sounding->size / 2;
    for (size_t k = 0; k < sounding->tone_count; k++) {
        int tone = sounding->tones[k];

        field->training[k] =
            turn_of(format, tone) * (double)legacy_at(place_in_channel(format, tone));
    }
}

static void fill_wide(const struct qw_sounding *sounding, struct qw_sounding_field *field)
{
    struct row row;

    make_wide_row(sounding->carrier->format, &row);
    field->repeats = 1;
    field->prefix = sounding->size / 4;
    for (size_t k = 0; k < sounding->tone_count; k++) {
        int tone = sounding->tones[k];

        field->training[k] =
            turn_of(sounding->carrier->format, tone) * (double)row.value[tone - sounding->tones[0]];
    }
}

static void fill_cell(const struct qw_sounding *sounding, struct qw_sounding_field *field)
{
    field->repeats = 1;
    field->prefix = 144; /* of the normal cyclic prefix at 2048 samples */
    for (size_t k = 0; k < sounding->tone_count; k++) {
        double n = (double)k;

        field->training[k] = cexp(-M_PI * I * n * n / (double)sounding->tone_count);
    }
}

void qw_sounding_of(const struct qw_carrier *carrier, struct qw_sounding *sounding)
{
    struct qw_sounding made = { .carrier = carrier };

    made.tone_count = qw_csi_format_tones(carrier->format, &made.tones);
    if (carrier->is_cellular) {
        made.size = 2048;
        made.offset_ppm = 0.1; /* of a terminal that follows its cell */
        made.slack = 16;
        made.field_count = 1;
        fill_cell(&made, &made.field[0]);
    } else {
        made.size = carrier->format == QW_CSI_LEGACY_20 ? 64
                    : carrier->format == QW_CSI_HT_40   ? 128
                                                        : 256;
        made.offset_ppm = 20.0;
        made.slack = made.size / 4;
        made.field_count = carrier->format == QW_CSI_LEGACY_20 ? 1 : 2;
        fill_legacy(&made, &made.field[0]);
        if (made.field_count == 2) {
            fill_wide(&made, &made.field[1]);
        }
    }
    made.rate_hz = carrier->spacing_hz * (double)made.size;
    *sounding = made;
}

bool qw_sounding_lead(struct qw_sounding *sounding)
{
    if (sounding->carrier->is_cellular) {
        return false;
    }
    sounding->lead_samples = QW_SOUNDING_LEAD_PERIODS * qw_sounding_lead_period(sounding);
    return true;
}

size_t qw_sounding_lead_period(const struct qw_sounding *sounding)
{
    return sounding->size / QW_SOUNDING_LEAD_STEP;
}

double complex qw_sounding_lead_at(enum qw_csi_format format, int tone)
{
    int place = place_in_channel(format, tone);

    if (place < -LEAD_EDGE || place > LEAD_EDGE || place % QW_SOUNDING_LEAD_STEP != 0) {
        return 0.0;
    }
    return turn_of(format, tone) * sqrt(13.0 / 6.0) * (1.0 + I) *
           (double)lead[(place + LEAD_EDGE) / QW_SOUNDING_LEAD_STEP];
}

size_t qw_sounding_field_samples(const struct qw_sounding *sounding, size_t field)
{
    return sounding->field[field].prefix + sounding->field[field].repeats * sounding->size;
}

size_t qw_sounding_samples(const struct qw_sounding *sounding)
{
    size_t samples = 0;

    for (size_t f = 0; f < sounding->field_count; f++) {
        samples += qw_sounding_field_samples(sounding, f);
    }
    return samples;
}
