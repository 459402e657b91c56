/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_JOURNAL_DATABASE_H
#define QW_STORE_JOURNAL_DATABASE_H

#include "store/journal/check.h"

#include <stdbool.h>
#include <stdio.h>

/* The journal where it stands, in an SQLite store that need not be ours to open otherwise: nothing
 * is written, no key is needed. */

/* Whether a file begins as SQLite's do. */
bool qw_journal_is_database(FILE *file);

/* Checks the journal of a store, of a copy as well, with a check that has begun: its records and
 * the head beside them. QW_ERR_FORMAT: not a store of ours; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_journal_database_check(const char *path, struct qw_journal_check *check) QW_MUST_USE;

/* Its records as they stand, in order, none of them checked; visit returns false to stop. Errors as
 * before. */
qw_err qw_journal_database_read(const char *path,
                                bool (*visit)(void *self, const uint8_t *blob, size_t len),
                                void *self) QW_MUST_USE;

#endif
