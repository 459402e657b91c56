/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_TRACE_LAB_READER_H
#define QWAVE_LAB_TRACE_LAB_READER_H

#include "lab/trace/lab_trace.h"
#include "radio/csi_source.h"
#include "radio/plkg/message.h"

#include <stdatomic.h>

/* Which pilots the terminal has sent so far: the access point hears no others. */
struct lab_slots {
    atomic_uint passed;               /* slots of which it is settled */
    uint8_t sent[QW_PLKG_PROBES_MAX]; /* 1: sent */
};

/* The radio of one end (QW_AIR_VIEW_ACCESS_POINT or _TERMINAL) in one session, which reads what was
 * measured beforehand; borrows trace and reader. */
struct lab_reader {
    const struct lab_trace *trace;
    enum qw_air_view view;
    uint32_t next;
    struct lab_slots *slots; /* borrowed, of both ends; NULL: everything was sent */
};
struct qw_csi_source lab_reader_source(struct lab_reader *reader, const struct lab_trace *trace,
                                       enum qw_air_view view);

#endif
