/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/device/import_line.h"

#include "api/csv.h"
#include "base/hex.h"

#include <string.h>

_Static_assert((int)QW_IMPORT_FIELDS_MAX == (int)QW_CSV_FIELDS_MAX, "what a line may have");

static const struct {
    const char *name;
    enum qw_import_column column;
} names[] = {
    { "id", QW_IMPORT_ID },
    { "kind", QW_IMPORT_KIND },
    { "owner", QW_IMPORT_OWNER },
    { "peer", QW_IMPORT_PEER },
    { "unit", QW_IMPORT_UNIT },
    { "firmware", QW_IMPORT_FIRMWARE },
    { "certificate_sha256", QW_IMPORT_CERTIFICATE_SHA256 },
    { "certificate_serial", QW_IMPORT_CERTIFICATE_SERIAL },
    { "state", QW_IMPORT_IGNORED },
    { "serial", QW_IMPORT_IGNORED },
    { "epoch", QW_IMPORT_IGNORED },
    { "keys_delivered", QW_IMPORT_IGNORED },
    { "remaining_keys", QW_IMPORT_IGNORED },
    { "last_contact_ms", QW_IMPORT_IGNORED },
    { "last_refill_ms", QW_IMPORT_IGNORED },
};

static bool split(const char *text, size_t len, char out[static QW_IMPORT_LINE_MAX],
                  struct qw_csv_fields *fields, const char **why)
{
    qw_err err = QW_ERR_SPACE;

    *why = "too long";
    if (len < QW_IMPORT_LINE_MAX && memchr(text, '\0', len) == NULL) {
        memcpy(out, text, len);
        out[len] = '\0';
        err = qw_csv_split(out, fields);
        *why = err == QW_ERR_SPACE ? "too many fields" : "quotes or control characters";
    }
    return err == QW_OK;
}

static bool find_column(const char *name, enum qw_import_column *column)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *column = names[i].column;
            return true;
        }
    }
    return false;
}

qw_err qw_import_columns_read(const char *header, size_t len, struct qw_import_columns *columns,
                              const char **why)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct qw_import_columns read = { .count = 0 };
    bool seen[QW_IMPORT_COLUMN_COUNT + 1] = { false };
    struct qw_csv_fields fields;
    char text[QW_IMPORT_LINE_MAX];
    size_t skipped = len >= 3 && strncmp(header, mark, 3) == 0 ? 3 : 0;

    if (!split(header + skipped, len - skipped, text, &fields, why)) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < fields.count; i++) {
        enum qw_import_column column;

        if (!find_column(fields.text[i], &column)) {
            *why = "a column that does not exist";
            return QW_ERR_FORMAT;
        }
        if (seen[column] && column != QW_IMPORT_IGNORED) {
            *why = "a column twice";
            return QW_ERR_FORMAT;
        }
        seen[column] = true;
        read.at[read.count++] = column;
    }
    if (!seen[QW_IMPORT_ID] || !seen[QW_IMPORT_KIND]) {
        *why = "no column id or no column kind";
        return QW_ERR_FORMAT;
    }
    *columns = read;
    return QW_OK;
}

static bool kind_of(const char *name, enum qw_device_kind *kind)
{
    for (int i = 0; i < QW_DEVICE_KIND_COUNT; i++) {
        if (strcmp(qw_device_kind_names[i], name) == 0) {
            *kind = (enum qw_device_kind)i;
            return true;
        }
    }
    return false;
}

qw_err qw_import_line_read(const struct qw_import_columns *columns, const char *text, size_t len,
                           struct qw_import_line *line, const char **why)
{
    const char *values[QW_IMPORT_COLUMN_COUNT + 1] = { NULL };
    struct qw_csv_fields fields;

    if (!split(text, len, line->text, &fields, why)) {
        return QW_ERR_FORMAT;
    }
    if (fields.count != columns->count) {
        *why = fields.count < columns->count ? "fields are missing" : "too many fields";
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < fields.count; i++) {
        values[columns->at[i]] = fields.text[i][0] != '\0' ? fields.text[i] : NULL;
    }
    line->entry = (struct qw_device_entry){
        .id = values[QW_IMPORT_ID] != NULL ? values[QW_IMPORT_ID] : "",
        .owner = values[QW_IMPORT_OWNER] != NULL ? values[QW_IMPORT_OWNER] : "",
        .peers = values[QW_IMPORT_PEER] != NULL ? values[QW_IMPORT_PEER] : "",
        .unit = values[QW_IMPORT_UNIT],
        .firmware = values[QW_IMPORT_FIRMWARE],
        .certificate_serial = values[QW_IMPORT_CERTIFICATE_SERIAL]
    };
    if (values[QW_IMPORT_KIND] == NULL || !kind_of(values[QW_IMPORT_KIND], &line->entry.kind)) {
        *why = "no such kind";
        return QW_ERR_FORMAT;
    }
    if (values[QW_IMPORT_CERTIFICATE_SHA256] != NULL) {
        if (qw_hex_decode(values[QW_IMPORT_CERTIFICATE_SHA256], line->certificate_hash,
                          sizeof line->certificate_hash) != QW_OK) {
            *why = "not a certificate's SHA-256";
            return QW_ERR_FORMAT;
        }
        line->entry.certificate_hash = line->certificate_hash;
    }
    return QW_OK;
}
