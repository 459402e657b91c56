/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_ATHEROS_H
#define QW_RADIO_CAPTURE_ATHEROS_H

#include "radio/capture/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Logs of the Atheros CSI tool (ath9k) [W15], of either byte order. */
extern const struct qw_capture_importer qw_capture_atheros;

/* The packed matrix alone: 10-bit numbers, imaginary before real, least significant bit first,
 * receive chain fastest, then transmit chain, then tone. Sets shape, tones and values; false when
 * len does not follow from the shape, or no format has so many tones. */
bool qw_atheros_matrix_to_frame(const uint8_t *packed, size_t len, size_t tone_count,
                                size_t rx_count, size_t tx_count, struct qw_csi_frame *frame);

#endif
