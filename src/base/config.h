/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_CONFIG_H
#define QW_BASE_CONFIG_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Configuration files are YAML: one flat mapping of known names to scalars. A program describes its
 * settings as one table of rows; the reader fills the program's struct and explains every mistake
 * with file, line and the allowed values. */
enum qw_config_kind {
    QW_CONFIG_TEXT,   /* char[max], NUL-terminated; min..max-1 characters */
    QW_CONFIG_INT,    /* int64_t, min..max */
    QW_CONFIG_REAL,   /* double, min..max */
    QW_CONFIG_BOOL,   /* bool: true or false */
    QW_CONFIG_CHOICE, /* int: index of the value in choices, a NULL-ended list */
};

struct qw_config_row {
    const char *name;
    enum qw_config_kind kind;
    size_t offset; /* of the member in the program's struct */
    double min;
    double max;
    const char *standard; /* default, written as in the file; NULL: must be given */
    const char *const *choices;
    const char *help; /* one line, with unit */
};

enum { QW_CONFIG_ERROR_CAP = 512, QW_CONFIG_WHY_CAP = 256 };

/* Fills settings [as the rows' offsets say] from the defaults and the file at path.
 * QW_ERR_FORMAT or QW_ERR_NOT_FOUND with a sentence in error ("ap.yaml:3: port: 70000 is not in
 * 0..65535"); settings untouched. */
qw_err qw_config_read(const char *path, const struct qw_config_row *rows, size_t count,
                      void *settings, char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

/* Same from memory; name stands for the path in messages. */
qw_err qw_config_parse(const char *name, const char *text, size_t len,
                       const struct qw_config_row *rows, size_t count, void *settings,
                       char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

/* A list of a file: items, each one flat mapping. After each item list->item is filled as the rows'
 * offsets say, and take is called: QW_ERR_FORMAT with a reason in why becomes a sentence with the
 * item's line; other errors pass through. What take kept of a file that fails later is the caller's
 * to drop. */
struct qw_config_list {
    const char *name;
    const struct qw_config_row *rows; /* at least one */
    size_t count;
    size_t items_max;
    void *item; /* the caller's, overwritten for each item */
    qw_err (*take)(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP]);
    void *self;
};

struct qw_config_schema {
    const struct qw_config_row *rows;
    size_t count;
    const struct qw_config_list *lists;
    size_t list_count;
};

/* As qw_config_read and qw_config_parse, with lists besides the settings, which may be left out of
 * the file. Such a file may have 1 MiB, the others 64 KiB. */
qw_err qw_config_read_lists(const char *path, const struct qw_config_schema *schema, void *settings,
                            char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;
qw_err qw_config_parse_lists(const char *name, const char *text, size_t len,
                             const struct qw_config_schema *schema, void *settings,
                             char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
