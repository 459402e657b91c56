/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_FILE_H
#define QW_RADIO_CAPTURE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of a capture: a regular file is mapped, anything else (a pipe) is read to its end. The
 * file must not shrink while it is open. */
enum { QW_CAPTURE_STREAM_MAX = 1 << 28 }; /* bytes of a pipe */

struct qw_capture_file {
    const uint8_t *data; /* len bytes; NULL when len is 0 */
    size_t len;
    bool is_mapped;
};

/* QW_ERR_NOT_FOUND, QW_ERR_IO (also a folder), QW_ERR_SPACE (too long a pipe), QW_ERR_NOMEM. */
qw_err qw_capture_file_open(const char *path, struct qw_capture_file *file) QW_MUST_USE;
void qw_capture_file_close(struct qw_capture_file *file); /* NULL and zeroed are fine; zeroes it */

#endif
