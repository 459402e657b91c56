/* SPDX-License-Identifier: Apache-2.0 */
/* What the centre answered, as it is or as a table. */
#define _GNU_SOURCE
#include "admin/admin.h"

#include "api/url.h"

#include <cjson/cJSON.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_TEXT_CAP = 512, PAGE_ROWS = 100 };

static void print_pairs(const cJSON *object)
{
    struct libscols_table *table = scols_new_table();

    scols_table_enable_noheadings(table, 1);
    scols_table_new_column(table, "name", 0, 0);
    scols_table_new_column(table, "value", 0, 0);
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        char *value =
            cJSON_IsString(item) ? strdup(item->valuestring) : cJSON_PrintUnformatted(item);

        scols_line_set_data(line, 0, item->string);
        scols_line_refer_data(line, 1, value); /* taken: freed with the table */
    }
    scols_print_table(table);
    scols_unref_table(table);
}

/* A table of these members of each object in an array. */
static void print_rows(const cJSON *rows, const char *const *columns)
{
    struct libscols_table *table = scols_new_table();

    for (size_t c = 0; columns[c] != NULL; c++) {
        scols_table_new_column(table, columns[c], 0, 0);
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        struct libscols_line *line = scols_table_new_line(table, NULL);

        for (size_t c = 0; columns[c] != NULL; c++) {
            const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, columns[c]);
            char *value = cJSON_IsString(item) ? strdup(item->valuestring)
                          : item != NULL       ? cJSON_PrintUnformatted(item)
                                               : strdup("");

            scols_line_refer_data(line, c, value);
        }
    }
    scols_print_table(table);
    scols_unref_table(table);
}

void admin_show(const char *answer, const struct admin_arguments *arguments)
{
    static const struct {
        const char *name;
        const char *columns[8]; /* NULL behind the last */
    } lists[] = {
        { "devices", { "id", "kind", "state", "owner", "peer", "unit", "remaining_keys" } },
        { "requests", { "id", "verb", "object", "role", "unit", "asked_by", "digest" } },
        { "certificates", { "id", "name", "profile", "state", "not_after_ms", "issued_by" } },
        { "units",
          { "unit", "devices", "devices_max", "keys_today", "keys_per_day", "keys_stored",
            "keys_stored_max" } },
        { "officers", { "id", "roles", "unit", "state", "added_by" } },
    };
    cJSON *json;
    size_t i = 0;

    if (arguments->as_json) {
        printf("%s\n", answer);
        return;
    }
    json = cJSON_Parse(answer);
    while (i < sizeof lists / sizeof lists[0] &&
           !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(json, lists[i].name))) {
        i++;
    }
    if (i < sizeof lists / sizeof lists[0]) {
        print_rows(cJSON_GetObjectItemCaseSensitive(json, lists[i].name), lists[i].columns);
    } else if (json != NULL && json->child != NULL) {
        print_pairs(json);
    } else {
        printf("done\n");
    }
    cJSON_Delete(json);
}

/* Where a page goes on: as it says, or behind its last row. */
static qw_err read_cursor(const cJSON *page, const cJSON *rows, char *after, size_t cap)
{
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(page, "next");
    int count = cJSON_GetArraySize(rows);

    if (next == NULL && count > 0) {
        next = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(rows, count - 1), "id");
    }
    if (count == 0) {
        return QW_OK;
    }
    return cJSON_IsString(next) ? qw_url_encode(next->valuestring, after, cap) : QW_ERR_FORMAT;
}

qw_err admin_walk_list(struct operator_desk *desk, const char *noun, const char *query,
                       void (*visit)(void *self, struct cJSON *rows), void *self)
{
    char after[PATH_TEXT_CAP] = "";
    int count = PAGE_ROWS;
    qw_err err = QW_OK;

    while (err == QW_OK && count == PAGE_ROWS) {
        char path[4 * PATH_TEXT_CAP];
        const char *answer = NULL;

        if ((size_t)snprintf(path, sizeof path, "/v1/%s?limit=%d%s%s%s", noun, PAGE_ROWS, query,
                             after[0] != '\0' ? "&after=" : "", after) >= sizeof path) {
            return QW_ERR_ARG;
        }
        err = operator_call(desk, "GET", path, NULL, &answer);
        if (err == QW_OK) {
            cJSON *page = cJSON_Parse(answer);
            cJSON *rows = cJSON_GetObjectItemCaseSensitive(page, noun);

            err =
                cJSON_IsArray(rows) ? read_cursor(page, rows, after, sizeof after) : QW_ERR_FORMAT;
            count = cJSON_GetArraySize(rows);
            if (err == QW_OK) {
                visit(self, rows);
            }
            cJSON_Delete(page);
        }
    }
    return err;
}

static void take_rows(void *all, cJSON *rows)
{
    while (cJSON_GetArraySize(rows) > 0) {
        cJSON_AddItemToArray(all, cJSON_DetachItemFromArray(rows, 0));
    }
}

qw_err admin_show_list(struct operator_desk *desk, const char *noun, const char *query,
                       const struct admin_arguments *arguments)
{
    cJSON *merged = cJSON_CreateObject();
    cJSON *all = cJSON_AddArrayToObject(merged, noun);
    char *text;
    qw_err err = all == NULL ? QW_ERR_NOMEM : admin_walk_list(desk, noun, query, take_rows, all);

    text = err == QW_OK ? cJSON_PrintUnformatted(merged) : NULL;
    if (text != NULL) {
        admin_show(text, arguments);
    }
    cJSON_free(text);
    cJSON_Delete(merged);
    return err;
}
