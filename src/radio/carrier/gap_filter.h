/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CARRIER_GAP_FILTER_H
#define QW_RADIO_CARRIER_GAP_FILTER_H

#include "base/error.h"
#include "radio/csi_frame.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Brings periodic measurements of one direction to an instant that both directions have in common.
 * A cell sends its reference signals every period, and the other direction's come milliseconds
 * later: without this each end would know the channel of another moment. A fixed, public filter
 * over QW_GAP_FILTER_TAPS measurements: the best linear estimate for a channel whose Doppler is
 * evenly spread up to QW_GAP_FILTER_DOPPLER of the rate of the measurements, in noise of 20 dB. It
 * depends on nothing that was measured. A faster channel passes only in part; both ends then differ
 * by what the filter leaves. */
enum { QW_GAP_FILTER_TAPS = 9, QW_GAP_FILTER_REACH = QW_GAP_FILTER_TAPS / 2 };
#define QW_GAP_FILTER_DOPPLER 0.3

struct qw_gap_filter {
    double weight[QW_GAP_FILTER_TAPS]; /* of measurements index - REACH .. index + REACH */
    enum qw_csi_format format;
    size_t tones;
    int64_t next; /* number of the first measurement that was not asked for yet */
    bool is_heard[QW_GAP_FILTER_TAPS];
    float complex *value;     /* the last ones, without gain  [TAPS * tones], by number mod TAPS */
    struct qw_csi_frame *raw; /* the last one; its levels go on */
};

/* ahead: how far after measurement number i the common instant i lies, in periods, -1..1.
 * QW_ERR_ARG: out of range, or a format without tones. QW_ERR_NOMEM. Free with _clear. */
qw_err qw_gap_filter_init(struct qw_gap_filter *filter, enum qw_csi_format format,
                          double ahead) QW_MUST_USE;
void qw_gap_filter_clear(struct qw_gap_filter *filter); /* zeroed is fine */

/* The channel at common instant index, from measurements index - REACH to index + REACH, which
 * measure delivers in order, each number at most once (numbers may be negative; false: not heard).
 * index must grow. False: one of the measurements is missing. Fills values and levels of frame. */
bool qw_gap_filter_at(struct qw_gap_filter *filter, int64_t index,
                      bool (*measure)(void *self, int64_t number, struct qw_csi_frame *frame),
                      void *self, struct qw_csi_frame *frame);

#endif
