/* SPDX-License-Identifier: Apache-2.0 */
/* One flat YAML mapping, read as libyaml events: each scalar comes with its line, which is what a
 * person needs to mend a file. Aliases, tags and nesting are refused: each would be a second way to
 * write the same thing. Where the caller allows a list, its items are flat mappings again. */
#define _POSIX_C_SOURCE 200809L
#include "base/config.h"

#include "base/config_value.h"
#include "base/file.h"
#include "base/secret.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { FILE_BYTES_MAX = 1 << 16, LISTS_FILE_BYTES_MAX = 1 << 20 };

struct reading {
    const char *name; /* of the file, for messages */
    const struct qw_config_row *rows;
    size_t count;
    const struct qw_config_list *lists;
    size_t list_count;
    struct qw_config_value *values; /* [count] */
    size_t *list_lines;             /* [list_count] where each was given, from 1; 0: not yet */
    size_t line;                    /* of the event in hand, from 1 */
    char *error;                    /* [QW_CONFIG_ERROR_CAP] */
};

__attribute__((format(printf, 2, 3))) static qw_err complain(struct reading *reading,
                                                             const char *format, ...)
{
    va_list arguments;
    int at =
        snprintf(reading->error, QW_CONFIG_ERROR_CAP, "%s:%zu: ", reading->name, reading->line);

    if (at > 0 && at < QW_CONFIG_ERROR_CAP) {
        va_start(arguments, format);
        vsnprintf(reading->error + at, (size_t)(QW_CONFIG_ERROR_CAP - at), format, arguments);
        va_end(arguments);
    }
    return QW_ERR_FORMAT;
}

static qw_err set_value(struct reading *reading, size_t row_index, const char *text)
{
    const struct qw_config_row *row = &reading->rows[row_index];
    struct qw_config_value *value = &reading->values[row_index];
    char range[QW_CONFIG_RANGE_CAP];
    char shown[QW_CONFIG_SHOWN_CAP];

    if (!qw_config_value_parse(row, text, value)) {
        double number = 0;
        bool is_number = (row->kind == QW_CONFIG_INT || row->kind == QW_CONFIG_REAL) &&
                         qw_config_value_real(text, &number) &&
                         (row->kind == QW_CONFIG_REAL || number == floor(number));

        qw_config_value_range(row, range);
        qw_config_value_show(text, shown);
        if (is_number) { /* the kind is right: only the limits matter */
            return complain(reading, "%s: %s is not in %s", row->name, shown,
                            strstr(range, " in ") + sizeof " in " - 1);
        }
        return complain(reading, "%s: \"%s\" is not %s", row->name, shown, range);
    }
    if (row->kind == QW_CONFIG_TEXT) {
        value->text = strdup(text);
        return value->text == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    return QW_OK;
}

static qw_err complain_of_unknown(struct reading *reading, const char *name)
{
    char known[QW_CONFIG_ERROR_CAP] = "";
    char shown[QW_CONFIG_SHOWN_CAP];

    for (size_t i = 0; i < reading->count; i++) {
        qw_config_value_append(known, sizeof known, ", ", reading->rows[i].name);
    }
    for (size_t i = 0; i < reading->list_count; i++) {
        qw_config_value_append(known, sizeof known, ", ", reading->lists[i].name);
    }
    qw_config_value_show(name, shown);
    return complain(reading, "%s: unknown setting; known are %s", shown, known);
}

/* Notes that name is given in the line in hand, which must be the first time. */
static qw_err note_line(struct reading *reading, const char *name, size_t *line)
{
    if (*line != 0) {
        return complain(reading, "%s: given twice, first in line %zu", name, *line);
    }
    *line = reading->line;
    return QW_OK;
}

/* Index of the named row, or of the named list behind the rows. */
static qw_err find_row(struct reading *reading, const char *name, size_t *row_index)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (strcmp(reading->rows[i].name, name) == 0) {
            *row_index = i;
            return note_line(reading, name, &reading->values[i].line);
        }
    }
    for (size_t i = 0; i < reading->list_count; i++) {
        if (strcmp(reading->lists[i].name, name) == 0) {
            *row_index = reading->count + i;
            return note_line(reading, name, &reading->list_lines[i]);
        }
    }
    return complain_of_unknown(reading, name);
}

static qw_err complain_of_yaml(struct reading *reading, const yaml_parser_t *parser)
{
    const char *problem = parser->problem == NULL ? "unreadable" : parser->problem;

    if (parser->error == YAML_MEMORY_ERROR) {
        return QW_ERR_NOMEM;
    }
    reading->line = parser->problem_mark.line + 1;
    if (parser->context == NULL) {
        return complain(reading, "not YAML: %s", problem);
    }
    return complain(reading, "not YAML: %s, %s that begins in line %zu", problem, parser->context,
                    parser->context_mark.line + 1);
}

