/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_TRACE_H
#define QWAVE_LAB_LAB_TRACE_H

#include "lab/lab_injector.h"
#include "radio/air.h"
#include "radio/air/medium.h"
#include "radio/carrier/carrier.h"
#include "radio/channel.h"
#include "radio/channel/surface.h"
#include "radio/csi_source.h"
#include "radio/front_end.h"

#include "radio/plkg/message.h"

#include <complex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One session's measurements of a simulated or replayed channel, made beforehand: what the access
 * point, the terminal and the eavesdropper hear of each probe pair. Both ends of a session then
 * read theirs through a qw_csi_source of its own. Laboratory only: in the demonstration the air is
 * a third process (docs/adr/0002). */
struct lab_channel {
    const struct qw_channel_kind *kind; /* NULL: a measured one */
    struct qw_air_medium *medium;       /* replayed, as far as it was not yet; NULL: simulated */
    char label[96];                     /* for people: "simulated channel tgn-d" */
    struct qw_channel_profile profile;
    const struct qw_carrier *carrier;
    bool is_sampled;  /* waveforms are sent and received, not measurements made */
    bool is_gap_open; /* of a cell: each end keeps the channel of its own moment */
    double speed_m_per_s;
    double snr_db;
    double eve_distance_m;
    double interval_s; /* between probes */
    /* Antennas in rows, and bands that a probe sweeps over; product 1..QW_FEATURE_CHAINS_MAX. */
    size_t access_point_antennas, terminal_antennas, bands;
    double antenna_spacing_m, band_spacing_hz;
    const struct qw_surface *surface;     /* borrowed; NULL: none; with one antenna and band only */
    enum lab_attack attack;               /* with one antenna and band only */
    double injected_power;                /* over the channel's */
    double loss;                          /* of frames, in each direction */
    struct qw_front_end_config front_end; /* of either honest end */
    uint64_t seed;
};

enum lab_view { LAB_ACCESS_POINT, LAB_TERMINAL, LAB_EVE_DOWN, LAB_EVE_UP, LAB_VIEWS };

struct lab_trace;

/* probes from start_s of the channel's clock on. noise_stream: another one gives other noise on the
 * same fading. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err lab_trace_new(const struct lab_channel *channel, double start_s, uint32_t probes,
                     uint64_t noise_stream, struct lab_trace **trace) QW_MUST_USE;
void lab_trace_free(struct lab_trace *trace); /* NULL is fine */

uint32_t lab_trace_probes(const struct lab_trace *trace);
/* False: nobody heard it there. Fills frame but for its unused values. */
bool lab_trace_frame(const struct lab_trace *trace, enum lab_view view, uint32_t probe,
                     struct qw_csi_frame *frame);

/* Which pilots the terminal has sent so far: the access point hears no others. */
struct lab_slots {
    atomic_uint passed;               /* slots of which it is settled */
    uint8_t sent[QW_PLKG_PROBES_MAX]; /* 1: sent */
};

/* The front end of one end (LAB_ACCESS_POINT or LAB_TERMINAL) in one session; borrows trace and
 * reader. */
struct lab_reader {
    const struct lab_trace *trace;
    enum lab_view view;
    uint32_t next;
    struct lab_slots *slots; /* borrowed, of both ends; NULL: everything was sent */
};
struct qw_csi_source lab_reader_source(struct lab_reader *reader, const struct lab_trace *trace,
                                       enum lab_view view);

#endif
