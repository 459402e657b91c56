/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_SOUNDING_RECEIVER_H
#define QW_RADIO_SDR_SOUNDING_RECEIVER_H

#include "base/error.h"
#include "radio/carrier/carrier.h"
#include "radio/csi_frame.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From a stream of samples to frames [W1 W15]: where it goes on without a gap, finds labelled
 * soundings in it and measures them. Knows nothing of a device. */
enum {
    QW_SOUNDING_BLOCK_MAX = 65536, /* samples of one push */
    QW_SOUNDING_ANY_STATION = -1
};

#define QW_SOUNDING_RATE_MIN_HZ 1e5
#define QW_SOUNDING_RATE_MAX_HZ 1e8

struct qw_sounding_receiver_config {
    const struct qw_carrier *carrier; /* of Wi-Fi */
    double rate_hz;   /* another one than the carrier's makes frames of format other */
    int own_station;  /* whose frames are not the other end's, or ANY_STATION */
    int peer_station; /* the only one that is listened to (may be one's own: a cable from the
                         transmitter), or ANY_STATION */
    double centre_hz, gain_db; /* as they are written into frames */
};

struct qw_sounding_counters {
    uint64_t samples;
    uint64_t wild_samples; /* no number, infinite, over 16 times full scale: taken as 0 */
    uint64_t samples_lost; /* by the times of what came */
    uint64_t clock_jumps;  /* back, or ahead by over a second */
    uint64_t frames;       /* given */
    uint64_t no_label;     /* repeated like a sounding, and was none of ours, or too weak */
    uint64_t foreign;      /* of another station */
};

struct qw_sounding_receiver;

/* QW_ERR_ARG (a cell's carrier, a rate or a station out of range), QW_ERR_NOMEM. */
qw_err qw_sounding_receiver_new(const struct qw_sounding_receiver_config *config,
                                struct qw_sounding_receiver **receiver) QW_MUST_USE;
void qw_sounding_receiver_free(struct qw_sounding_receiver *receiver); /* NULL is fine */

/* The next samples [count <= QW_SOUNDING_BLOCK_MAX], the first one of which was taken at time_ns, a
 * number of at most 2^62 either way.
 * Call qw_sounding_receiver_next until it says false before the next push. */
void qw_sounding_receiver_push(struct qw_sounding_receiver *receiver, const float complex *sample,
                               size_t count, int64_t time_ns);
/* What comes next does not follow what came. */
void qw_sounding_receiver_break(struct qw_sounding_receiver *receiver);

/* Time of the sample that comes next; 0 before the first push. */
int64_t qw_sounding_receiver_time_ns(const struct qw_sounding_receiver *receiver);

/* The next frame of the peer; false: none in what was pushed. */
bool qw_sounding_receiver_next(struct qw_sounding_receiver *receiver, struct qw_csi_frame *frame);

struct qw_sounding_counters
qw_sounding_receiver_counters(const struct qw_sounding_receiver *receiver);

#endif
