/* SPDX-License-Identifier: Apache-2.0 */
/* qwave admin device list, export and import [C8; docs/protocol/device-list.md]. */
#define _GNU_SOURCE
#include "admin/admin.h"

#include "api/csv.h"
#include "api/json_writer.h"
#include "api/url.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUERY_CAP = 1024,
    BODY_CAP = 60 * 1024,    /* less than a request may have */
    CHUNK_BYTES = 24 * 1024, /* of the list: every character may need an escape */
    CHUNK_LINES = 512,
    LINE_MAX_BYTES = 2048,
    PATH_CAP = 128,
    FIELD_CAP = 1024
};

/* "&kind=meter&owner=..." */
static qw_err write_query(const struct admin_arguments *arguments, char query[static QUERY_CAP])
{
    const struct admin_member members[] = {
        { "kind", arguments->kind },   { "state", arguments->state },
        { "owner", arguments->owner }, { "owner_prefix", arguments->owner_prefix },
        { "unit", arguments->unit },   { "prefix", arguments->prefix },
    };
    size_t len = 0;

    query[0] = '\0';
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char value[QUERY_CAP / 4];

        if (members[i].value == NULL) {
            continue;
        }
        if (qw_url_encode(members[i].value, value, sizeof value) != QW_OK ||
            len + strlen(members[i].name) + strlen(value) + 3 > QUERY_CAP) {
            return QW_ERR_ARG;
        }
        len += (size_t)snprintf(query + len, QUERY_CAP - len, "&%s=%s", members[i].name, value);
    }
    return QW_OK;
}

static qw_err run_list(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char query[QUERY_CAP];
    qw_err err = write_query(arguments, query);

    return err == QW_OK ? admin_show_list(desk, "devices", query, arguments) : err;
}

static const char *const columns[] = { "id",
                                       "kind",
                                       "owner",
                                       "peer",
                                       "unit",
                                       "firmware",
                                       "certificate_sha256",
                                       "certificate_serial",
                                       "state",
                                       "serial",
                                       "epoch",
                                       "keys_delivered",
                                       "remaining_keys",
                                       "last_contact_ms",
                                       "last_refill_ms" };
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void print_field(const cJSON *item, bool is_last)
{
    char number[32];
    char field[FIELD_CAP] = "";
    const char *text = cJSON_IsString(item) ? item->valuestring : number;

    number[0] = '\0';
    if (cJSON_IsNumber(item)) {
        (void)snprintf(number, sizeof number, "%.0f", item->valuedouble);
    }
    (void)!qw_csv_field(text, field, sizeof field); /* the longest is 255 characters */
    printf("%s%s", field, is_last ? "\n" : ",");
}

static void print_csv(void *self, cJSON *rows)
{
    (void)self;
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        for (size_t i = 0; i < COLUMNS; i++) {
            print_field(cJSON_GetObjectItemCaseSensitive(row, columns[i]), i + 1 == COLUMNS);
        }
    }
}

static void print_json(void *self, cJSON *rows)
{
    bool *is_first = self;

    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        char *text = cJSON_PrintUnformatted(row);

        printf("%s%s", *is_first ? "" : ",", text != NULL ? text : "null");
        *is_first = false;
        cJSON_free(text);
    }
}

/* A page at a time: a registry need not fit into memory. */
static qw_err run_export(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    char query[QUERY_CAP];
    bool is_first = true;
    qw_err err = write_query(arguments, query);

    if (err != QW_OK) {
        return err;
    }
    if (arguments->as_json) {
        printf("{\"devices\":[");
        err = admin_walk_list(desk, "devices", query, print_json, &is_first);
        printf("]}\n");
    } else {
        for (size_t i = 0; i < COLUMNS; i++) {
            printf("%s%s", columns[i], i + 1 == COLUMNS ? "\n" : ",");
        }
        err = admin_walk_list(desk, "devices", query, print_csv, NULL);
    }
    return err == QW_OK && fflush(stdout) != 0 ? QW_ERR_IO : err;
}

struct import {
    struct operator_desk *desk;
    FILE *file;
    char *header, *line; /* as getline has them */
    size_t header_cap, line_cap;
    char id[64];
    uint64_t number, first_line; /* of the last line read, of the chunk's first */
    char chunk[CHUNK_BYTES];
    size_t len, lines;
    char body[BODY_CAP];
};

static qw_err act(struct import *import, const char *action, const char *body, const char **answer)
{
    char path[PATH_CAP];

    (void)snprintf(path, sizeof path, "/v1/imports/%s/%s", import->id, action);
    return operator_call(import->desk, "POST", path, body, answer);
}

static qw_err send_chunk(struct import *import)
{
    struct qw_json_writer w = qw_json_writer_on(import->body, sizeof import->body);
    const char *answer = NULL;

    import->chunk[import->len] = '\0';
    qw_json_object_begin(&w);
    qw_json_name(&w, "header");
    qw_json_text(&w, import->header);
    qw_json_name(&w, "first_line");
    qw_json_uint(&w, import->first_line);
    qw_json_name(&w, "lines");
    qw_json_text(&w, import->chunk);
    qw_json_object_end(&w);
    import->len = import->lines = 0;
    return qw_json_done(&w) ? act(import, "lines", import->body, &answer) : QW_ERR_SPACE;
}

