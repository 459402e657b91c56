/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_TRACE_LAB_TRACE_H
#define QWAVE_LAB_TRACE_LAB_TRACE_H

#include "base/error.h"
#include "lab/trace/lab_channel.h"
#include "radio/air/view.h"
#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stdint.h>

/* The measurements of one session: what the access point, the terminal and the eavesdropper heard
 * of each probe pair. */
struct lab_trace;

/* Room for so many probes, none of them heard. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err lab_trace_new(const struct lab_channel *channel, uint32_t probes,
                     struct lab_trace **trace) QW_MUST_USE;
void lab_trace_free(struct lab_trace *trace); /* NULL is fine */

void lab_trace_keep(struct lab_trace *trace, enum qw_air_view view, uint32_t probe,
                    const struct qw_csi_frame *frame);
/* It was lost after all. */
void lab_trace_lose(struct lab_trace *trace, enum qw_air_view view, uint32_t probe);
bool lab_trace_has(const struct lab_trace *trace, enum qw_air_view view, uint32_t probe);

uint32_t lab_trace_probes(const struct lab_trace *trace);
/* Where it was measured; what that borrows may be gone. */
const struct lab_channel *lab_trace_channel(const struct lab_trace *trace);
/* How many antennas received and sent what a view hears, and in how many bands. */
void lab_trace_shape(const struct lab_trace *trace, enum qw_air_view view,
                     struct qw_csi_frame *frame);
/* False: nobody heard it there. Fills frame but for its unused values. */
bool lab_trace_frame(const struct lab_trace *trace, enum qw_air_view view, uint32_t probe,
                     struct qw_csi_frame *frame);

#endif