static qw_err next_event(struct reading *reading, yaml_parser_t *parser, yaml_event_t *event)
{
    if (!yaml_parser_parse(parser, event)) {
        return complain_of_yaml(reading, parser);
    }
    reading->line = event->start_mark.line + 1;
    return QW_OK;
}

static bool is_plain_scalar(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor == NULL &&
           event->data.scalar.tag == NULL &&
           strlen((const char *)event->data.scalar.value) == event->data.scalar.length;
}

static qw_err read_list(struct reading *reading, yaml_parser_t *parser,
                        const struct qw_config_list *list);

static qw_err read_setting(struct reading *reading, yaml_parser_t *parser,
                           const yaml_event_t *name_event)
{
    const char *name = (const char *)name_event->data.scalar.value;
    char range[QW_CONFIG_RANGE_CAP];
    yaml_event_t event;
    size_t row_index = 0;
    qw_err err = find_row(reading, name, &row_index);

    if (err != QW_OK) {
        return err;
    }
    if (row_index >= reading->count) {
        return read_list(reading, parser, &reading->lists[row_index - reading->count]);
    }
    err = next_event(reading, parser, &event);
    if (err != QW_OK) {
        return err;
    }
    if (is_plain_scalar(&event)) {
        err = set_value(reading, row_index, (const char *)event.data.scalar.value);
    } else {
        qw_config_value_range(&reading->rows[row_index], range);
        err = complain(reading, "%s: must be one plain value, %s", name, range);
    }
    yaml_event_delete(&event);
    return err;
}

/* The names and values inside the mapping. */
static qw_err read_mapping(struct reading *reading, yaml_parser_t *parser)
{
    for (;;) {
        yaml_event_t event;
        bool is_end;
        qw_err err = next_event(reading, parser, &event);

        if (err != QW_OK) {
            return err;
        }
        is_end = event.type == YAML_MAPPING_END_EVENT;
        if (is_plain_scalar(&event)) {
            err = read_setting(reading, parser, &event);
        } else if (!is_end) {
            err = complain(reading, "expected the name of a setting");
        }
        yaml_event_delete(&event);
        if (err != QW_OK || is_end) {
            return err;
        }
    }
}

static qw_err fill_defaults(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        const struct qw_config_row *row = &reading->rows[i];
        char range[QW_CONFIG_RANGE_CAP];
        qw_err err;

        if (reading->values[i].line != 0) {
            continue;
        }
        if (row->standard == NULL) {
            qw_config_value_range(row, range);
            return complain(reading, "%s: must be given: %s (%s)", row->name, range, row->help);
        }
        err = set_value(reading, i, row->standard);
        if (err != QW_OK) {
            return err;
        }
    }
    return QW_OK;
}

static void store_values(const struct reading *reading, void *settings)
{
    for (size_t i = 0; i < reading->count; i++) {
        qw_config_value_store(&reading->rows[i], &reading->values[i], settings);
    }
}

static qw_err start_reading(struct reading *reading)
{
    reading->values = calloc(reading->count + 1, sizeof *reading->values);
    reading->list_lines = calloc(reading->list_count + 1, sizeof *reading->list_lines);
    return reading->values == NULL || reading->list_lines == NULL ? QW_ERR_NOMEM : QW_OK;
}

static void end_reading(struct reading *reading)
{
    for (size_t i = 0; reading->values != NULL && i < reading->count; i++) {
        free(reading->values[i].text);
    }
    free(reading->values);
    free(reading->list_lines);
}

/* One mapping of a list, whose first event has been read. */
static qw_err read_item(struct reading *reading, yaml_parser_t *parser,
                        const struct qw_config_list *list)
{
    struct reading item = { .name = reading->name,
                            .rows = list->rows,
                            .count = list->count,
                            .line = reading->line,
                            .error = reading->error };
    char why[QW_CONFIG_WHY_CAP] = "";
    size_t first_line = reading->line;
    qw_err err = start_reading(&item);

    if (err == QW_OK) {
        err = read_mapping(&item, parser);
    }
    reading->line = item.line;
    item.line = first_line;
    if (err == QW_OK) {
        err = fill_defaults(&item);
    }
    if (err == QW_OK) {
        store_values(&item, list->item);
        err = list->take(list->self, list->item, why);
        if (err == QW_ERR_FORMAT) {
            err = complain(&item, "%s: %s", list->name, why);
        }
    }
    end_reading(&item);
    return err;
}

