/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_MEETING_H
#define QWAVE_TERMINAL_MEETING_H

#include "base/log.h"
#include "base/wire.h"
#include "radio/csi_source.h"
#include "settings.h"

/* A connection to the access point and a place in the air. The log says what does not answer; close
 * both whatever comes back. */
qw_err meeting_begin(const struct settings *settings, const struct qw_log *log,
                     struct qw_wire *stream, struct qw_csi_source *radio) QW_MUST_USE;

/* Closes what meeting_begin has opened, and the wire over the stream; zeroed ones are fine. */
void meeting_end(const struct settings *settings, const struct qw_log *log, struct qw_wire *wire,
                 struct qw_wire *stream, struct qw_csi_source *radio);

#endif
