/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_FEITCSI_H
#define QW_RADIO_CAPTURE_FEITCSI_H

#include "radio/capture/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Files of FeitCSI (Intel AX200, AX210) [W15]: a head of 272 bytes and the matrix, repeated. */
enum { QW_FEITCSI_HEAD_LEN = 272 };

extern const struct qw_capture_importer qw_capture_feitcsi;

#endif