static qw_err read_list(struct reading *reading, yaml_parser_t *parser,
                        const struct qw_config_list *list)
{
    bool is_open = false;

    for (size_t items = 0;;) {
        yaml_event_t event;
        yaml_event_type_t type;
        qw_err err = next_event(reading, parser, &event);

        if (err != QW_OK) {
            return err;
        }
        type = event.type;
        yaml_event_delete(&event);
        if (type == YAML_SEQUENCE_END_EVENT) {
            return QW_OK;
        }
        if (type == YAML_SEQUENCE_START_EVENT && !is_open) {
            is_open = true;
        } else if (type != YAML_MAPPING_START_EVENT || !is_open) {
            return complain(reading, "%s: must be a list of items of the form {%s: ..., ...}",
                            list->name, list->rows[0].name);
        } else if (items++ == list->items_max) {
            return complain(reading, "%s: more than %zu items", list->name, list->items_max);
        } else {
            err = read_item(reading, parser, list);
            if (err != QW_OK) {
                return err;
            }
        }
    }
}

/* The whole stream: nothing, or one document that is one mapping. */
static qw_err read_stream(struct reading *reading, yaml_parser_t *parser)
{
    bool has_document = false;

    for (;;) {
        yaml_event_t event;
        yaml_event_type_t type;
        qw_err err = next_event(reading, parser, &event);

        if (err != QW_OK) {
            return err;
        }
        type = event.type;
        if (type == YAML_MAPPING_START_EVENT) {
            err = read_mapping(reading, parser);
        } else if (type == YAML_DOCUMENT_START_EVENT && has_document) {
            err = complain(reading, "a second document is not allowed");
        } else if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
                   type == YAML_ALIAS_EVENT) {
            err = complain(reading, "expected lines of the form \"name: value\"");
        }
        has_document = has_document || type == YAML_DOCUMENT_START_EVENT;
        yaml_event_delete(&event);
        if (err != QW_OK || type == YAML_STREAM_END_EVENT) {
            return err;
        }
    }
}

qw_err qw_config_parse_lists(const char *name, const char *text, size_t len,
                             const struct qw_config_schema *schema, void *settings,
                             char error[static QW_CONFIG_ERROR_CAP])
{
    struct reading reading = { .name = name,
                               .rows = schema->rows,
                               .count = schema->count,
                               .lists = schema->lists,
                               .list_count = schema->list_count,
                               .line = 1,
                               .error = error };
    yaml_parser_t parser;
    qw_err err;

    snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", name, qw_err_text(QW_ERR_NOMEM));
    err = start_reading(&reading);
    if (err == QW_OK && !yaml_parser_initialize(&parser)) {
        err = QW_ERR_NOMEM;
    } else if (err == QW_OK) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        err = read_stream(&reading, &parser);
        yaml_parser_delete(&parser);
    }
    if (err == QW_OK) {
        err = fill_defaults(&reading);
    }
    if (err == QW_OK) {
        store_values(&reading, settings);
        error[0] = '\0';
    }
    end_reading(&reading);
    return err;
}

static qw_err read_file(const char *path, size_t max, const struct qw_config_schema *schema,
                        void *settings, char error[static QW_CONFIG_ERROR_CAP])
{
    uint8_t *text = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(path, max, &text, &len);

    if (err == QW_ERR_SPACE) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: larger than %zu bytes", path, max);
        return QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", path, qw_err_text(err));
        return err;
    }
    err = qw_config_parse_lists(path, (const char *)text, len, schema, settings, error);
    qw_secret_free(text);
    return err;
}

qw_err qw_config_parse(const char *name, const char *text, size_t len,
                       const struct qw_config_row *rows, size_t count, void *settings,
                       char error[static QW_CONFIG_ERROR_CAP])
{
    const struct qw_config_schema schema = { .rows = rows, .count = count };

    return qw_config_parse_lists(name, text, len, &schema, settings, error);
}

qw_err qw_config_read(const char *path, const struct qw_config_row *rows, size_t count,
                      void *settings, char error[static QW_CONFIG_ERROR_CAP])
{
    const struct qw_config_schema schema = { .rows = rows, .count = count };

    return read_file(path, FILE_BYTES_MAX, &schema, settings, error);
}

qw_err qw_config_read_lists(const char *path, const struct qw_config_schema *schema, void *settings,
                            char error[static QW_CONFIG_ERROR_CAP])
{
    return read_file(path, LISTS_FILE_BYTES_MAX, schema, settings, error);
}
