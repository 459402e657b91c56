/* SPDX-License-Identifier: Apache-2.0 */
#include "conform/report.h"

#include "command.h"

#include "base/error.h"
#include "json_print.h"

#include <stdio.h>
#include <stdlib.h>

enum { JSON_CAP = 1 << 15 };

struct conform_row *conform_report_begin(struct conform_report *report,
                                         const struct conform_title *title)
{
    struct conform_row *row = &report->rows[report->count];

    qw_assert(report->count < CONFORM_CHECKS_MAX);
    report->count++;
    *row = (struct conform_row){ .title = *title, .result = CONFORM_PASSED };
    return row;
}

void conform_report_end(struct conform_report *report, struct conform_row *row, bool has_passed)
{
    if (!has_passed && row->result == CONFORM_PASSED) {
        row->result = CONFORM_FAILED;
    }
    report->passed += row->result == CONFORM_PASSED ? 1 : 0;
    report->failed += row->result == CONFORM_FAILED ? 1 : 0;
    report->skipped += row->result == CONFORM_SKIPPED ? 1 : 0;
    report->mandatory_failed += row->result == CONFORM_FAILED && row->title.is_mandatory ? 1 : 0;
}

bool conform_row_wrong(struct conform_row *row, const char *format, va_list arguments)
{
    (void)vsnprintf(row->reason, sizeof row->reason, format, arguments);
    for (char *c = row->reason; *c != '\0'; c++) { /* a server's text may be anything */
        *c = *c < ' ' || *c > '~' ? '?' : *c;
    }
    row->result = CONFORM_FAILED;
    return false;
}

bool conform_row_skip(struct conform_row *row, const char *reason)
{
    (void)snprintf(row->reason, sizeof row->reason, "%s", reason);
    row->result = CONFORM_SKIPPED;
    return false;
}

static const char *word_of(const struct conform_row *row)
{
    static const char *const words[] = {
        [CONFORM_PASSED] = "passed", [CONFORM_FAILED] = "failed", [CONFORM_SKIPPED] = "skipped"
    };

    return words[row->result];
}

void conform_report_print(const struct conform_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct conform_row *row = &report->rows[i];

        printf("%-8s %-4s [%s] %s%s%s%s\n", word_of(row), row->title.id, row->title.clause,
               row->title.text, row->title.is_mandatory ? "" : " (good practice)",
               row->reason[0] != '\0' ? ": " : "", row->reason);
    }
    printf("%zu passed, %zu failed (%zu of them mandatory), %zu skipped\n", report->passed,
           report->failed, report->mandatory_failed, report->skipped);
}

static void write_row(struct qw_json_writer *w, const struct conform_row *row)
{
    qw_json_object_begin(w);
    qw_json_name(w, "id");
    qw_json_text(w, row->title.id);
    qw_json_name(w, "clause");
    qw_json_text(w, row->title.clause);
    qw_json_name(w, "text");
    qw_json_text(w, row->title.text);
    qw_json_name(w, "is_mandatory");
    qw_json_bool(w, row->title.is_mandatory);
    qw_json_name(w, "result");
    qw_json_text(w, word_of(row));
    qw_json_name(w, "reason");
    qw_json_text(w, row->reason);
    qw_json_object_end(w);
}

struct outcome {
    const struct conform_report *report;
    const char *standard;
};

static void write_outcome(struct qw_json_writer *w, const void *self)
{
    const struct outcome *outcome = self;
    const struct conform_report *report = outcome->report;

    qw_json_name(w, "standard");
    qw_json_text(w, outcome->standard);
    qw_json_name(w, "passed");
    qw_json_uint(w, report->passed);
    qw_json_name(w, "failed");
    qw_json_uint(w, report->failed);
    qw_json_name(w, "mandatory_failed");
    qw_json_uint(w, report->mandatory_failed);
    qw_json_name(w, "skipped");
    qw_json_uint(w, report->skipped);
    qw_json_name(w, "checks");
    qw_json_array_begin(w);
    for (size_t i = 0; i < report->count; i++) {
        write_row(w, &report->rows[i]);
    }
    qw_json_array_end(w);
}

bool conform_report_print_json(const struct conform_report *report, const char *standard)
{
    struct outcome outcome = { report, standard };

    return json_print(JSON_CAP, write_outcome, &outcome) == EXIT_DONE;
}
