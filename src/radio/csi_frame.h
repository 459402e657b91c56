/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CSI_FRAME_H
#define QW_RADIO_CSI_FRAME_H

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* One channel measurement, whatever radio or file it came from. */
enum { QW_CSI_TONES_MAX = 1024, QW_CSI_CHAINS_MAX = 9 }; /* chains = receive x transmit */

enum qw_csi_format { QW_CSI_LEGACY_20, QW_CSI_HT_20, QW_CSI_INTEL5300_20 };

struct qw_csi_frame {
    int64_t time_ns;   /* when it was measured, on the source's clock */
    uint64_t sequence; /* probe number, or the capture's counter */
    enum qw_csi_format format;
    uint8_t rx_count, tx_count; /* 1..3 each */
    uint16_t tone_count;
    float rssi_dbm;
    float noise_dbm;
    float agc_db;
    int16_t tone_index[QW_CSI_TONES_MAX]; /* subcarrier numbers, 0 = DC, ascending */
    float complex value[QW_CSI_CHAINS_MAX *
                        QW_CSI_TONES_MAX]; /* [(rx * tx_count + tx) * tone_count + tone] */
};

/* The tones of a format, ascending, in constant memory; 0 and NULL for an unknown format. */
size_t qw_csi_format_tones(enum qw_csi_format format, const int16_t **tones);

/* Sets format, tone_count and tone_index. */
void qw_csi_frame_set_tones(struct qw_csi_frame *frame, enum qw_csi_format format);

#endif
