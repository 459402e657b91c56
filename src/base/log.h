/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_LOG_H
#define QW_BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>

/* Lines for the operator, one per call: "2026-11-22T19:00:00.123Z level component: text". Programs
 * own a log and pass it down; libraries return errors instead. Never a key, a part of one or its
 * hash: name things by id. */
enum qw_log_level { QW_LOG_ERROR, QW_LOG_WARNING, QW_LOG_INFO, QW_LOG_DEBUG };

struct qw_log {
    FILE *stream;            /* borrowed; usually stderr */
    const char *component;   /* borrowed; "ap", "terminal", "centre" */
    enum qw_log_level level; /* lines above it are dropped */
    bool has_priority;       /* "<4>" before each line, of which systemd's journal makes its own */
};

/* Whether what is written there goes to systemd's journal (JOURNAL_STREAM, systemd.exec(5)). */
bool qw_log_is_journal(FILE *stream);

/* Any thread, while others write. */
void qw_log_set_level(struct qw_log *log, enum qw_log_level level);

/* log may be NULL (nothing is written). Safe from several threads: one write per line. Control
 * characters of the text become '?'. */
void qw_log_write(const struct qw_log *log, enum qw_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
