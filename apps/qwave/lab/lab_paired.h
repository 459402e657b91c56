/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_PAIRED_H
#define QWAVE_LAB_LAB_PAIRED_H

#include "radio/air/medium.h"

/* Two captures of one exchange, one of each end, frame for frame as `qwave capture pair` writes
 * them: what the access point and the terminal of a session measured. Amplitudes of the first
 * antennas; nobody else listened. Every frame is scaled to mean power 1, since gains are each
 * receiver's own. session_gap_ns of the medium is the mean distance of two pairs, duration_ns the
 * time from the first to the last. error, 256 bytes, says why the files cannot be used:
 * QW_ERR_FORMAT (not the same number of frames, other numbers on the air, no 20 MHz format, too
 * few), QW_ERR_NOT_FOUND, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err lab_paired_new(const char *alice, const char *bob, struct qw_air_medium *medium,
                      char error[static 256]) QW_MUST_USE;

#endif
