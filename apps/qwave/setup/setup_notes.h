/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_NOTES_H
#define QWAVE_SETUP_SETUP_NOTES_H

#include "base/log.h"
#include "store/audit.h"

#include <stddef.h>

/* What happened at the set-up before there was a journal: each entry goes to the log at once, and
 * all of them into the new centre's journal, in their order, each with its time [C10]. One thread
 * at a time. */
enum { SETUP_NOTES_MAX = 256 };

struct setup_notes {
    const struct qw_log *log;
    struct qw_audit_event *events; /* [SETUP_NOTES_MAX] */
    size_t count;
    size_t left_out; /* came when the list was full: the journal says how many */
};

qw_err setup_notes_init(struct setup_notes *notes, const struct qw_log *log) QW_MUST_USE;
void setup_notes_free(struct setup_notes *notes); /* what is inside */

/* actor: the address of the browser; "" for the program itself. object: what it was about, "" for
 * the set-up as a whole. */
void setup_note(struct setup_notes *notes, const char *actor, const char *verb, const char *object,
                qw_err result, const char *detail);

/* Into the journal of a centre whose books are closed. QW_ERR_IO: not all of them. */
qw_err setup_notes_write(const struct setup_notes *notes, const struct qw_store *store,
                         const char *centre_id) QW_MUST_USE;

#endif
