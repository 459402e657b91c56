/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_STEADY_LINE_H
#define QW_RADIO_STEADY_LINE_H

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* A wave that turns steadily, as line of sight does for somebody who walks: one line in the
 * spectrum of a series. It is the same in any two sessions of the same pace and says nothing about
 * the fading around it. */
struct qw_line_series {
    const uint32_t *index; /* ascending places of the values  [count]; NULL: 0, 1, 2 ... */
    float complex *value;  /* [count * stride], every stride-th one belongs to the series */
    size_t count, stride;
};

struct qw_line {
    double turn; /* radians from one place to the next, 0..2 pi */
    double complex amplitude;
    double share; /* of the series' power, 0..1 */
};

/* The strongest line: sure when it holds half of the power, else whatever was met. count >= 1. */
void qw_line_find(const struct qw_line_series *series, struct qw_line *line);

/* Takes the line out of the series. */
void qw_line_remove(const struct qw_line_series *series, const struct qw_line *line);

#endif
