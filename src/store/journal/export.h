/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_JOURNAL_EXPORT_H
#define QW_STORE_JOURNAL_EXPORT_H

#include "store/journal/check.h"

#include <stdint.h>
#include <stdio.h>

/* The export file: a signed head and the records it binds [docs/protocol/journal.md]. Streams are
 * borrowed and stand where the last call left them. */

/* QW_ERR_IO: not written. */
qw_err qw_journal_export_begin(FILE *file, const struct qw_signed_head *front) QW_MUST_USE;
qw_err qw_journal_export_put(FILE *file, const uint8_t *blob, size_t len) QW_MUST_USE;

/* QW_ERR_FORMAT: not the beginning of an export; QW_ERR_IO. */
qw_err qw_journal_export_open(FILE *file, struct qw_signed_head *front) QW_MUST_USE;
/* The next record as it stands. QW_ERR_NOT_FOUND: the file ends here; QW_ERR_FORMAT: it ends inside
 * a record, or what follows is none by its length; QW_ERR_IO. */
qw_err qw_journal_export_next(FILE *file, uint8_t blob[static QW_AUDIT_BLOB_CAP],
                              size_t *len) QW_MUST_USE;

/* Checks a whole file from its beginning with a check that has begun. The report says what is
 * wrong; QW_ERR_FORMAT: not an export at all; QW_ERR_IO. */
qw_err qw_journal_export_check(FILE *file, struct qw_journal_check *check) QW_MUST_USE;

#endif
