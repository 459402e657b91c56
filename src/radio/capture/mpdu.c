/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/capture/mpdu.h"

#include "radio/capture/load.h"

#include <string.h>

enum {
    TYPE_SHIFT = 2,
    TYPE_MANAGEMENT = 0,
    TYPE_DATA = 2,
    RETRY_BIT = 1 << 11,
    CONTROL_QOS_NULL = 0x00c8,
    AT_TRANSMITTER = 10,
    AT_SEQUENCE = 22,
    FRAGMENT_BITS = 4
};

void qw_mpdu_to_frame(const uint8_t *mpdu, size_t len, struct qw_csi_frame *frame)
{
    unsigned control;
    unsigned type;

    if (len < QW_MPDU_HEAD_LEN) {
        return;
    }
    control = qw_load_u16le(mpdu);
    type = control >> TYPE_SHIFT & 3;
    if ((control & 3) != 0 || (type != TYPE_MANAGEMENT && type != TYPE_DATA)) {
        return;
    }
    memcpy(frame->source, mpdu + AT_TRANSMITTER, QW_CSI_SOURCE_LEN);
    frame->sequence = (uint64_t)(qw_load_u16le(mpdu + AT_SEQUENCE) >> FRAGMENT_BITS);
    frame->flags |= QW_CSI_HAS_SOURCE | QW_CSI_HAS_SEQUENCE;
    frame->flags |= (uint16_t)((control & RETRY_BIT) != 0 ? QW_CSI_IS_RETRY : 0);
}

void qw_mpdu_from_frame(const struct qw_csi_frame *frame, uint8_t out[static QW_MPDU_HEAD_LEN])
{
    unsigned control = CONTROL_QOS_NULL;
    unsigned sequence = (unsigned)(frame->sequence & 0xfff) << FRAGMENT_BITS;

    memset(out, 0, QW_MPDU_HEAD_LEN);
    if ((frame->flags & QW_CSI_IS_RETRY) != 0) {
        control |= RETRY_BIT;
    }
    out[0] = (uint8_t)control;
    out[1] = (uint8_t)(control >> 8);
    memcpy(out + AT_TRANSMITTER, frame->source, QW_CSI_SOURCE_LEN);
    out[AT_SEQUENCE] = (uint8_t)sequence;
    out[AT_SEQUENCE + 1] = (uint8_t)(sequence >> 8);
}
