/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/csi_frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNEL_TONES = 64, EARLY_STEP = 4, EARLY_EDGE = 24 /* of 20 MHz: L-STF */ };

/* Tones that carry training symbols [802.11 OFDM, L-LTF]: -26..26 without DC. */
static const int16_t legacy_20[] = {
    -26, -25, -24, -23, -22, -21, -20, -19, -18, -17, -16, -15, -14, -13, -12, -11, -10, -9,
    -8,  -7,  -6,  -5,  -4,  -3,  -2,  -1,  1,   2,   3,   4,   5,   6,   7,   8,   9,   10,
    11,  12,  13,  14,  15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  26,
};

/* -28..28 without DC. */
static const int16_t ht_20[] = {
    -28, -27, -26, -25, -24, -23, -22, -21, -20, -19, -18, -17, -16, -15, -14, -13, -12, -11, -10,
    -9,  -8,  -7,  -6,  -5,  -4,  -3,  -2,  -1,  1,   2,   3,   4,   5,   6,   7,   8,   9,   10,
    11,  12,  13,  14,  15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  26,  27,  28,
};

/* The groups that the Intel 5300 reports of a 20 MHz HT channel. */
static const int16_t intel5300_20[] = {
    -28, -26, -24, -22, -20, -18, -16, -14, -12, -10, -8, -6, -4, -2, -1,
    1,   3,   5,   7,   9,   11,  13,  15,  17,  19,  21, 23, 25, 27, 28,
};

/* Runs of consecutive numbers. clang-format would make one line of each number. */
/* clang-format off */
#define RUN_4(a) (a), (a) + 1, (a) + 2, (a) + 3
#define RUN_16(a) RUN_4(a), RUN_4((a) + 4), RUN_4((a) + 8), RUN_4((a) + 12)
#define RUN_57(a) RUN_16(a), RUN_16((a) + 16), RUN_16((a) + 32), RUN_4((a) + 48), RUN_4((a) + 52), (a) + 56
#define RUN_64(a) RUN_16(a), RUN_16((a) + 16), RUN_16((a) + 32), RUN_16((a) + 48)
#define RUN_121(a) RUN_64(a), RUN_57((a) + 64)
#define RUN_242(a) RUN_121(a), RUN_121((a) + 121)
#define RUN_498(a) RUN_242(a), RUN_242((a) + 242), RUN_4((a) + 484), RUN_4((a) + 488), RUN_4((a) + 492), (a) + 496, (a) + 497
/* clang-format on */

static const int16_t ht_40[] = { RUN_57(-58), RUN_57(2) };
static const int16_t vht_80[] = { RUN_121(-122), RUN_121(2) }; /* HE 20 MHz has the same numbers */
static const int16_t vht_160[] = { RUN_121(-250), RUN_121(-126), RUN_121(6), RUN_121(130) };
static const int16_t he_40[] = { RUN_242(-244), RUN_242(3) };
static const int16_t he_80[] = { RUN_498(-500), RUN_498(3) };
static const int16_t he_160[] = { RUN_498(-1012), RUN_498(-509), RUN_498(12), RUN_498(515) };

/* Where cell reference signals (every 6th subcarrier) meet sounding signals (comb 2), and where
 * those for tracking meet sounding signals of comb 4. */
/* clang-format off */
#define COMB_8(a, step) (a), (a) + (step), (a) + 2 * (step), (a) + 3 * (step), (a) + 4 * (step), (a) + 5 * (step), (a) + 6 * (step), (a) + 7 * (step)
#define COMB_24(a, step) COMB_8(a, step), COMB_8((a) + 8 * (step), step), COMB_8((a) + 16 * (step), step)
#define COMB_96(a, step) COMB_24(a, step), COMB_24((a) + 24 * (step), step), COMB_24((a) + 48 * (step), step), COMB_24((a) + 72 * (step), step)
/* clang-format on */
static const int16_t lte_20[] = { COMB_96(-576, 6), COMB_96(0, 6) };
static const int16_t nr_40[] = { COMB_96(-624, 4), COMB_96(-240, 4), COMB_96(144, 4),
                                 COMB_24(528, 4) };

#define LIST(name, tones) name, tones, sizeof(tones) / sizeof(tones)[0]
static const struct {
    const char *name;
    const int16_t *tones;
    size_t count;
} formats[QW_CSI_FORMATS] = {
    [QW_CSI_LEGACY_20] = { LIST("legacy20", legacy_20) },
    [QW_CSI_HT_20] = { LIST("ht20", ht_20) },
    [QW_CSI_INTEL5300_20] = { LIST("intel5300-20", intel5300_20) },
    [QW_CSI_HT_40] = { LIST("ht40", ht_40) },
    [QW_CSI_VHT_80] = { LIST("vht80", vht_80) },
    [QW_CSI_VHT_160] = { LIST("vht160", vht_160) },
    [QW_CSI_HE_20] = { LIST("he20", vht_80) },
    [QW_CSI_HE_40] = { LIST("he40", he_40) },
    [QW_CSI_HE_80] = { LIST("he80", he_80) },
    [QW_CSI_HE_160] = { LIST("he160", he_160) },
    [QW_CSI_OTHER] = { "other", NULL, 0 },
    [QW_CSI_LTE_20] = { LIST("lte20", lte_20) },
    [QW_CSI_NR_40] = { LIST("nr40", nr_40) },
};