/* What is wrong was found here, the centre knows nothing of it. */
static qw_err give_up(struct import *import, qw_err err, const char *why)
{
    const char *answer = NULL;
    char message[PATH_CAP];

    if (import->id[0] != '\0') {
        (void)!act(import, "drop", NULL, &answer);
    }
    (void)snprintf(message, sizeof message, "line %llu: %s; nothing is imported",
                   (unsigned long long)import->number, why);
    operator_say(import->desk, message);
    return err;
}

/* False: the line could not be sent at all. */
static bool line_ok(const char *line, size_t len)
{
    return len < LINE_MAX_BYTES && strlen(line) == len;
}

static qw_err send_lines(struct import *import)
{
    ssize_t len;
    qw_err err = QW_OK;

    while (err == QW_OK && (len = getline(&import->line, &import->line_cap, import->file)) > 0) {
        import->number++;
        if (!line_ok(import->line, (size_t)len)) {
            return give_up(import, QW_ERR_FORMAT, "no line of a list");
        }
        if (import->lines == CHUNK_LINES || import->len + (size_t)len >= CHUNK_BYTES) {
            err = send_chunk(import);
        }
        if (import->lines == 0) {
            import->first_line = import->number;
        }
        memcpy(import->chunk + import->len, import->line, (size_t)len);
        import->len += (size_t)len;
        import->lines++;
    }
    if (err == QW_OK && ferror(import->file)) {
        return give_up(import, QW_ERR_IO, "cannot be read");
    }
    return err == QW_OK && import->lines > 0 ? send_chunk(import) : err;
}

/* Decides, and waits until all of them are devices. */
static qw_err commit(struct import *import, unsigned long long *devices)
{
    double left = 1;
    qw_err err = QW_OK;

    while (err == QW_OK && left > 0) {
        const char *answer = NULL;
        cJSON *json;
        const cJSON *item;

        err = act(import, "commit", NULL, &answer);
        if (err != QW_OK) {
            return err;
        }
        json = cJSON_Parse(answer);
        item = cJSON_GetObjectItemCaseSensitive(json, "left");
        left = cJSON_IsNumber(item) ? item->valuedouble : -1;
        item = cJSON_GetObjectItemCaseSensitive(json, "devices");
        *devices = cJSON_IsNumber(item) ? (unsigned long long)item->valuedouble : 0;
        cJSON_Delete(json);
        err = left < 0 ? QW_ERR_FORMAT : QW_OK;
    }
    return err;
}

static qw_err begin(struct import *import)
{
    const char *answer = NULL;
    cJSON *json;
    const cJSON *id;
    ssize_t len = getline(&import->header, &import->header_cap, import->file);
    qw_err err;

    import->number = 1;
    if (len <= 0 || !line_ok(import->header, (size_t)len)) {
        return give_up(import, QW_ERR_FORMAT, "no header");
    }
    import->header[strcspn(import->header, "\r\n")] = '\0';
    err = operator_call(import->desk, "POST", "/v1/imports", NULL, &answer);
    if (err != QW_OK) {
        return err;
    }
    json = cJSON_Parse(answer);
    id = cJSON_GetObjectItemCaseSensitive(json, "import");
    if (cJSON_IsString(id) && strlen(id->valuestring) < sizeof import->id) {
        (void)snprintf(import->id, sizeof import->id, "%s", id->valuestring);
    }
    cJSON_Delete(json);
    return import->id[0] != '\0' ? QW_OK : QW_ERR_FORMAT;
}

static qw_err import_file(struct import *import, const struct admin_arguments *arguments)
{
    unsigned long long devices = 0;
    qw_err err = begin(import);

    if (err == QW_OK) {
        err = send_lines(import);
    }
    if (err == QW_OK) {
        err = commit(import, &devices);
    }
    if (err == QW_OK) {
        printf(arguments->as_json ? "{\"devices\":%llu}\n" : "%llu devices are registered\n",
               devices);
    }
    return err;
}

static qw_err run_import(struct operator_desk *desk, const struct admin_arguments *arguments)
{
    struct import *import = calloc(1, sizeof *import);
    qw_err err;

    if (import == NULL) {
        return QW_ERR_NOMEM;
    }
    import->desk = desk;
    import->file = fopen(arguments->word[2], "re");
    if (import->file == NULL) {
        operator_say(desk, strerror(errno));
        free(import);
        return QW_ERR_IO;
    }
    err = import_file(import, arguments);
    fclose(import->file);
    free(import->header);
    free(import->line);
    free(import);
    return err;
}

const struct admin_action admin_list_actions[ADMIN_LIST_ACTIONS] = {
    { "device", "list", 2,
      "[--kind KIND] [--state STATE] [--owner NAME] [--owner-prefix TEXT] [--unit UNIT] [--prefix "
      "TEXT]",
      "the devices of which all this is true", run_list },
    { "device", "export", 2, "[the same]", "as CSV, or with --json, to standard output",
      run_export },
    { "device", "import", 3, "FILE", "registers a list in CSV, all of it or nothing", run_import },
};
