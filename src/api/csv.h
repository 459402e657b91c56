/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CSV_H
#define QW_API_CSV_H

#include "base/error.h"

#include <stddef.h>

/* Lists with commas as of RFC 4180, of which a record is always one line: no field of ours has a
 * line break in it. */
enum { QW_CSV_FIELDS_MAX = 32 };

struct qw_csv_fields {
    const char *text[QW_CSV_FIELDS_MAX]; /* in the line that was split */
    size_t count;                        /* 1 at least */
};

/* Splits a line in place, without its line feed; a carriage return at its end is none of the last
 * field. QW_ERR_FORMAT: a quote that is not closed or stands where none may, or a control
 * character. QW_ERR_SPACE: too many fields. The line is no longer of use then. */
qw_err qw_csv_split(char *line, struct qw_csv_fields *fields) QW_MUST_USE;

/* A field as it stands in a line, in quotes where it needs them. QW_ERR_SPACE. */
qw_err qw_csv_field(const char *text, char *out, size_t cap) QW_MUST_USE;

#endif
