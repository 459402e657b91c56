/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_MODEL_H
#define QW_RADIO_MODEL_H

#include "base/error.h"
#include "radio/feature.h"
#include "radio/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What follows from the disclosed probes alone, and so costs nothing: how
 * each number is cut into cells, how many numbers of a probe earn their cost, and what the other
 * end's measurement says about them. */

/* Numbers of both ends on the disclosed probes, in probe order. */
struct qw_disclosed {
    size_t count;
    size_t stride;         /* numbers per probe */
    size_t group;          /* numbers per mode */
    size_t chains;         /* numbers of one mode that belong together; 0 counts as 1 */
    const uint32_t *index; /* probe numbers, ascending  [count] */
    const int32_t *x;      /* access point  [count * stride] */
    const int32_t *y;      /* terminal  [count * stride] */
};

/* The cells: sent once, so that both ends use the same ones. */
struct qw_model {
    uint8_t dims; /* the first ones of each probe; 1..QW_FEATURE_MAX, whole modes */
    int32_t centre[QW_FEATURE_MAX];
    uint32_t width[QW_FEATURE_MAX]; /* of a cell, fixed-point units */
    uint8_t depth[QW_FEATURE_MAX];  /* bits per number: 2^depth cells around the centre */
};

struct qw_model_report {
    double snr_db;                /* mean over the numbers used */
    enum qw_plkg_refusal refusal; /* NONE, or why there is nothing to gain */
};

/* Deviation of the receiver's belief in cells, the same for every number. Wider cells lose
 * information and need a code of a rate at which decoding is unsure (ADR 0028). */
#define QW_MODEL_SIGMA_CELLS 3.25

/* A terminal refuses (POLICY) cells that are wider or narrower than its own estimate asks for by
 * more than this. */
#define QW_MODEL_WIDTH_RATIO_MAX 2.0

/* Of amplitudes at most as many numbers are used as waves move (radio/amplitude/waves.h).
 * QW_ERR_REFUSED with report->refusal set: STATIC, LOW_RHO, PREDICTABLE, EVE_CORR, NO_GAIN.
 * QW_ERR_NOMEM. eve_correlation is what policy credits. */
qw_err qw_model_estimate(const struct qw_disclosed *disclosed, double eve_correlation,
                         struct qw_model *model, struct qw_model_report *report) QW_MUST_USE;

/* Fixed layout: dims, then centre (i32), width (u32), depth (u8) of each; big-endian. */
enum { QW_MODEL_LEN_MAX = 1 + QW_FEATURE_MAX * 9 };
size_t qw_model_encode(const struct qw_model *model, uint8_t out[static QW_MODEL_LEN_MAX]);
struct qw_reader;
bool qw_model_read(struct qw_reader *r, struct qw_model *model);

/* Cell of a number; *is_outside when it lies beyond all cells (the nearest is returned). */
uint16_t qw_model_symbol(const struct qw_model *model, size_t dim, int32_t value, bool *is_outside);
/* Centre of a cell, in fixed-point units. */
int32_t qw_model_value(const struct qw_model *model, size_t dim, uint16_t symbol);

/* Best linear belief about x from one or two observations of the same probe, both parts of the mode
 * each. */
enum { QW_BELIEF_SOURCES_MAX = 2, QW_BELIEF_WEIGHTS = 1 + 2 * QW_BELIEF_SOURCES_MAX };
struct qw_belief {
    size_t sources, group, dims;
    double weight[QW_FEATURE_MAX][QW_BELIEF_WEIGHTS];
    double deviation[QW_FEATURE_MAX]; /* of x given the observation, fixed-point units */
};

/* observation[s] has the shape of disclosed->x. QW_ERR_NOMEM. */
qw_err qw_belief_fit(const struct qw_disclosed *disclosed, const int32_t *const *observation,
                     size_t sources, size_t dims, struct qw_belief *belief) QW_MUST_USE;

/* Expected x[dim] in units of the model's cells, cell 0 starting at 0; observation[s] is one row.
 */
float qw_belief_cells(const struct qw_belief *belief, const struct qw_model *model, size_t dim,
                      const int32_t *const *observation);

#endif
