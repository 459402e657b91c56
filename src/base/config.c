/* SPDX-License-Identifier: Apache-2.0 */
/* One flat YAML mapping, read as libyaml events: each scalar comes with its line, which is what a
 * person needs to mend a file. Aliases, tags, lists and nested mappings are refused: a settings
 * file needs none of them, and each would be a second way to write the same thing. */
#define _POSIX_C_SOURCE 200809L
#include "base/config.h"

#include "base/file.h"
#include "base/secret.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { FILE_BYTES_MAX = 1 << 16, SHOWN_CAP = 64, RANGE_CAP = 256 };

/* One setting, checked but not yet in the program's struct. */
struct value {
    size_t line; /* where it was given, from 1; 0: the default or not at all */
    union {
        int64_t integer;
        double real;
        bool boolean;
        int choice;
    } of;
    char *text; /* owned; NULL unless the kind is QW_CONFIG_TEXT */
};

struct reading {
    const char *name; /* of the file, for messages */
    const struct qw_config_row *rows;
    size_t count;
    struct value *values; /* [count] */
    size_t line;          /* of the event in hand, from 1 */
    char *error;          /* [QW_CONFIG_ERROR_CAP] */
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

/* Appends to a list that is cut where the message ends. */
static void append(char *list, size_t cap, const char *separator, const char *item)
{
    size_t len = strlen(list);

    snprintf(list + len, cap - len, "%s%s", len == 0 ? "" : separator, item);
}

/* "0..65535", "one of indoor, outdoor", … */
static void describe_range(const struct qw_config_row *row, char out[static RANGE_CAP])
{
    switch (row->kind) {
    case QW_CONFIG_TEXT:
        snprintf(out, RANGE_CAP, "a text of %.0f..%.0f characters", row->min, row->max - 1);
        break;
    case QW_CONFIG_INT:
        snprintf(out, RANGE_CAP, "a whole number in %.0f..%.0f", row->min, row->max);
        break;
    case QW_CONFIG_REAL:
        snprintf(out, RANGE_CAP, "a number in %g..%g", row->min, row->max);
        break;
    case QW_CONFIG_BOOL:
        snprintf(out, RANGE_CAP, "true or false");
        break;
    case QW_CONFIG_CHOICE: {
        char names[RANGE_CAP - sizeof "one of "] = "";

        for (size_t i = 0; row->choices[i] != NULL; i++) {
            append(names, sizeof names, ", ", row->choices[i]);
        }
        snprintf(out, RANGE_CAP, "one of %s", names);
        break;
    }
    }
}

/* What stands in the file, fit for a terminal. */
static void show(const char *text, char out[static SHOWN_CAP])
{
    snprintf(out, SHOWN_CAP, "%s", text);
    for (char *c = out; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c == 0x7f) {
            *c = '?';
        }
    }
}

static bool parse_integer(const char *text, int64_t *value)
{
    char *end = NULL;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    *value = number;
    return errno == 0 && end != text && *end == '\0' && strchr(" \t\n\v\f\r+", text[0]) == NULL;
}

static bool parse_real(const char *text, double *value)
{
    char *end = NULL;

    errno = 0;
    *value = strtod(text, &end);
    return errno == 0 && end != text && *end == '\0' && isfinite(*value) &&
           strspn(text, "0123456789+-.eE") == strlen(text);
}

static bool parse_boolean(const char *text, bool *value)
{
    *value = strcmp(text, "true") == 0;
    return *value || strcmp(text, "false") == 0;
}

static bool parse_choice(const struct qw_config_row *row, const char *text, int *choice)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(text, row->choices[i]) == 0) {
            *choice = i;
            return true;
        }
    }
    return false;
}

/* True when text is allowed for the row; *value is then filled but for a text. */
static bool parse_value(const struct qw_config_row *row, const char *text, struct value *value)
{
    double len = (double)strlen(text);

    switch (row->kind) {
    case QW_CONFIG_TEXT:
        return len >= row->min && len < row->max;
    case QW_CONFIG_INT:
        return parse_integer(text, &value->of.integer) && (double)value->of.integer >= row->min &&
               (double)value->of.integer <= row->max;
    case QW_CONFIG_REAL:
        return parse_real(text, &value->of.real) && value->of.real >= row->min &&
               value->of.real <= row->max;
    case QW_CONFIG_BOOL:
        return parse_boolean(text, &value->of.boolean);
    case QW_CONFIG_CHOICE:
        return parse_choice(row, text, &value->of.choice);
    }
    return false;
}

