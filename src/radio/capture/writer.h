/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_WRITER_H
#define QW_RADIO_CAPTURE_WRITER_H

#include "base/error.h"
#include "radio/capture/format.h"

#include <stdbool.h>
#include <stdint.h>

/* A new capture file that holds whole records at any time: stopped anywhere, it can be read. When
 * the disk is full, what was written of a record is taken back. */
struct qw_capture_writer; /* opaque; one thread */

/* Creates the file (mode 0644) with the head of its format. QW_ERR_CONFLICT when it exists and
 * may_replace is false, QW_ERR_SPACE (disk full), QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_capture_writer_new(const char *path, enum qw_capture_format format, bool may_replace,
                             struct qw_capture_writer **writer) QW_MUST_USE;

/* Appends a frame. QW_ERR_ARG: the format has no place for it, nothing is written. QW_ERR_SPACE and
 * QW_ERR_IO end the file with the record before; from then on QW_ERR_STATE. */
qw_err qw_capture_writer_add(struct qw_capture_writer *writer,
                             const struct qw_csi_frame *frame) QW_MUST_USE;

uint64_t qw_capture_writer_bytes(const struct qw_capture_writer *writer);

/* Makes the file durable, closes it and frees. NULL is fine. QW_ERR_SPACE, QW_ERR_IO. */
qw_err qw_capture_writer_close(struct qw_capture_writer *writer) QW_MUST_USE;

#endif
