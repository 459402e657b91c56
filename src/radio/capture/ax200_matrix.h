/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_AX200_MATRIX_H
#define QW_RADIO_CAPTURE_AX200_MATRIX_H

#include "base/bytes.h"
#include "radio/capture/format.h"

#include <stddef.h>
#include <stdint.h>

/* The channel matrix of the Intel AX200 and AX210, as two kinds of file carry it: s16 re, s16 im,
 * little-endian, tone fastest, then transmit, then receive chain. What the card reports at the
 * pilots of VHT and HE frames is no measurement and is left out. */
enum { QW_AX200_LEGACY = 1, QW_AX200_HT = 2, QW_AX200_VHT = 3, QW_AX200_HE = 4 };
enum { QW_AX200_SIDE_MAX = 2 }; /* antennas of these cards */

struct qw_ax200_rate {
    unsigned modulation; /* QW_AX200_... */
    unsigned width;      /* 0..3: 20, 40, 80, 160 MHz */
};

/* Sets format, tones, shape and values. Anything but QW_CAPTURE_FRAME: frame is not valid. */
enum qw_capture_outcome qw_ax200_matrix_to_frame(const uint8_t *matrix, size_t len,
                                                 const struct qw_ax200_rate *rate,
                                                 size_t tone_count, size_t rx_count,
                                                 size_t tx_count, struct qw_csi_frame *frame);

/* Appends the matrix with zeros at the pilots; gives the number of tones with them, 0 when the
 * card has no such frame. */
size_t qw_ax200_matrix_encode(const struct qw_csi_frame *frame, struct qw_writer *w,
                              struct qw_ax200_rate *rate);

#endif
