/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_TRACE_LAB_LISTEN_H
#define QWAVE_LAB_TRACE_LAB_LISTEN_H

#include "lab/trace/lab_trace.h"

/* All measurements of a session, made beforehand: both ends then read theirs (lab_reader.h), and
 * the eavesdropper hers. Laboratory only: in the demonstration the air is a third process
 * (docs/adr/0002). probes from start_s of the channel's clock on; noise_stream: another one gives
 * other noise on the same fading. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err lab_listen(const struct lab_channel *channel, double start_s, uint32_t probes,
                  uint64_t noise_stream, struct lab_trace **trace) QW_MUST_USE;

#endif
