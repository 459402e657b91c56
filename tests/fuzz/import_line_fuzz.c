/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: centre */
/* Lists of devices: the first line of the input names the columns, the others are read by them. */
#include "api/csv.h"
#include "centre/device/import_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Law: a field that was read is written and read again as itself. */
static void check_field(const char *text)
{
    struct qw_csv_fields fields;
    char line[2 * QW_IMPORT_LINE_MAX + 3];

    if (qw_csv_field(text, line, sizeof line) != QW_OK || qw_csv_split(line, &fields) != QW_OK ||
        fields.count != 1 || strcmp(fields.text[0], text) != 0) {
        abort();
    }
}

static void check_line(const struct qw_import_columns *columns, const char *text, size_t len)
{
    static struct qw_import_line line;
    const char *why = NULL;

    if (qw_import_line_read(columns, text, len, &line, &why) != QW_OK) {
        if (why == NULL) {
            abort();
        }
        return;
    }
    if (line.entry.kind < 0 || line.entry.kind >= QW_DEVICE_KIND_COUNT) {
        abort();
    }
    check_field(line.entry.id);
    check_field(line.entry.owner);
    check_field(line.entry.peers);
    if (line.entry.unit != NULL) {
        check_field(line.entry.unit);
    }
    if (line.entry.firmware != NULL) {
        check_field(line.entry.firmware);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_import_columns columns;
    const char *why = NULL;
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t len = end == NULL ? size : (size_t)(end - text);

    if (size == 0 || qw_import_columns_read(text, len, &columns, &why) != QW_OK) {
        return 0;
    }
    for (size_t at = len + 1; at < size; at += len + 1) {
        end = memchr(text + at, '\n', size - at);
        len = end == NULL ? size - at : (size_t)(end - (text + at));
        check_line(&columns, text + at, len);
    }
    return 0;
}
