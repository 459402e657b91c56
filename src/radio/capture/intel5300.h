/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_INTEL5300_H
#define QW_RADIO_CAPTURE_INTEL5300_H

#include "base/error.h"
#include "radio/capture/format.h"

#include <stddef.h>
#include <stdint.h>

/* Log files of the Intel 5300 CSI tool (linux-80211n-csitool) [W15]: repeated u16
 * big-endian length, u8 code, length - 1 bytes. Code 0xBB is a measurement, little-endian; every
 * other code is skipped. */
enum {
    QW_INTEL5300_TONES = 30,
    QW_INTEL5300_CHAINS_MAX = 9,
    QW_INTEL5300_CODE_CSI = 0xBB,
    QW_INTEL5300_SELECT_AS_IS = 0x24, /* antennas 0, 1, 2 */
    QW_INTEL5300_BODY_MAX = 20 + (QW_INTEL5300_TONES * (QW_INTEL5300_CHAINS_MAX * 16 + 3) + 7) / 8,
    QW_INTEL5300_RECORD_MAX = 3 + QW_INTEL5300_BODY_MAX
};

struct qw_intel5300_record { /* body of one 0xBB record, as the card wrote it */
    uint32_t time_us;        /* wraps */
    uint16_t count;          /* + 1 per measurement; gaps = lost */
    uint16_t reserved;
    uint8_t rx_count, tx_count; /* 1..3 */
    uint8_t rssi[3];            /* per antenna, 0: off */
    int8_t noise_dbm;           /* -127: unknown */
    uint8_t agc_db;
    uint8_t antenna_select; /* two bits per receive chain: the antenna it was switched to */
    uint16_t rate_flags;
    /* [tone][rx chain * tx_count + tx][re, im] */
    int8_t value[QW_INTEL5300_TONES][QW_INTEL5300_CHAINS_MAX][2];
};

/* Exactly one body; QW_ERR_FORMAT leaves *record untouched. The three bits before each group of the
 * bit stream carry nothing and are ignored. */
qw_err qw_intel5300_decode(const uint8_t *body, size_t len,
                           struct qw_intel5300_record *record) QW_MUST_USE;

/* Writes the record with its length and code; gives the length, 0 when it does not fit or the
 * shape is not 1..3 x 1..3. */
size_t qw_intel5300_encode(const struct qw_intel5300_record *record, uint8_t *out, size_t cap);

/* The bit stream alone, as other logs carry it too  [stream: qw_intel5300_stream_len bytes]: sets
 * tones, shape and values, in the order of antennas when antenna_select is a permutation below
 * rx_count, else in the order of chains. Both counts are 1..3. */
size_t qw_intel5300_stream_len(size_t rx_count, size_t tx_count);
void qw_intel5300_stream_to_frame(const uint8_t *stream, uint8_t rx_count, uint8_t tx_count,
                                  uint8_t antenna_select, struct qw_csi_frame *frame);

/* The stream of a frame, in the order SELECT_AS_IS; its length, 0 when the card has no such frame.
 */
size_t qw_intel5300_stream_from_frame(const struct qw_csi_frame *frame, uint8_t *out, size_t cap);

/* Whole files; measurements of 40 MHz channels (other tones) are unsupported. */
extern const struct qw_capture_importer qw_capture_intel5300;

#endif
