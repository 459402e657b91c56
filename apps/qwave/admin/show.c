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
        { "units", { "unit", "devices", "devices_max", "keys_today", "keys_per_day" } },
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

/* Moves the rows of one page to all, an array of the same name; *last is the id of the last one,
 * *count how many came. */
static qw_err take_page(const char *answer, cJSON *all, char *last, size_t cap, int *count)
{
    cJSON *page = cJSON_Parse(answer);
    cJSON *rows = cJSON_GetObjectItemCaseSensitive(page, all->string);
    qw_err err = cJSON_IsArray(rows) ? QW_OK : QW_ERR_FORMAT;

    *count = cJSON_GetArraySize(rows);
    while (err == QW_OK && cJSON_GetArraySize(rows) > 0) {
        cJSON *row = cJSON_DetachItemFromArray(rows, 0);
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(row, "id");

        if (!cJSON_IsString(id) || qw_url_encode(id->valuestring, last, cap) != QW_OK) {
            err = QW_ERR_FORMAT;
        }
        cJSON_AddItemToArray(all, row);
    }
    cJSON_Delete(page);
    return err;
}

qw_err admin_show_list(struct operator_desk *desk, const char *noun,
                       const struct admin_arguments *arguments)
{
    cJSON *merged = cJSON_CreateObject();
    cJSON *all = cJSON_AddArrayToObject(merged, noun);
    char last[PATH_TEXT_CAP / 2] = "";
    char *text;
    int count = PAGE_ROWS;
    qw_err err = all == NULL ? QW_ERR_NOMEM : QW_OK;

    while (err == QW_OK && count == PAGE_ROWS) {
        char path[PATH_TEXT_CAP];
        const char *answer = NULL;

        (void)snprintf(path, sizeof path, "/v1/%s?limit=%d%s%s", noun, PAGE_ROWS,
                       last[0] != '\0' ? "&after=" : "", last);
        err = operator_call(desk, "GET", path, NULL, &answer);
        if (err == QW_OK) {
            err = take_page(answer, all, last, sizeof last, &count);
        }
    }
    text = err == QW_OK ? cJSON_PrintUnformatted(merged) : NULL;
    if (text != NULL) {
        admin_show(text, arguments);
    }
    cJSON_free(text);
    cJSON_Delete(merged);
    return err;
}
