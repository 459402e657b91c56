/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_oracle.h"

#include "radio/feature.h"
#include "radio/plkg/reconcile.h"

#include <math.h>
#include <stdlib.h>

/* Sums of one number at both ends. */
struct moments {
    double n, x, y, xx, yy, xy;
};

static void add(struct moments *m, double x, double y)
{
    m->n += 1.0;
    m->x += x;
    m->y += y;
    m->xx += x * x;
    m->yy += y * y;
    m->xy += x * y;
}

static double variance_x(const struct moments *m)
{
    return fmax(m->xx / m->n - m->x * m->x / (m->n * m->n), 1e-9);
}

static double correlation(const struct moments *m)
{
    double covariance = m->xy / m->n - m->x * m->y / (m->n * m->n);
    double variance_y = fmax(m->yy / m->n - m->y * m->y / (m->n * m->n), 1e-9);

    return covariance / sqrt(variance_x(m) * variance_y);
}

/* As the end itself has it: without the slots in which the terminal was silent, since the scale of
 * the numbers follows from the power of all. */
static qw_err fill(const struct lab_reader *reader, struct qw_csi_frame *frame,
                   struct qw_feature_set *set)
{
    bool has_phase = lab_trace_channel(reader->trace)->front_end.has_phase;

    set->is_transposed = reader->view == QW_AIR_VIEW_TERMINAL;
    for (uint32_t i = 0; i < lab_trace_probes(reader->trace); i++) {
        if (reader->slots->sent[i] != 0 && lab_trace_frame(reader->trace, reader->view, i, frame)) {
            qw_err err = qw_feature_set_put(set, i, frame, has_phase);

            if (err != QW_OK) {
                return err;
            }
        }
    }
    qw_feature_set_fix(set);
    return QW_OK;
}

static void take_moments(const struct qw_feature_set *ap, const struct qw_feature_set *te,
                         size_t dims, struct moments *moments)
{
    for (uint32_t i = 0; i < ap->probes; i++) {
        if (qw_feature_set_has(ap, i) && qw_feature_set_has(te, i)) {
            const int32_t *x = qw_feature_set_row(ap, i);
            const int32_t *y = qw_feature_set_row(te, i);

            for (size_t d = 0; d < dims; d++) {
                add(&moments[d], x[d], y[d]);
            }
        }
    }
}

/* Signs about the means: what a session that keeps one bit of each number would have to mend. */
static double sign_errors(const struct qw_feature_set *ap, const struct qw_feature_set *te,
                          size_t dims, const struct moments *moments)
{
    double different = 0.0;
    double all = 0.0;

    for (uint32_t i = 0; i < ap->probes; i++) {
        if (qw_feature_set_has(ap, i) && qw_feature_set_has(te, i)) {
            for (size_t d = 0; d < dims; d++) {
                const struct moments *m = &moments[d];
                bool a = qw_feature_set_row(ap, i)[d] > m->x / m->n;
                bool b = qw_feature_set_row(te, i)[d] > m->y / m->n;

                different += a != b ? 1.0 : 0.0;
                all += 1.0;
            }
        }
    }
    return different / all;
}

static void report_moments(const struct moments *moments, size_t dims, const struct qw_model *model,
                           struct lab_session_report *report)
{
    double pairs = (double)report->ledger.coefficients / (double)dims;
    double mutual = 0.0;
    double string = 0.0;

    for (size_t d = 0; d < dims; d++) {
        double rho = correlation(&moments[d]);

        mutual -= 0.5 * log2(fmax(1.0 - rho * rho, 1e-12));
        if (model != NULL) {
            string +=
                0.5 * log2(2.0 * M_PI * M_E * variance_x(&moments[d])) - log2(model->width[d]);
        }
    }
    if (model != NULL) {
        report->mutual_bits = pairs * mutual;
        report->string_bits = pairs * string;
    }
}

static void look(const struct qw_feature_set *ap, const struct qw_feature_set *te,
                 const struct qw_model *model, struct lab_session_report *report)
{
    struct moments moments[QW_FEATURE_MAX] = { { 0 } };
    size_t dims = model != NULL ? model->dims : qw_feature_numbers(ap->stride, ap->plan.group);

    if (ap->stride == 0 || ap->stride != te->stride || dims > ap->stride) {
        return;
    }
    take_moments(ap, te, dims, moments);
    if (moments[0].n < 2.0) {
        return;
    }
    report->raw_disagreement = sign_errors(ap, te, dims, moments);
    report_moments(moments, dims, model, report);
}

qw_err lab_oracle_look(const struct lab_reader *access_point, const struct lab_reader *terminal,
                       const uint8_t *syndrome, size_t len, struct lab_session_report *report)
{
    uint32_t probes = lab_trace_probes(access_point->trace);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    struct qw_feature_set *ap = NULL;
    struct qw_feature_set *te = NULL;
    struct qw_plkg_syndrome said;
    bool has_model = syndrome != NULL && qw_plkg_syndrome_decode(syndrome, len, &said) == QW_OK;
    qw_err err = frame == NULL ? QW_ERR_NOMEM : qw_feature_set_new(probes, &ap);

    if (err == QW_OK) {
        err = qw_feature_set_new(probes, &te);
    }
    if (err == QW_OK) {
        err = fill(access_point, frame, ap);
    }
    if (err == QW_OK) {
        err = fill(terminal, frame, te);
    }
    if (err == QW_OK) {
        look(ap, te, has_model ? &said.model : NULL, report);
    }
    qw_feature_set_free(ap);
    qw_feature_set_free(te);
    free(frame);
    return err;
}
