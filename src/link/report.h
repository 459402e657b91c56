/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_REPORT_H
#define QW_LINK_REPORT_H

#include "base/error.h"
#include "link/association.h"

#include <stddef.h>

/* The state of all links of an agent, for people, programs and Prometheus. Key ids, never keys. */
enum qw_link_report_form {
    QW_LINK_REPORT_TEXT,
    QW_LINK_REPORT_JSON,
    QW_LINK_REPORT_PROMETHEUS,
    QW_LINK_REPORT_FORM_COUNT
};
extern const char *const qw_link_report_form_names[QW_LINK_REPORT_FORM_COUNT]; /* "text" */

struct qw_link_report_agent { /* borrowed texts */
    const char *name, *key_server;
};
struct qw_link_report_row { /* borrowed texts */
    const char *peer, *link, *sink;
    bool fails_open;
    struct qw_link_status status;
};

/* NUL-terminated into out [cap bytes, at least 1]. QW_ERR_SPACE: does not fit, or a name is not
 * UTF-8. */
qw_err qw_link_report(enum qw_link_report_form form, const struct qw_link_report_agent *agent,
                      const struct qw_link_report_row *rows, size_t count, char *out, size_t cap,
                      size_t *len) QW_MUST_USE;

#endif
