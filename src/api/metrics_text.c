/* SPDX-License-Identifier: Apache-2.0 */
#include "api/metrics_text.h"

#include <stdio.h>

enum { LINE_CAP = 512 };

static void write_line(struct qw_metrics_text *text, const char *line, int len)
{
    if (text->err == QW_OK) {
        text->err = len > 0 && len < LINE_CAP
                        ? qw_http_answer_write(text->answer, line, (size_t)len)
                        : QW_ERR_SPACE;
    }
}

void qw_metrics_family(struct qw_metrics_text *text, const char *name, const char *type,
                       const char *help)
{
    char line[LINE_CAP];

    write_line(text, line,
               snprintf(line, sizeof line, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type));
}

void qw_metrics_label(const char *text, char *out, size_t cap)
{
    size_t len = 0;

    for (; *text != '\0' && len + 2 < cap; text++) {
        if (*text == '"' || *text == '\\' || *text == '\n') {
            out[len++] = '\\';
        }
        out[len++] = *text == '\n' ? 'n' : *text;
    }
    out[len] = '\0';
}

void qw_metrics_sample(struct qw_metrics_text *text, const char *name, const char *labels,
                       double value)
{
    char line[LINE_CAP];
    bool has_labels = labels[0] != '\0';

    write_line(text, line,
               snprintf(line, sizeof line, "%s%s%s%s %.15g\n", name, has_labels ? "{" : "", labels,
                        has_labels ? "}" : "", value));
}

void qw_metrics_single(struct qw_metrics_text *text, const char *name, const char *type,
                       const char *help, double value)
{
    qw_metrics_family(text, name, type, help);
    qw_metrics_sample(text, name, "", value);
}
