/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_CONFIG_VALUE_H
#define QW_BASE_CONFIG_VALUE_H

#include "base/config.h"

#include <stdbool.h>

/* One plain value of a configuration file against its row: what base/config.c does between two
 * events of YAML. */
enum { QW_CONFIG_SHOWN_CAP = 64, QW_CONFIG_RANGE_CAP = 256 };

/* One setting, checked but not yet in the program's struct. */
struct qw_config_value {
    size_t line; /* where it was given, from 1; 0: the default or not at all */
    union {
        int64_t integer;
        double real;
        bool boolean;
        int choice;
    } of;
    char *text; /* owned; NULL unless the kind is QW_CONFIG_TEXT */
};

/* True when text is allowed for the row; *value is then filled but for a text. */
bool qw_config_value_parse(const struct qw_config_row *row, const char *text,
                           struct qw_config_value *value);

/* Into the member of settings that the row names. */
void qw_config_value_store(const struct qw_config_row *row, const struct qw_config_value *value,
                           void *settings);

/* True when text is a finite decimal number and nothing else. */
bool qw_config_value_real(const char *text, double *value);

/* "a whole number in 0..65535", "one of indoor, outdoor", ... */
void qw_config_value_range(const struct qw_config_row *row, char out[static QW_CONFIG_RANGE_CAP]);

/* What stands in the file, fit for a terminal. */
void qw_config_value_show(const char *text, char out[static QW_CONFIG_SHOWN_CAP]);

/* Appends to a list that is cut where it does not fit. */
void qw_config_value_append(char *list, size_t cap, const char *separator, const char *item);

#endif
