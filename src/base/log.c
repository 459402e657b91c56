/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { TEXT_CAP = 1024, STAMP_CAP = 40, PRIORITY_CAP = 8, PLACE_CAP = 48 };

static const char *level_name(enum qw_log_level level)
{
    switch (level) {
    case QW_LOG_ERROR:
        return "error";
    case QW_LOG_WARNING:
        return "warning";
    case QW_LOG_INFO:
        return "info";
    case QW_LOG_DEBUG:
        break;
    }
    return "debug";
}

/* sd-daemon(3): that of syslog, err 3 to debug 7, without notice. */
static int priority_of(enum qw_log_level level)
{
    return level == QW_LOG_ERROR ? 3 : level == QW_LOG_WARNING ? 4 : level == QW_LOG_INFO ? 6 : 7;
}

bool qw_log_is_journal(FILE *stream)
{
    const char *journal = getenv("JOURNAL_STREAM");
    char place[PLACE_CAP];
    struct stat status;

    if (journal == NULL || fstat(fileno(stream), &status) != 0) {
        return false;
    }
    (void)snprintf(place, sizeof place, "%ju:%ju", (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    return strcmp(journal, place) == 0;
}

static void stamp_now(char out[static STAMP_CAP])
{
    int64_t now_ms = qw_clock_utc_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts = { 0 };
    size_t len;

    gmtime_r(&seconds, &parts);
    len = strftime(out, STAMP_CAP, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + len, STAMP_CAP - len, ".%03dZ", (int)(now_ms % 1000));
}

void qw_log_set_level(struct qw_log *log, enum qw_log_level level)
{
    __atomic_store_n(&log->level, level, __ATOMIC_RELAXED);
}

void qw_log_write(const struct qw_log *log, enum qw_log_level level, const char *format, ...)
{
    char text[TEXT_CAP];
    char stamp[STAMP_CAP];
    char priority[PRIORITY_CAP] = "";
    va_list arguments;
    int len;

    if (log == NULL || level > __atomic_load_n(&log->level, __ATOMIC_RELAXED)) {
        return;
    }
    va_start(arguments, format);
    len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0) {
        return;
    }
    /* A peer's text must not be able to start a line of its own or move the cursor. */
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c == 0x7f) {
            *c = '?';
        }
    }
    stamp_now(stamp);
    if (log->has_priority) {
        (void)snprintf(priority, sizeof priority, "<%d>", priority_of(level));
    }
    /* stdio locks the stream for one call, so lines of several threads do not mix. */
    fprintf(log->stream, "%s%s %s %s: %s\n", priority, stamp, level_name(level), log->component,
            text);
    fflush(log->stream);
}