size_t qw_csi_format_tones(enum qw_csi_format format, const int16_t **tones)
{
    if ((unsigned)format >= QW_CSI_FORMATS) {
        *tones = NULL;
        return 0;
    }
    *tones = formats[format].tones;
    return formats[format].count;
}

/* From a tone to the middle of its 20 MHz, where a band has so many of these. */
static int tone_of_channel(int tone, int channels)
{
    int from_edge = tone + channels * CHANNEL_TONES / 2;

    return from_edge % CHANNEL_TONES - CHANNEL_TONES / 2;
}

size_t qw_csi_format_early(enum qw_csi_format format, size_t place[static QW_CSI_EARLY_CHAIN_MAX])
{
    int channels = format == QW_CSI_LEGACY_20 ? 1
                   : format == QW_CSI_HT_40   ? 2
                   : format == QW_CSI_VHT_80  ? 4
                                              : 0;
    const int16_t *tones;
    size_t all = qw_csi_format_tones(format, &tones);
    size_t count = 0;

    for (size_t k = 0; channels > 0 && k < all; k++) {
        int tone = abs(tone_of_channel(tones[k], channels));

        if (tone % EARLY_STEP == 0 && tone > 0 && tone <= EARLY_EDGE) {
            place[count++] = k;
        }
    }
    return count;
}

const char *qw_csi_format_name(enum qw_csi_format format)
{
    return (unsigned)format < QW_CSI_FORMATS ? formats[format].name : NULL;
}

void qw_csi_frame_set_tones(struct qw_csi_frame *frame, enum qw_csi_format format)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(format, &tones);

    frame->format = format;
    frame->tone_count = (uint16_t)count;
    if (count > 0) {
        memcpy(frame->tone_index, tones, count * sizeof *tones);
    }
}

void qw_csi_frame_clear(struct qw_csi_frame *frame)
{
    memset(frame, 0, offsetof(struct qw_csi_frame, tone_index));
    frame->format = QW_CSI_OTHER;
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->rssi_dbm = QW_CSI_LEVEL_UNKNOWN;
    frame->noise_dbm = QW_CSI_LEVEL_UNKNOWN;
    for (size_t i = 0; i < QW_CSI_ANTENNAS_MAX; i++) {
        frame->chain_rssi_dbm[i] = QW_CSI_LEVEL_UNKNOWN;
    }
}

size_t qw_csi_frame_chain_count(const struct qw_csi_frame *frame)
{
    size_t bands = frame->band_count > 1 ? frame->band_count : 1;

    return bands * frame->rx_count * frame->tx_count;
}

size_t qw_csi_frame_value_count(const struct qw_csi_frame *frame)
{
    return qw_csi_frame_chain_count(frame) * frame->tone_count;
}

size_t qw_csi_early_count(enum qw_csi_format format, size_t rx, size_t tx, size_t bands)
{
    size_t place[QW_CSI_EARLY_CHAIN_MAX];

    return tx == 1 && bands <= 1 && rx <= QW_CSI_ANTENNAS_MAX
               ? rx * qw_csi_format_early(format, place)
               : 0;
}

size_t qw_csi_frame_early_count(const struct qw_csi_frame *frame)
{
    const int16_t *tones;

    return frame->tone_count == qw_csi_format_tones(frame->format, &tones)
               ? qw_csi_early_count(frame->format, frame->rx_count, frame->tx_count,
                                    frame->band_count)
               : 0;
}

size_t qw_csi_frame_half_count(const struct qw_csi_frame *frame)
{
    return frame->format == QW_CSI_LEGACY_20 && qw_csi_frame_early_count(frame) > 0
               ? qw_csi_frame_value_count(frame)
               : 0;
}

bool qw_csi_frame_tones_fit(const struct qw_csi_frame *frame)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(frame->format, &tones);
    size_t at = 0;

    for (size_t k = 0; k < frame->tone_count; k++, at++) {
        while (at < count && tones[at] != frame->tone_index[k]) {
            at++;
        }
        if (at >= count) {
            return false;
        }
    }
    return frame->tone_count > 0;
}

bool qw_csi_frame_normalise(struct qw_csi_frame *frame)
{
    size_t count = qw_csi_frame_value_count(frame);
    double power = 0.0;
    float scale;

    for (size_t i = 0; i < count; i++) {
        double re = (double)crealf(frame->value[i]);
        double im = (double)cimagf(frame->value[i]);

        power += re * re + im * im;
    }
    if (!(power > 0.0) || !isfinite(power)) {
        return false;
    }
    scale = (float)sqrt((double)count / power);
    for (size_t i = 0; i < count; i++) {
        frame->value[i] *= scale;
    }
    return true;
}
