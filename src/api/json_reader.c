/* SPDX-License-Identifier: Apache-2.0 */
#include "api/json_reader.h"

#include "api/json_scan.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/secret.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

/* struct qw_json_node is cJSON under our name, so that no header of ours shows the parser. */
static const cJSON *tree(const struct qw_json_node *node)
{
    return (const cJSON *)(const void *)node;
}

static const struct qw_json_node *node_of(const cJSON *item)
{
    return (const struct qw_json_node *)(const void *)item;
}

/* Counts are checked before names are compared, so a hostile object costs at most 64 x 64 / 2
 * comparisons. */
static bool object_ok(const cJSON *object)
{
    size_t count = 0;

    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        if (++count > QW_JSON_MEMBERS_MAX) {
            return false;
        }
    }
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        for (const cJSON *other = member->next; other != NULL; other = other->next) {
            if (strcmp(member->string, other->string) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* Recursion ends at QW_JSON_DEPTH_MAX: the scan has counted the levels. */
static bool tree_ok(const cJSON *item)
{
    size_t count = 0;

    if (cJSON_IsObject(item) && !object_ok(item)) {
        return false;
    }
    for (const cJSON *child = item->child; child != NULL; child = child->next) {
        if (++count > QW_JSON_ITEMS_MAX || !tree_ok(child)) {
            return false;
        }
    }
    return true;
}

static void tree_wipe(cJSON *item)
{
    if (item->valuestring != NULL) {
        qw_wipe(item->valuestring, strlen(item->valuestring));
    }
    for (cJSON *child = item->child; child != NULL; child = child->next) {
        tree_wipe(child);
    }
}

static void tree_free(cJSON *root)
{
    if (root != NULL) {
        tree_wipe(root);
        cJSON_Delete(root);
    }
}

qw_err qw_json_open(const void *text, size_t len, struct qw_json_reader *r)
{
    cJSON *root;

    if (len > QW_JSON_TEXT_MAX || !qw_json_scan(text, len)) {
        return QW_ERR_FORMAT;
    }
    root = cJSON_ParseWithLength(text, len);
    if (root == NULL) {
        return QW_ERR_NOMEM; /* the scan has accepted it, so only memory can be missing */
    }
    if (!tree_ok(root)) {
        tree_free(root);
        return QW_ERR_FORMAT;
    }
    *r = (struct qw_json_reader){ .root = (struct qw_json_node *)(void *)root };
    return QW_OK;
}

void qw_json_close(struct qw_json_reader *r)
{
    tree_free((cJSON *)(void *)r->root);
    r->root = NULL;
}

bool qw_json_ok(const struct qw_json_reader *r)
{
    return !r->failed;
}

qw_err qw_json_end(struct qw_json_reader *r)
{
    qw_json_close(r);
    return qw_json_ok(r) ? QW_OK : QW_ERR_FORMAT;
}

const struct qw_json_node *qw_json_find(const struct qw_json_node *object, const char *name)
{
    if (object == NULL || !cJSON_IsObject(tree(object))) {
        return NULL;
    }
    return node_of(cJSON_GetObjectItemCaseSensitive(tree(object), name));
}

const struct qw_json_node *qw_json_root_object(struct qw_json_reader *r)
{
    if (!cJSON_IsObject(tree(r->root))) {
        r->failed = true;
        return NULL;
    }
    return r->root;
}

const struct qw_json_node *qw_json_get_array(struct qw_json_reader *r,
                                             const struct qw_json_node *object, const char *name,
                                             size_t min, size_t max, size_t *count)
{
    const cJSON *array = tree(qw_json_find(object, name));
    size_t items = 0;

    if (!cJSON_IsArray(array)) {
        r->failed = true;
        return NULL;
    }
    for (const cJSON *item = array->child; item != NULL; item = item->next) {
        items++;
    }
    if (items < min || items > max) {
        r->failed = true;
        return NULL;
    }
    *count = items;
    return node_of(array);
}

const struct qw_json_node *qw_json_item(const struct qw_json_node *array, size_t index)
{
    const cJSON *item = array == NULL ? NULL : tree(array)->child;

    while (item != NULL && index-- > 0) {
        item = item->next;
    }
    return node_of(item);
}

const struct qw_json_node *qw_json_member(const struct qw_json_node *object, size_t index,
                                          const char **name)
{
    const struct qw_json_node *member =
        object != NULL && cJSON_IsObject(tree(object)) ? qw_json_item(object, index) : NULL;

    if (member != NULL) {
        *name = tree(member)->string;
    }
    return member;
}

bool qw_json_is_object(const struct qw_json_node *node)
{
    return node != NULL && cJSON_IsObject(tree(node));
}

void qw_json_take_text(struct qw_json_reader *r, const struct qw_json_node *node, char *out,
                       size_t min, size_t cap)
{
    const char *text = node != NULL && cJSON_IsString(tree(node)) ? tree(node)->valuestring : NULL;
    size_t len = text == NULL ? 0 : strlen(text);

    if (text == NULL || len < min || len >= cap) {
        r->failed = true;
        return;
    }
    memcpy(out, text, len + 1);
}

/* The string called name, or NULL and failure. */
static const char *string_of(struct qw_json_reader *r, const struct qw_json_node *object,
                             const char *name)
{
    const cJSON *item = tree(qw_json_find(object, name));

    if (!cJSON_IsString(item)) {
        r->failed = true;
        return NULL;
    }
    return item->valuestring;
}

void qw_json_get_text(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      char *out, size_t min, size_t cap)
{
    qw_json_take_text(r, qw_json_find(object, name), out, min, cap);
}

void qw_json_get_uint(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      uint64_t min, uint64_t max, uint64_t *value)
{
    const cJSON *item = tree(qw_json_find(object, name));
    double number = cJSON_IsNumber(item) ? item->valuedouble : -1.0;

    /* In this order: only a number inside the range may be converted. */
    if (!(number >= 0.0) || number > (double)QW_JSON_UINT_MAX || floor(number) < number ||
        (uint64_t)number < min || (uint64_t)number > max) {
        r->failed = true;
        return;
    }
    *value = (uint64_t)number;
}

void qw_json_get_real(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      double *value)
{
    const cJSON *item = tree(qw_json_find(object, name));

    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) { /* 1e400 reads as infinity */
        r->failed = true;
        return;
    }
    *value = item->valuedouble;
}

void qw_json_get_bool(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      bool *value)
{
    const cJSON *item = tree(qw_json_find(object, name));

    if (!cJSON_IsBool(item)) {
        r->failed = true;
        return;
    }
    *value = cJSON_IsTrue(item);
}

void qw_json_get_base64(struct qw_json_reader *r, const struct qw_json_node *object,
                        const char *name, uint8_t *out, size_t min, size_t cap, size_t *len)
{
    const char *text = string_of(r, object, name);
    size_t padding = 0;
    size_t decoded_len;

    if (text == NULL) {
        return;
    }
    decoded_len = strlen(text) / 4 * 3;
    while (padding < 2 && decoded_len > 0 && text[strlen(text) - 1 - padding] == '=') {
        padding++;
    }
    if (decoded_len - padding < min ||
        qw_base64_decode(text, strlen(text), out, cap, len) != QW_OK) {
        r->failed = true;
    }
}

void qw_json_get_hex(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                     uint8_t *out, size_t len)
{
    const char *text = string_of(r, object, name);

    if (text != NULL && qw_hex_decode(text, out, len) != QW_OK) {
        r->failed = true;
    }
}

void qw_json_get_uuid(struct qw_json_reader *r, const struct qw_json_node *object, const char *name,
                      uint8_t out[static 16])
{
    const char *text = string_of(r, object, name);

    if (text != NULL && qw_uuid_decode(text, out) != QW_OK) {
        r->failed = true;
    }
}
