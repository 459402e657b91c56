/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CSI_FRAME_H
#define QW_RADIO_CSI_FRAME_H

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One channel measurement, whatever radio or file it came from. */
enum {
    QW_CSI_TONES_MAX = 2048,
    QW_CSI_CHAINS_MAX = 9, /* receive x transmit */
    QW_CSI_ANTENNAS_MAX = 4,
    QW_CSI_VALUES_MAX = 9 * 1024, /* of all chains */
    QW_CSI_SOURCE_LEN = 6,
    /* Of a frame whose beginning was measured apart (radio/onset.h): every fourth tone, so many of
     * each 20 MHz; and the tones of 20 MHz. */
    QW_CSI_EARLY_TONES = 12,
    QW_CSI_EARLY_CHAIN_MAX = 4 * QW_CSI_EARLY_TONES,
    QW_CSI_EARLY_MAX = QW_CSI_ANTENNAS_MAX * QW_CSI_EARLY_CHAIN_MAX,
    QW_CSI_HALF_TONES = 52,
    QW_CSI_HALF_MAX = QW_CSI_ANTENNAS_MAX * QW_CSI_HALF_TONES
};

/* The training field that was measured; sessions accept one of them.
 * tone_index says which of its tones a frame has. */
enum qw_csi_format {
    QW_CSI_LEGACY_20,
    QW_CSI_HT_20,
    QW_CSI_INTEL5300_20,
    QW_CSI_HT_40,
    QW_CSI_VHT_80,
    QW_CSI_VHT_160,
    QW_CSI_HE_20,
    QW_CSI_HE_40,
    QW_CSI_HE_80,
    QW_CSI_HE_160,
    QW_CSI_OTHER,  /* the tone list is all there is */
    QW_CSI_LTE_20, /* every sixth subcarrier of 96 resource blocks */
    QW_CSI_NR_40,  /* every fourth subcarrier of 104 resource blocks of 30 kHz */
    QW_CSI_FORMATS
};

/* What a frame of a capture knows; a frame of the air knows all of its levels and sets none. */
enum {
    QW_CSI_HAS_TIME = 1 << 0,
    QW_CSI_HAS_SOURCE = 1 << 1,
    QW_CSI_HAS_SEQUENCE = 1 << 2, /* sequence is the 12-bit number of the frame on the air */
    QW_CSI_IS_RETRY = 1 << 3,     /* repeats the sequence number of an earlier frame */
    QW_CSI_HAS_RSSI = 1 << 4,
    QW_CSI_HAS_NOISE = 1 << 5,
    QW_CSI_HAS_AGC = 1 << 6,
    QW_CSI_FLAGS = (1 << 7) - 1
};
#define QW_CSI_LEVEL_UNKNOWN (-128.0f)

struct qw_csi_frame {
    int64_t time_ns;   /* when it was measured, on the source's clock */
    uint64_t sequence; /* probe number, or the capture's counter */
    enum qw_csi_format format;
    uint8_t rx_count, tx_count; /* each >= 1, product <= QW_CSI_CHAINS_MAX */
    uint8_t rx_first, tx_first; /* number of the first chain, when a frame has one chain of many */
    uint8_t band_count;  /* of a sweep over several bands, each of all chains and tones; 0: one */
    uint16_t tone_count; /* rx_count * tx_count * tone_count <= QW_CSI_VALUES_MAX */
    uint16_t flags;      /* QW_CSI_HAS_... */
    uint16_t centre_mhz; /* of the channel, 0: unknown */
    uint8_t source[QW_CSI_SOURCE_LEN]; /* address of the transmitter */
    float rssi_dbm;
    float noise_dbm;
    float agc_db;
    float chain_rssi_dbm[QW_CSI_ANTENNAS_MAX]; /* per receive chain; QW_CSI_LEVEL_UNKNOWN */
    /* A frame of Wi-Fi 20, 40 or 80 MHz from one antenna, in one band, may know what its beginning
     * said of the channel, at tones -24, -20 .. -4, 4 .. 24 of each 20 MHz; and one of
     * QW_CSI_LEGACY_20 half of what its first long symbol said more than its second one, by tone.
     * Both by receive chain, after gain, like value. */
    bool has_early;
    float complex early[QW_CSI_EARLY_MAX];
    float complex half[QW_CSI_HALF_MAX];
    int16_t tone_index[QW_CSI_TONES_MAX];   /* subcarrier numbers, 0 = DC, ascending */
    float complex value[QW_CSI_VALUES_MAX]; /* [((band * rx_count + rx) * tx_count + tx) *
                                           tone_count +    tone] */
};

/* The tones of a format, ascending, in constant memory; 0 and NULL for an unknown format. */
size_t qw_csi_format_tones(enum qw_csi_format format, const int16_t **tones);

/* Of a format whose frames begin with a short training: how many tones that has, and where they are
 * among all; 0 for every other one. */
size_t qw_csi_format_early(enum qw_csi_format format, size_t place[static QW_CSI_EARLY_CHAIN_MAX]);

/* The name of a format in files and options, "ht20"; NULL for an unknown one. */
const char *qw_csi_format_name(enum qw_csi_format format);

/* Sets format, tone_count and tone_index. */
void qw_csi_frame_set_tones(struct qw_csi_frame *frame, enum qw_csi_format format);

/* Everything before the arrays to "unknown": one chain each, no tones. */
void qw_csi_frame_clear(struct qw_csi_frame *frame);

/* True when a frame has at least one tone and all its tones are among those of its format. */
bool qw_csi_frame_tones_fit(const struct qw_csi_frame *frame);

/* Takes the receiver's gain out of a frame: mean power 1 over all its values. The gain that was
 * reported is not used: its steps are coarse, and the same at whoever hears the same power. false,
 * and nothing is changed, when there is no power. */
bool qw_csi_frame_normalise(struct qw_csi_frame *frame);

/* Receive chains x transmit chains x bands, each with all tones. */
size_t qw_csi_frame_chain_count(const struct qw_csi_frame *frame);
size_t qw_csi_frame_value_count(const struct qw_csi_frame *frame);

/* How many values a frame of this shape has in early that knows its beginning; 0: it cannot, for
 * several transmit antennas begin as one, and the bands of a sweep come by the clock. And how many
 * in half. */
size_t qw_csi_early_count(enum qw_csi_format format, size_t rx, size_t tx, size_t bands);
size_t
qw_csi_frame_early_count(const struct qw_csi_frame *frame); /* 0 also when tones are missing */
size_t qw_csi_frame_half_count(const struct qw_csi_frame *frame);

#endif
