/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_PICOSCENES_H
#define QW_RADIO_CAPTURE_PICOSCENES_H

#include "radio/capture/format.h"

/* PicoScenes files [W15]: frames of named segments. Measurements of the AX200, AX210, Intel 5300
 * and Atheros cards are read; those of software radios are unsupported. */
extern const struct qw_capture_importer qw_capture_picoscenes;

#endif
