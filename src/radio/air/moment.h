/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_MOMENT_H
#define QW_RADIO_AIR_MOMENT_H

#include "radio/air/message.h"

/* LOOK and MOMENT of docs/protocol/air.md: what a simulated air tells a viewer about one probe pair
 * at all its antennas. There is no such message of a real channel. */
enum qw_air_end { QW_AIR_END_ACCESS_POINT, QW_AIR_END_TERMINAL, QW_AIR_END_EVE, QW_AIR_ENDS };
enum {
    QW_AIR_MOMENT_HEAD_LEN = 9,
    QW_AIR_MOMENT_PART_MAX = 1 + 4 + QW_AIR_CSI_HEAD_LEN + (2 + 8) * QW_AIR_TONES_MAX,
    QW_AIR_MOMENT_MAX = QW_AIR_MOMENT_HEAD_LEN + QW_AIR_ENDS * QW_AIR_MOMENT_PART_MAX
};

struct qw_air_moment {
    uint64_t sequence;
    bool is_heard[QW_AIR_ENDS];             /* an end that heard nothing has no frame */
    struct qw_csi_frame frame[QW_AIR_ENDS]; /* of its first chain */
};

size_t qw_air_look_encode(uint8_t *out, size_t cap);
qw_err qw_air_look_decode(const uint8_t *data, size_t len) QW_MUST_USE;

/* A moment is written end by end, in the order of the enum, as the ends hear; 0: no room. */
size_t qw_air_moment_begin(uint64_t sequence, uint8_t *out, size_t cap);
/* Behind the len bytes that are there; the new length, or len when it does not fit. */
size_t qw_air_moment_add(enum qw_air_end end, const struct qw_csi_frame *frame, uint8_t *out,
                         size_t len, size_t cap);
/* Whatever moment holds after QW_ERR_FORMAT is not to be used: it is too large for a copy. */
qw_err qw_air_moment_decode(const uint8_t *data, size_t len,
                            struct qw_air_moment *moment) QW_MUST_USE;

#endif
