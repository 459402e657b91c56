/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_ESP32_H
#define QW_RADIO_CAPTURE_ESP32_H

#include "radio/capture/clock.h"
#include "radio/capture/format.h"

#include <stddef.h>

/* Lines of the ESP32 CSI tool [W15]: 25 fields and the numbers of the tones, in files and on the
 * serial line. */
enum { QW_ESP32_LINE_MAX = 8192, QW_ESP32_NUMBERS_MAX = 612 };

/* One line without its end. Of a line with several training fields the one with the most tones is
 * taken. sequence is left alone; time follows the clock. */
enum qw_capture_outcome qw_esp32_line_to_frame(const char *line, size_t len,
                                               struct qw_capture_clock *clock,
                                               struct qw_csi_frame *frame);

extern const struct qw_capture_importer qw_capture_esp32;

#endif
