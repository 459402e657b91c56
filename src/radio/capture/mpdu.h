/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_MPDU_H
#define QW_RADIO_CAPTURE_MPDU_H

#include "radio/csi_frame.h"

#include <stddef.h>
#include <stdint.h>

/* What the header of the measured 802.11 frame tells, where a capture kept it: transmitter,
 * sequence number, retry. Control frames have no number. */
enum { QW_MPDU_HEAD_LEN = 24 };

/* Sets source, sequence and flags of frame from the first bytes of a frame; leaves them alone when
 * they are too few, or no data or management frame. */
void qw_mpdu_to_frame(const uint8_t *mpdu, size_t len, struct qw_csi_frame *frame);

/* A QoS null frame with the address, number and retry bit of frame  [out: QW_MPDU_HEAD_LEN]. */
void qw_mpdu_from_frame(const struct qw_csi_frame *frame, uint8_t out[static QW_MPDU_HEAD_LEN]);

#endif
