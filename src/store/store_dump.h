/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_STORE_DUMP_H
#define QW_STORE_STORE_DUMP_H

#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

/* The records of a store one after the other, with their versions, as a backup of a database that
 * is no file holds them [docs/protocol/backup.md]. */

/* QW_ERR_IO: the disk is full. */
qw_err qw_store_dump_begin(FILE *to) QW_MUST_USE;
qw_err qw_store_dump_put(FILE *to, enum qw_store_kind kind,
                         const struct qw_store_record *record) QW_MUST_USE;
qw_err qw_store_dump_end(FILE *to) QW_MUST_USE; /* flushed */

/* QW_ERR_FORMAT: no dump, or of another version. */
qw_err qw_store_dump_open(FILE *from) QW_MUST_USE;
/* The next record into record, whose blob has QW_STORE_BLOB_MAX bytes of the caller's; *is_end:
 * there was none, and nothing is behind it. QW_ERR_FORMAT: it ends before its end, or is no record.
 */
qw_err qw_store_dump_next(FILE *from, enum qw_store_kind *kind, struct qw_store_record *record,
                          bool *is_end) QW_MUST_USE;

#endif
