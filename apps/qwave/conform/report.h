/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_REPORT_H
#define QWAVE_CONFORM_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What became of the checks of a conformance suite. */
enum conform_result { CONFORM_PASSED, CONFORM_FAILED, CONFORM_SKIPPED };
enum { CONFORM_REASON_CAP = 160, CONFORM_CHECKS_MAX = 64 };

struct conform_title {
    const char *id, *clause;
    bool is_mandatory; /* "shall" of the standard; else good practice */
    const char *text;
};

struct conform_row {
    struct conform_title title;
    enum conform_result result;
    char reason[CONFORM_REASON_CAP]; /* why it failed or was skipped */
};

struct conform_report {
    struct conform_row rows[CONFORM_CHECKS_MAX];
    size_t count, passed, failed, skipped;
    size_t mandatory_failed;
};

/* A check begins, with a row of its own, and ends: failed when it did not pass, unless the row says
 * already what became of it. */
struct conform_row *conform_report_begin(struct conform_report *report,
                                         const struct conform_title *title);
void conform_report_end(struct conform_report *report, struct conform_row *row, bool has_passed);

/* Both give false and keep the reason; whatever a server said in it is made visible ASCII. */
bool conform_row_wrong(struct conform_row *row, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
bool conform_row_skip(struct conform_row *row, const char *reason);

/* To standard output. False: no memory. */
void conform_report_print(const struct conform_report *report);
bool conform_report_print_json(const struct conform_report *report, const char *standard);

#endif
