/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_LIVE_ESP32_SERIAL_H
#define QW_RADIO_LIVE_ESP32_SERIAL_H

#include "radio/live/receiver.h"

/* Lines of the ESP32 CSI tool from a serial line, or from any other character device or pipe.
 * Between measurements there may be anything: the reader begins anew with each line. */
struct qw_esp32_serial_config {
    const char *path;
    unsigned baud; /* of a terminal: 115200, 230400, 460800, 921600, 1000000, 1500000, 2000000 */
    size_t queue_records;
};

/* QW_ERR_ARG (a speed that is none of these), QW_ERR_NOT_FOUND, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_esp32_serial_open(const struct qw_esp32_serial_config *config,
                            struct qw_live_receiver **receiver) QW_MUST_USE;

#endif
