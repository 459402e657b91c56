/* SPDX-License-Identifier: Apache-2.0 */
/* The records as a person reads them, those that were asked for. */
#define _GNU_SOURCE
#include "audit/audit.h"

#include "command.h"
#include "operator.h"
#include "store/journal/database.h"
#include "store/journal/export.h"

#include "api/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LINE_CAP = 2048, TIME_CAP = 32 };

struct show {
    const struct audit_arguments *arguments;
    uint64_t last_seq;
    bool has_items;
    qw_err err;
};

static void begin(const struct show *show)
{
    if (show->arguments->as_json) {
        printf("{\"records\":[");
    }
}

static void end(const struct show *show)
{
    if (show->arguments->as_json) {
        printf("]}\n");
    }
}

static void time_text(int64_t utc_ms, char out[static TIME_CAP])
{
    time_t seconds = (time_t)(utc_ms / 1000);
    struct tm parts;

    if (utc_ms < 0 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(out, TIME_CAP, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        (void)snprintf(out, TIME_CAP, "%" PRId64, utc_ms);
    }
}

static void print_json(struct show *show, const struct qw_audit_record *record)
{
    char line[LINE_CAP];
    struct qw_json_writer w = qw_json_writer_on(line, sizeof line);
    const struct {
        const char *name, *value;
    } texts[] = { { "actor", record->event.actor },
                  { "verb", record->event.verb },
                  { "object", record->event.object },
                  { "result", qw_err_text(record->event.result) },
                  { "detail", record->event.detail } };

    qw_json_object_begin(&w);
    qw_json_name(&w, "seq");
    qw_json_uint(&w, record->seq);
    qw_json_name(&w, "utc_ms");
    qw_json_int(&w, record->utc_ms);
    qw_json_name(&w, "start");
    qw_json_uint(&w, record->epoch);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        qw_json_name(&w, texts[i].name);
        qw_json_text(&w, texts[i].value);
    }
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w)); /* the longest texts of a record fit, all escaped */
    printf("%s%s", show->has_items ? "," : "", line);
    show->has_items = true;
}

static bool is_wanted(const struct audit_arguments *arguments, const struct qw_audit_record *record)
{
    return (arguments->who == NULL || strcmp(arguments->who, record->event.actor) == 0) &&
           (arguments->verb == NULL || strcmp(arguments->verb, record->event.verb) == 0) &&
           record->utc_ms >= arguments->since_ms && record->utc_ms < arguments->until_ms;
}

static bool print_record(void *self, const uint8_t *blob, size_t len)
{
    struct show *show = self;
    struct qw_audit_record record;
    char when[TIME_CAP];

    show->err = qw_audit_decode(blob, len, &record);
    if (show->err != QW_OK) {
        return false;
    }
    show->last_seq = record.seq;
    if (!is_wanted(show->arguments, &record)) {
        return true;
    }
    if (show->arguments->as_json) {
        print_json(show, &record);
        return true;
    }
    time_text(record.utc_ms, when);
    printf("%" PRIu64 " %s %s %s %s: %s%s%s\n", record.seq, when, record.event.actor,
           record.event.verb, record.event.object[0] != '\0' ? record.event.object : "-",
           qw_err_text(record.event.result), record.event.detail[0] != '\0' ? ", " : "",
           record.event.detail);
    return true;
}

static int finish(const struct show *show, qw_err err, const char *where, const char *message)
{
    end(show);
    if (err != QW_OK) {
        fprintf(stderr, "qwave audit: %s: %s\n", where,
                message[0] != '\0' ? message : qw_err_text(err));
    }
    return qw_exit_of(err);
}

int audit_show(struct operator_desk *desk, const struct audit_arguments *arguments)
{
    struct show show = { .arguments = arguments, .err = QW_OK };
    size_t count = AUDIT_PAGE;
    qw_err err = QW_OK;

    begin(&show);
    while (err == QW_OK && count == AUDIT_PAGE) {
        err = audit_ask_page(desk, show.last_seq, print_record, &show, &count);
        err = err == QW_OK ? show.err : err;
    }
    return finish(&show, err, "the centre", operator_message(desk));
}

int audit_show_file(const struct audit_arguments *arguments)
{
    struct show show = { .arguments = arguments, .err = QW_OK };
    struct qw_signed_head front;
    uint8_t blob[QW_AUDIT_BLOB_CAP];
    size_t len = 0;
    FILE *file = fopen(arguments->file, "rb");
    qw_err err;

    if (file == NULL) {
        fprintf(stderr, "qwave audit: %s: %s\n", arguments->file, strerror(errno));
        return EXIT_FAILED;
    }
    begin(&show);
    if (qw_journal_is_database(file)) {
        (void)fclose(file);
        err = qw_journal_database_read(arguments->file, print_record, &show);
        return finish(&show, err == QW_OK ? show.err : err, arguments->file, "");
    }
    err = qw_journal_export_open(file, &front);
    while (err == QW_OK) {
        err = qw_journal_export_next(file, blob, &len);
        if (err == QW_OK && !print_record(&show, blob, len)) {
            err = show.err;
        }
    }
    (void)fclose(file);
    return finish(&show, err == QW_ERR_NOT_FOUND ? QW_OK : err, arguments->file, "");
}