static qw_err set_value(struct reading *reading, size_t row_index, const char *text)
{
    const struct qw_config_row *row = &reading->rows[row_index];
    struct value *value = &reading->values[row_index];
    char range[RANGE_CAP];
    char shown[SHOWN_CAP];

    if (!parse_value(row, text, value)) {
        double number = 0;
        bool is_number = (row->kind == QW_CONFIG_INT || row->kind == QW_CONFIG_REAL) &&
                         parse_real(text, &number) &&
                         (row->kind == QW_CONFIG_REAL || number == floor(number));

        describe_range(row, range);
        show(text, shown);
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

/* Index of the named row; complains about a name that is unknown or comes again. */
static qw_err find_row(struct reading *reading, const char *name, size_t *row_index)
{
    char known[QW_CONFIG_ERROR_CAP] = "";
    char shown[SHOWN_CAP];

    for (size_t i = 0; i < reading->count; i++) {
        if (strcmp(reading->rows[i].name, name) != 0) {
            append(known, sizeof known, ", ", reading->rows[i].name);
            continue;
        }
        if (reading->values[i].line != 0) {
            return complain(reading, "%s: given twice, first in line %zu", name,
                            reading->values[i].line);
        }
        reading->values[i].line = reading->line;
        *row_index = i;
        return QW_OK;
    }
    show(name, shown);
    return complain(reading, "%s: unknown setting; known are %s", shown, known);
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

static qw_err read_setting(struct reading *reading, yaml_parser_t *parser,
                           const yaml_event_t *name_event)
{
    const char *name = (const char *)name_event->data.scalar.value;
    char range[RANGE_CAP];
    yaml_event_t event;
    size_t row_index = 0;
    qw_err err = find_row(reading, name, &row_index);

    if (err != QW_OK) {
        return err;
    }
    err = next_event(reading, parser, &event);
    if (err != QW_OK) {
        return err;
    }
    if (is_plain_scalar(&event)) {
        err = set_value(reading, row_index, (const char *)event.data.scalar.value);
    } else {
        describe_range(&reading->rows[row_index], range);
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

static qw_err fill_defaults(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        const struct qw_config_row *row = &reading->rows[i];
        char range[RANGE_CAP];
        qw_err err;

        if (reading->values[i].line != 0) {
            continue;
        }
        if (row->standard == NULL) {
            describe_range(row, range);
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
        const struct qw_config_row *row = &reading->rows[i];
        const struct value *value = &reading->values[i];
        char *member = (char *)settings + row->offset;

        switch (row->kind) {
        case QW_CONFIG_TEXT:
            memcpy(member, value->text, strlen(value->text) + 1);
            break;
        case QW_CONFIG_INT:
            memcpy(member, &value->of.integer, sizeof value->of.integer);
            break;
        case QW_CONFIG_REAL:
            memcpy(member, &value->of.real, sizeof value->of.real);
            break;
        case QW_CONFIG_BOOL:
            memcpy(member, &value->of.boolean, sizeof value->of.boolean);
            break;
        case QW_CONFIG_CHOICE:
            memcpy(member, &value->of.choice, sizeof value->of.choice);
            break;
        }
    }
}

qw_err qw_config_parse(const char *name, const char *text, size_t len,
                       const struct qw_config_row *rows, size_t count, void *settings,
                       char error[static QW_CONFIG_ERROR_CAP])
{
    struct reading reading = {
        .name = name, .rows = rows, .count = count, .line = 1, .error = error
    };
    yaml_parser_t parser;
    qw_err err = QW_ERR_NOMEM;

    snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", name, qw_err_text(QW_ERR_NOMEM));
    reading.values = calloc(count + 1, sizeof *reading.values);
    if (reading.values == NULL) {
        return err;
    }
    if (yaml_parser_initialize(&parser)) {
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
    for (size_t i = 0; i < count; i++) {
        free(reading.values[i].text);
    }
    free(reading.values);
    return err;
}

qw_err qw_config_read(const char *path, const struct qw_config_row *rows, size_t count,
                      void *settings, char error[static QW_CONFIG_ERROR_CAP])
{
    uint8_t *text = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(path, FILE_BYTES_MAX, &text, &len);

    if (err == QW_ERR_SPACE) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: larger than %d bytes", path, FILE_BYTES_MAX);
        return QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", path, qw_err_text(err));
        return err;
    }
    err = qw_config_parse(path, (const char *)text, len, rows, count, settings, error);
    qw_secret_free(text);
    return err;
}
