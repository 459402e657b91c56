/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "shipping/syslog_line.h"

#include "base/hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    LOG_AUDIT = 13, /* facility [RFC 5424 6.2.1] */
    NOTICE = 5,
    WARNING = 4,
    TIME_CAP = 32,
    WORD_CAP = 33 /* of a MSGID, with NUL */
};

/* Milliseconds of a time before 1970 or beyond any calendar: "-", as for none. */
static void time_text(int64_t utc_ms, char out[static TIME_CAP])
{
    time_t seconds = (time_t)(utc_ms / 1000);
    struct tm parts;
    char text[TIME_CAP];

    if (utc_ms < 0 || gmtime_r(&seconds, &parts) == NULL || parts.tm_year > 9999 - 1900 ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        memcpy(out, "-", 2);
        return;
    }
    (void)snprintf(out, TIME_CAP, "%.19s.%03dZ", text, (int)(utc_ms % 1000));
}

/* Header fields have no spaces; an empty one is "-". */
static void word(const char *text, char *out, size_t cap)
{
    size_t i;

    for (i = 0; text[i] != '\0' && i + 1 < cap; i++) {
        out[i] = text[i] == ' ' ? '_' : text[i];
    }
    out[i] = '\0';
    if (i == 0) {
        memcpy(out, "-", 2);
    }
}

qw_err syslog_line_write(const struct qw_audit_record *record, char line[static SYSLOG_LINE_CAP],
                         size_t *len)
{
    const struct qw_audit_event *event = &record->event;
    bool is_good = event->result == QW_OK;
    char when[TIME_CAP], host[QW_AUDIT_NAME_CAP], verb[WORD_CAP];
    char hash[2 * QW_AUDIT_HASH_LEN + 1];
    char text[SYSLOG_LINE_CAP];
    int written;

    time_text(record->utc_ms, when);
    word(record->node, host, sizeof host);
    word(event->verb, verb, sizeof verb);
    qw_hex_encode(record->hash, sizeof record->hash, hash);
    written = snprintf(text, sizeof text,
                       "<%d>1 %s %s qwaved - %s [qwave@32473 seq=\"%" PRIu64 "\" start=\"%" PRIu64
                       "\" result=\"%d\" hash=\"%s\"] %s %s %s: %s%s%s",
                       LOG_AUDIT * 8 + (is_good ? NOTICE : WARNING), when, host, verb, record->seq,
                       record->epoch, (int)event->result, hash, event->actor, event->verb,
                       event->object[0] != '\0' ? event->object : "-", qw_err_text(event->result),
                       event->detail[0] != '\0' ? ", " : "", event->detail);
    if (written < 0 || (size_t)written >= sizeof text) {
        return QW_ERR_SPACE;
    }
    memcpy(line, text, (size_t)written + 1);
    *len = (size_t)written;
    return QW_OK;
}
