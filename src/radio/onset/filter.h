/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_ONSET_FILTER_H
#define QW_RADIO_ONSET_FILTER_H

#include "base/error.h"
#include "radio/csi_frame.h"

#include <complex.h>
#include <stddef.h>

/* What some tones of a frame say of the channel at the tones that its beginning has, when all its
 * paths come within given delays: the least squares of paths one sample apart [W9]. Linear and
 * fixed, so the noise of tones that are not among them is not in it. */
enum qw_onset_tones {
    QW_ONSET_ALL,
    QW_ONSET_BETWEEN, /* all but every fourth, which the beginning has */
    QW_ONSET_PART_1,  /* of those between, half: each fourth and each eighth */
    QW_ONSET_PART_2   /* the other half */
};

struct qw_onset_filter {
    size_t rows, tones;     /* early tones of one chain; tones of the format */
    double noise;           /* of a row, over that of a tone; the mean of all rows */
    double complex *weight; /* [rows * tones] */
};

/* Delays first..last in samples of 50 ns, first <= last. QW_ERR_ARG: a format whose frames have no
 * beginning, or more delays than tones. QW_ERR_NOMEM. Free with _clear. */
qw_err qw_onset_filter_init(struct qw_onset_filter *filter, enum qw_csi_format format,
                            enum qw_onset_tones from, int first, int last) QW_MUST_USE;
void qw_onset_filter_clear(struct qw_onset_filter *filter); /* zeroed is fine */

/* tone [tones], out [rows]. */
void qw_onset_filter_apply(const struct qw_onset_filter *filter, const double complex *tone,
                           double complex *out);

#endif
