/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L /* strcasecmp */
#include "link/prove/key_list.h"

#include "api/json_reader.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEYS_MAX = 1 << 16, FIRST_ROOM = 64 };

struct qw_key_list {
    struct qw_delivered_key *keys; /* owned */
    size_t count, room;
};

qw_err qw_key_list_new(struct qw_key_list **out)
{
    struct qw_key_list *list = calloc(1, sizeof *list);

    if (list == NULL) {
        return QW_ERR_NOMEM;
    }
    *out = list;
    return QW_OK;
}

void qw_key_list_free(struct qw_key_list *list)
{
    if (list != NULL) {
        qw_wipe_free(list->keys, list->room * sizeof *list->keys);
        free(list);
    }
}

static qw_err grow(struct qw_key_list *list)
{
    size_t room = list->room == 0 ? FIRST_ROOM : 2 * list->room;
    struct qw_delivered_key *keys;

    if (list->count < list->room) {
        return QW_OK;
    }
    if (room > KEYS_MAX) {
        return QW_ERR_LIMIT;
    }
    keys = calloc(room, sizeof *keys);
    if (keys == NULL) {
        return QW_ERR_NOMEM;
    }
    if (list->count > 0) {
        memcpy(keys, list->keys, list->count * sizeof *keys);
    }
    qw_wipe_free(list->keys, list->room * sizeof *keys);
    list->keys = keys;
    list->room = room;
    return QW_OK;
}

static qw_err add_key(struct qw_key_list *list, const struct qw_delivered_key *key)
{
    const struct qw_delivered_key *known = qw_key_list_find(list, key->id);
    qw_err err;

    if (known != NULL) {
        return known->len == key->len && qw_equal_ct(known->bytes, key->bytes, key->len)
                   ? QW_OK
                   : QW_ERR_CONFLICT;
    }
    err = grow(list);
    if (err == QW_OK) {
        list->keys[list->count++] = *key;
    }
    return err;
}

static qw_err add_container(struct qw_key_list *list, struct qw_json_reader *r)
{
    size_t count = 0;
    const struct qw_json_node *root = qw_json_root_object(r);
    const struct qw_json_node *array =
        qw_json_get_array(r, root, "keys", 0, QW_JSON_ITEMS_MAX, &count);
    qw_err err = qw_json_ok(r) ? QW_OK : QW_ERR_FORMAT;

    for (size_t i = 0; err == QW_OK && i < count; i++) {
        const struct qw_json_node *item = qw_json_item(array, i);
        struct qw_delivered_key key = { 0 };

        qw_json_get_text(r, item, "key_ID", key.id, 1, sizeof key.id);
        qw_json_get_base64(r, item, "key", key.bytes, QW_DELIVERED_LEN_MIN, sizeof key.bytes,
                           &key.len);
        err = qw_json_ok(r) ? add_key(list, &key) : QW_ERR_FORMAT;
        qw_wipe(&key, sizeof key);
    }
    return err;
}

static qw_err add_text(struct qw_key_list *list, const char *text, size_t len)
{
    struct qw_json_reader r;
    qw_err err = qw_json_open(text, len, &r);

    if (err == QW_OK) {
        err = add_container(list, &r);
        qw_json_close(&r);
    }
    return err;
}

qw_err qw_key_list_add(struct qw_key_list *list, const char *text, size_t len)
{
    struct qw_json_reader r;
    qw_err err = qw_json_open(text, len, &r);

    if (err == QW_OK) { /* one container, whatever its lines */
        err = add_container(list, &r);
        qw_json_close(&r);
        return err;
    }
    for (size_t at = 0; at < len; at++) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end == NULL ? len - at : (size_t)(end - text) - at;

        err = add_text(list, text + at, line_len);
        if (err != QW_OK) {
            return err;
        }
        at += line_len;
    }
    return err;
}

const struct qw_delivered_key *qw_key_list_find(const struct qw_key_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcasecmp(list->keys[i].id, id) == 0) {
            return &list->keys[i];
        }
    }
    return NULL;
}

size_t qw_key_list_count(const struct qw_key_list *list)
{
    return list->count;
}
