/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_METRICS_TEXT_H
#define QW_API_METRICS_TEXT_H

#include "api/http_server.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the text format of Prometheus, 0.0.4, into an answer. Failed once, it stays so. */
struct qw_metrics_text {
    struct qw_http_answer *answer; /* borrowed */
    qw_err err;
};

/* "# HELP" and "# TYPE" of a metric; type: "counter", "gauge" or "histogram". Every sample of it
 * follows. */
void qw_metrics_family(struct qw_metrics_text *text, const char *name, const char *type,
                       const char *help);
/* A text as it may stand between the quotes of a label: quote, backslash and line end are escaped;
 * what does not fit is left out. */
void qw_metrics_label(const char *text, char *out, size_t cap);
/* One sample; labels: "" or name="value" pairs with commas, values as they may stand. */
void qw_metrics_sample(struct qw_metrics_text *text, const char *name, const char *labels,
                       double value);
/* Family and its one sample. */
void qw_metrics_single(struct qw_metrics_text *text, const char *name, const char *type,
                       const char *help, double value);

#endif
