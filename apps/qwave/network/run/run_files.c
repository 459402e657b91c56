/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "network/run/run_files.h"

#include "base/hex.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LINE_LEN = 2 * QW_RELAY_KEY_ID_LEN + 1 + 2 * RUN_KEY_LEN, FIRST_CAP = 256 };

/* Room for one more; old memory is wiped. */
static void *grown(void *list, size_t count, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? FIRST_CAP : 2 * *cap;
    void *larger;

    if (count < *cap) {
        return list;
    }
    larger = calloc(more, size);
    if (larger != NULL && list != NULL) {
        memcpy(larger, list, count * size);
        qw_wipe_free(list, count * size);
    }
    *cap = larger == NULL ? *cap : more;
    return larger;
}

static size_t target_of(const char *route)
{
    const char *comma = strrchr(route, ',');

    return (size_t)strtoul(comma == NULL ? route : comma + 1, NULL, 10);
}

/* The last one: a line that a crash cut short may stand before. NULL: none. */
static const char *last_of(const char *line, const char *word)
{
    const char *found = NULL;

    for (const char *at = strstr(line, word); at != NULL; at = strstr(at + 1, word)) {
        found = at;
    }
    return found;
}

static qw_err take_fed(struct run_files *files, size_t node, char *line)
{
    struct run_fed fed = { .node = node };
    struct run_fed *list;
    char session[2 * QW_HANDOVER_SESSION_LEN + 1];

    if (sscanf(line, "fed %zu %32s %u %zu %u", &fed.neighbour, session, &fed.block, &fed.len,
               &fed.errors_ppm) != 5 ||
        qw_hex_decode(session, fed.session, sizeof fed.session) != QW_OK) {
        return QW_OK;
    }
    list = grown(files->fed, files->feds, &files->feds_cap, sizeof fed);
    if (list == NULL) {
        return QW_ERR_NOMEM;
    }
    files->fed = list;
    files->fed[files->feds++] = fed;
    return QW_OK;
}

static qw_err take_light(struct run_files *files, size_t node, char *line)
{
    struct run_light light = { .node = node };
    struct run_light *list;
    unsigned long long passes;
    unsigned long long clear;

    if (sscanf(line, "passes %zu %llu %llu %lf", &light.neighbour, &passes, &clear,
               &light.pass_bits) == 4) {
        light.passes = passes;
        light.clear_passes = clear;
    } else if (sscanf(line, "slot %zu", &light.neighbour) == 1) {
        light.slots = 1;
    } else {
        return QW_OK;
    }
    list = grown(files->light, files->lights, &files->lights_cap, sizeof light);
    if (list == NULL) {
        return QW_ERR_NOMEM;
    }
    files->light = list;
    files->light[files->lights++] = light;
    return QW_OK;
}

static qw_err take_event(struct run_files *files, size_t node, char *line)
{
    struct run_event event = { .source = node };
    struct run_event *list;
    long long asked_ms;
    long long done_ms;
    char id[2 * QW_RELAY_BATCH_ID_LEN + 1];
    const char *at = last_of(line, "delivered ");

    if (at == NULL ||
        sscanf(at, "delivered %lld %lld %24s %u %255s", &asked_ms, &done_ms, id, &event.count,
               event.route) != 5 ||
        qw_hex_decode(id, event.id, sizeof event.id) != QW_OK) {
        return QW_OK;
    }
    event.asked_ms = asked_ms;
    event.done_ms = done_ms;
    event.target = target_of(event.route);
    list = grown(files->event, files->events, &files->events_cap, sizeof event);
    if (list == NULL) {
        return QW_ERR_NOMEM;
    }
    files->event = list;
    files->event[files->events++] = event;
    return QW_OK;
}

/* Everything that this node holds of the batch so far. */
static void take_void(struct run_files *files, size_t node, const char *line)
{
    const char *said = last_of(line, "void ");
    uint8_t id[QW_RELAY_BATCH_ID_LEN];

    if (said == NULL || qw_hex_decode(said + strlen("void "), id, sizeof id) != QW_OK) {
        return;
    }
    for (size_t i = files->keys; i > 0 && files->key[i - 1].node == node; i--) {
        if (qw_equal_ct(files->key[i - 1].id, id, sizeof id)) {
            files->key[i - 1].is_void = true;
        }
    }
}

/* What stands at the end of the line: before it may be what a crash cut short. */
static bool read_key(char *line, struct run_key *key)
{
    size_t len = strlen(line);
    char *at = len < KEY_LINE_LEN ? line : line + len - KEY_LINE_LEN;

    if (len < KEY_LINE_LEN || at[2 * sizeof key->id] != ' ') {
        return false;
    }
    at[2 * sizeof key->id] = '\0';
    return qw_hex_decode(at, key->id, sizeof key->id) == QW_OK &&
           qw_hex_decode(at + 2 * sizeof key->id + 1, key->key, sizeof key->key) == QW_OK;
}

static qw_err take_key(struct run_files *files, size_t node, char *line)
{
    struct run_key key = { .node = node };
    struct run_key *list;

    if (!read_key(line, &key)) {
        take_void(files, node, line);
        return QW_OK;
    }
    list = grown(files->key, files->keys, &files->keys_cap, sizeof key);
    if (list == NULL) {
        return QW_ERR_NOMEM;
    }
    files->key = list;
    files->key[files->keys++] = key;
    qw_wipe(&key, sizeof key);
    return QW_OK;
}

static qw_err read_lines(struct run_files *files, size_t node, const char *kind,
                         qw_err (*take)(struct run_files *, size_t, char *))
{
    char path[RUN_FILE_CAP];
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    qw_err err = QW_OK;
    FILE *file;

    run_file(node, kind, path);
    file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? QW_OK : QW_ERR_IO; /* a node that is no end */
    }
    while (err == QW_OK && (len = getline(&line, &cap, file)) > 0) {
        line[len - 1] = line[len - 1] == '\n' ? '\0' : line[len - 1];
        err = take(files, node, line);
    }
    if (err == QW_OK && ferror(file)) {
        err = QW_ERR_IO;
    }
    fclose(file);
    qw_wipe_free(line, cap);
    return err;
}

qw_err run_files_read(const struct run *run, struct run_files *files)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->graph->node_count; i++) {
        err = read_lines(files, i, "events", take_event);
        if (err == QW_OK) {
            err = read_lines(files, i, "keys", take_key);
        }
        if (err == QW_OK) {
            err = read_lines(files, i, "fed", take_fed);
        }
        if (err == QW_OK) {
            err = read_lines(files, i, "schedule", take_light);
        }
    }
    return err;
}

void run_files_free(struct run_files *files)
{
    free(files->event);
    free(files->fed);
    free(files->light);
    qw_wipe_free(files->key, files->keys_cap * sizeof *files->key);
    *files = (struct run_files){ 0 };
}
