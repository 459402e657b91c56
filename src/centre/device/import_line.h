/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_IMPORT_LINE_H
#define QW_CENTRE_DEVICE_IMPORT_LINE_H

#include "centre/centre.h"

#include <stdint.h>

/* A line of a list of devices [docs/protocol/device-list.md]. The first line names the columns: id
 * and kind are a must, the others are optional and may stand in any order. */
enum qw_import_column {
    QW_IMPORT_ID,
    QW_IMPORT_KIND,
    QW_IMPORT_OWNER,
    QW_IMPORT_PEER,
    QW_IMPORT_UNIT,
    QW_IMPORT_FIRMWARE,
    QW_IMPORT_CERTIFICATE_SHA256,
    QW_IMPORT_CERTIFICATE_SERIAL,
    QW_IMPORT_COLUMN_COUNT,
    QW_IMPORT_IGNORED =
        QW_IMPORT_COLUMN_COUNT /* what an export says beside: not a device's to have */
};
enum { QW_IMPORT_FIELDS_MAX = 32, QW_IMPORT_LINE_MAX = 2048 };

struct qw_import_columns {
    enum qw_import_column at[QW_IMPORT_FIELDS_MAX];
    size_t count;
};

struct qw_import_line {
    char text[QW_IMPORT_LINE_MAX]; /* that the entry points into */
    uint8_t certificate_hash[32];
    struct qw_device_entry entry;
};

/* Both: with the reason in *why, static text, QW_ERR_FORMAT. len bytes without the line feed; a
 * byte order mark before the header is none of it. */
qw_err qw_import_columns_read(const char *header, size_t len, struct qw_import_columns *columns,
                              const char **why) QW_MUST_USE;
/* Kind and form alone are looked at; everything else: qw_entry_check. The line stays where it is.
 */
qw_err qw_import_line_read(const struct qw_import_columns *columns, const char *text, size_t len,
                           struct qw_import_line *line, const char **why) QW_MUST_USE;

#endif
