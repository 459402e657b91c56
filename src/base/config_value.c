/* SPDX-License-Identifier: Apache-2.0 */
#include "base/config_value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void qw_config_value_append(char *list, size_t cap, const char *separator, const char *item)
{
    size_t len = strlen(list);

    snprintf(list + len, cap - len, "%s%s", len == 0 ? "" : separator, item);
}

void qw_config_value_range(const struct qw_config_row *row, char out[static QW_CONFIG_RANGE_CAP])
{
    switch (row->kind) {
    case QW_CONFIG_TEXT:
        snprintf(out, QW_CONFIG_RANGE_CAP, "a text of %.0f..%.0f characters", row->min,
                 row->max - 1);
        break;
    case QW_CONFIG_INT:
        snprintf(out, QW_CONFIG_RANGE_CAP, "a whole number in %.0f..%.0f", row->min, row->max);
        break;
    case QW_CONFIG_REAL:
        snprintf(out, QW_CONFIG_RANGE_CAP, "a number in %g..%g", row->min, row->max);
        break;
    case QW_CONFIG_BOOL:
        snprintf(out, QW_CONFIG_RANGE_CAP, "true or false");
        break;
    case QW_CONFIG_CHOICE: {
        char names[QW_CONFIG_RANGE_CAP - sizeof "one of "] = "";

        for (size_t i = 0; row->choices[i] != NULL; i++) {
            qw_config_value_append(names, sizeof names, ", ", row->choices[i]);
        }
        snprintf(out, QW_CONFIG_RANGE_CAP, "one of %s", names);
        break;
    }
    }
}

void qw_config_value_show(const char *text, char out[static QW_CONFIG_SHOWN_CAP])
{
    snprintf(out, QW_CONFIG_SHOWN_CAP, "%s", text);
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

bool qw_config_value_real(const char *text, double *value)
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

bool qw_config_value_parse(const struct qw_config_row *row, const char *text,
                           struct qw_config_value *value)
{
    double len = (double)strlen(text);

    switch (row->kind) {
    case QW_CONFIG_TEXT:
        return len >= row->min && len < row->max;
    case QW_CONFIG_INT:
        return parse_integer(text, &value->of.integer) && (double)value->of.integer >= row->min &&
               (double)value->of.integer <= row->max;
    case QW_CONFIG_REAL:
        return qw_config_value_real(text, &value->of.real) && value->of.real >= row->min &&
               value->of.real <= row->max;
    case QW_CONFIG_BOOL:
        return parse_boolean(text, &value->of.boolean);
    case QW_CONFIG_CHOICE:
        return parse_choice(row, text, &value->of.choice);
    }
    return false;
}

void qw_config_value_store(const struct qw_config_row *row, const struct qw_config_value *value,
                           void *settings)
{
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
