/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "setup/setup_notes.h"

#include "base/clock.h"
#include "centre/seal/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

qw_err setup_notes_init(struct setup_notes *notes, const struct qw_log *log)
{
    *notes = (struct setup_notes){ .log = log };
    notes->events = calloc(SETUP_NOTES_MAX, sizeof *notes->events);
    return notes->events == NULL ? QW_ERR_NOMEM : QW_OK;
}

void setup_notes_free(struct setup_notes *notes)
{
    free(notes->events);
    notes->events = NULL;
}

/* The journal will know when it was written, and that is later. */
static void write_time(char *text, size_t cap)
{
    time_t now = (time_t)(qw_clock_utc_ms() / 1000);
    struct tm parts;

    if (gmtime_r(&now, &parts) == NULL || strftime(text, cap, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        text[0] = '\0';
    }
}

void setup_note(struct setup_notes *notes, const char *actor, const char *verb, const char *object,
                qw_err result, const char *detail)
{
    struct qw_audit_event *event;
    char at[32];

    qw_log_write(notes->log, result == QW_OK ? QW_LOG_INFO : QW_LOG_WARNING, "%s by %s%s%s: %s",
                 verb, actor[0] != '\0' ? actor : "the program", object[0] != '\0' ? ", " : "",
                 object, detail);
    if (notes->count == SETUP_NOTES_MAX) {
        notes->left_out++;
        return;
    }
    write_time(at, sizeof at);
    event = &notes->events[notes->count++];
    *event = (struct qw_audit_event){ .result = result };
    (void)snprintf(event->actor, sizeof event->actor, "setup%s%.64s", actor[0] != '\0' ? ":" : "",
                   actor);
    (void)snprintf(event->verb, sizeof event->verb, "%s", verb);
    (void)snprintf(event->object, sizeof event->object, "%s", object);
    (void)snprintf(event->detail, sizeof event->detail, "%s: %.90s", at, detail);
}

qw_err setup_notes_write(const struct setup_notes *notes, const struct qw_store *store,
                         const char *centre_id)
{
    struct qw_audit_event rest = { .actor = "setup", .verb = "setup-notes" };
    qw_err err = QW_OK;

    for (size_t i = 0; i < notes->count && err == QW_OK; i++) {
        struct qw_audit_event event = notes->events[i];

        if (event.object[0] == '\0') {
            (void)snprintf(event.object, sizeof event.object, "%s", centre_id);
        }
        err = qw_seal_journal(store, centre_id, &event);
    }
    if (err == QW_OK && notes->left_out > 0) {
        (void)snprintf(rest.object, sizeof rest.object, "%s", centre_id);
        (void)snprintf(rest.detail, sizeof rest.detail, "%zu further ones are in the log alone",
                       notes->left_out);
        err = qw_seal_journal(store, centre_id, &rest);
    }
    return err == QW_OK || err == QW_ERR_NOMEM ? err : QW_ERR_IO;
}
