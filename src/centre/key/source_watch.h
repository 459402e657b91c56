/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_SOURCE_WATCH_H
#define QW_CENTRE_KEY_SOURCE_WATCH_H

#include "centre/books.h"

/* How the sources are, for journal and status [C2]. Number 0 is config.source. */
size_t qw_sources_count(const struct qw_centre *centre);
const struct qw_key_source *qw_source_at(const struct qw_centre *centre, size_t number);

/* By its own account, or by its last take when it gives none. Under the mutex. */
struct qw_key_source_health qw_source_health(const struct qw_centre *centre, size_t number);

/* Writes to the journal when a source that gives an account stops, changes its reason or runs
 * again. Takes the mutex. QW_ERR_IO: the journal cannot be written, and nothing shall be taken. */
qw_err qw_source_watch(struct qw_centre *centre) QW_MUST_USE;

/* A source that fails is tried again every second: only the first failure of a kind goes to the
 * journal. Gives err back. Under the mutex. */
qw_err qw_source_note_failure(struct qw_centre *centre, size_t number, qw_err err) QW_MUST_USE;

#endif
