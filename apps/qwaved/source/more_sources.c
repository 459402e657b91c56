/* SPDX-License-Identifier: Apache-2.0 */
#include "source/more_sources.h"

#include "source/open.h"

#include <stdio.h>
#include <string.h>

static const char *const row_names[] = { "source", "source_path", "source_kind", "source_name",
                                         "source_light" };
enum { ROWS = sizeof row_names / sizeof row_names[0] };

static qw_err take_item(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP])
{
    struct more_sources *more = self;
    const struct settings *settings = item;
    char error[QW_CONFIG_ERROR_CAP];

    if (settings->source == SOURCE_BEST) {
        (void)snprintf(why, QW_CONFIG_WHY_CAP, "source: device, kernel, qkd, kme or kme004");
        return QW_ERR_FORMAT;
    }
    if (settings_source_check(settings, "item", error) != QW_OK) {
        (void)snprintf(why, QW_CONFIG_WHY_CAP, "%.200s", error);
        return QW_ERR_FORMAT;
    }
    more->item[more->count++] = *settings;
    return QW_OK;
}

qw_err more_sources_read(const char *path, struct more_sources *more,
                         char error[static QW_CONFIG_ERROR_CAP])
{
    struct qw_config_row rows[ROWS];
    struct settings item = { .source = SOURCE_BEST };
    const struct qw_config_list list = { .name = "sources",
                                         .rows = rows,
                                         .count = ROWS,
                                         .items_max = QW_SOURCES_MAX - 1,
                                         .item = &item,
                                         .take = take_item,
                                         .self = more };
    const struct qw_config_schema schema = { .lists = &list, .list_count = 1 };

    for (size_t i = 0; i < ROWS; i++) {
        rows[i] = *settings_row(row_names[i]);
    }
    more->count = 0;
    return qw_config_read_lists(path, &schema, &item, error);
}

static bool is_known(const struct more_sources *more, const char *first, size_t number)
{
    const char *name = more->source[number].name;
    bool found = strcmp(name, first) == 0;

    for (size_t i = 0; i < number; i++) {
        found = found || strcmp(name, more->source[i].name) == 0;
    }
    return found;
}

static qw_err open_one(const struct qw_log *log, struct more_sources *more, size_t number,
                       char reason[static QW_CONFIG_ERROR_CAP])
{
    struct qw_key_source source;
    struct link_pads *none;
    qw_err err = source_open(&more->item[number], log, &source, &none, reason);

    if (err == QW_OK) {
        source_gate_init(&more->gate[number], &source, &more->source[number]);
        more->list[number] = &more->source[number];
    }
    return err;
}

qw_err more_sources_open(const char *path, const char *first, const struct qw_log *log,
                         struct more_sources *more)
{
    char reason[QW_CONFIG_ERROR_CAP] = "";
    qw_err err = more_sources_read(path, more, reason);
    size_t wanted = more->count;

    more->count = 0;
    while (err == QW_OK && more->count < wanted) {
        size_t number = more->count;

        err = open_one(log, more, number, reason);
        if (err == QW_OK) {
            more->count++;
            qw_log_write(log, QW_LOG_INFO, "and from %s (%s)", more->source[number].name,
                         more->source[number].is_quantum ? "quantum" : "not a quantum source");
        }
        if (err == QW_OK && is_known(more, first, number)) {
            (void)snprintf(reason, sizeof reason, "%s is there twice", more->source[number].name);
            err = QW_ERR_FORMAT;
        }
    }
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "more_sources %s: %s", path,
                     reason[0] != '\0' ? reason : qw_err_text(err));
    }
    return err;
}

void more_sources_shut(struct more_sources *more)
{
    for (size_t i = 0; i < more->count; i++) {
        source_gate_shut(&more->gate[i]);
    }
}

void more_sources_close(struct more_sources *more)
{
    while (more->count > 0) {
        more->count--;
        qw_key_source_close(&more->source[more->count]);
    }
}
