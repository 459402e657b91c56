/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_QWAVE_H
#define QW_RADIO_CAPTURE_QWAVE_H

#include "radio/capture/format.h"

/* Our own capture format [W15]: everything that the internal frame holds, with a check value per
 * record. Bytes: docs/design/capture.md. */
enum {
    QW_CAPTURE_QWAVE_VERSION = 1,
    QW_CAPTURE_QWAVE_HEAD_LEN = 16,  /* of the file */
    QW_CAPTURE_QWAVE_FRAME_LEN = 68, /* of a record, before its arrays */
    QW_CAPTURE_QWAVE_CHECK_LEN = 8
};

extern const struct qw_capture_importer qw_capture_qwave;

#endif
