/* SPDX-License-Identifier: Apache-2.0 */
#include "conform/check_014.h"

#include "api/json_reader.h"
#include "api/url.h"
#include "base/secret.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool conform_wrong(struct conform_run *run, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)conform_row_wrong(run->row, format, arguments);
    va_end(arguments);
    return false;
}

bool conform_ask(struct conform_run *run, enum conform_who who, const char *method,
                 const char *path, const char *body)
{
    qw_err err =
        run->server->ask(run->server->self, who, method, path, body, &run->status, &run->answer);

    return err == QW_OK ||
           conform_wrong(run, "%s %s: no answer: %s", method, path, qw_err_text(err));
}

bool conform_ask_about(struct conform_run *run, enum conform_who who, const char *method,
                       const char *other_end, const char *tail, const char *body)
{
    char encoded[CONFORM_PATH_CAP / 2];
    char path[CONFORM_PATH_CAP];

    if (qw_url_encode(other_end, encoded, sizeof encoded) != QW_OK || /* [ETSI 014 5.1] */
        (size_t)snprintf(path, sizeof path, "/api/v1/keys/%s/%s", encoded, tail) >= sizeof path) {
        return conform_wrong(run, "an id is too long");
    }
    return conform_ask(run, who, method, path, body);
}

bool conform_enc(struct conform_run *run, const char *method, const char *query, const char *body)
{
    char tail[CONFORM_PATH_CAP];

    (void)snprintf(tail, sizeof tail, "enc_keys%s", query);
    return conform_ask_about(run, CONFORM_MASTER, method, run->server->slave_id, tail, body);
}

bool conform_status_is(struct conform_run *run, unsigned status)
{
    return run->status == status ||
           conform_wrong(run, "status %u instead of %u", run->status, status);
}

bool conform_error_is(struct conform_run *run, unsigned status, const char *want)
{
    struct qw_json_reader r;
    char message[256] = "";
    bool ok;

    if (!conform_status_is(run, status)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return conform_wrong(run, "the body of the error is not JSON");
    }
    qw_json_get_text(&r, qw_json_root_object(&r), "message", message, 1, sizeof message);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        return conform_wrong(run, "the Error body has no message");
    }
    return want == NULL || strcmp(want, message) == 0 ||
           conform_wrong(run, "message is '%.60s', not '%s'", message, want);
}

static void read_key(struct qw_json_reader *r, const struct qw_json_node *item,
                     struct conform_given *key)
{
    uint8_t bytes[CONFORM_KEY_LEN_MAX];
    uint8_t id[16];

    qw_json_get_uuid(r, item, "key_ID", id);
    qw_json_get_text(r, item, "key_ID", key->id, 1, sizeof key->id);
    qw_json_get_text(r, item, "key", key->text, 1, sizeof key->text);
    qw_json_get_base64(r, item, "key", bytes, 1, sizeof bytes, &key->len);
    qw_wipe(bytes, sizeof bytes);
}

bool conform_container_is(struct conform_run *run, size_t count, uint64_t bits,
                          struct conform_container *container)
{
    struct qw_json_reader r;
    const struct qw_json_node *array;
    size_t found = 0;
    bool ok;

    if (!conform_status_is(run, 200)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return conform_wrong(run, "the body is not JSON");
    }
    array = qw_json_get_array(&r, qw_json_root_object(&r), "keys", 1, CONFORM_KEYS_MAX, &found);
    for (size_t i = 0; i < found; i++) {
        read_key(&r, qw_json_item(array, i), &container->keys[i]);
    }
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    container->count = found;
    if (!ok) {
        return conform_wrong(run,
                             "no Key container: keys, key_ID (UUID) and key (base64) are required");
    }
    if (found != count) {
        return conform_wrong(run, "%zu keys instead of %zu", found, count);
    }
    for (size_t i = 0; bits != CONFORM_UNKNOWN_SIZE && i < found; i++) {
        if (container->keys[i].len != (bits + 7) / 8) {
            return conform_wrong(run, "a key of %zu bits instead of %" PRIu64,
                                 8 * container->keys[i].len, bits);
        }
    }
    return true;
}

bool conform_get_limits(struct conform_run *run, struct conform_limits *limits)
{
    static const char *const names[] = { "key_size",        "stored_key_count",
                                         "max_key_count",   "max_key_per_request",
                                         "max_key_size",    "min_key_size",
                                         "max_SAE_ID_count" };
    uint64_t *const values[] = { &limits->key_size,    &limits->stored,   &limits->max_stored,
                                 &limits->per_request, &limits->size_max, &limits->size_min,
                                 &limits->slaves_max };
    struct qw_json_reader r;
    const struct qw_json_node *object;
    bool ok = true;

    if (!conform_ask_about(run, CONFORM_MASTER, "GET", run->server->slave_id, "status", NULL) ||
        !conform_status_is(run, 200)) {
        return false;
    }
    if (qw_json_open(run->answer, strlen(run->answer), &r) != QW_OK) {
        return conform_wrong(run, "Status is not JSON");
    }
    object = qw_json_root_object(&r);
    for (size_t i = 0; ok && i < sizeof names / sizeof names[0]; i++) {
        qw_json_get_uint(&r, object, names[i], 0, QW_JSON_UINT_MAX, values[i]);
        ok = qw_json_ok(&r) || conform_wrong(run, "%s is missing or no whole number", names[i]);
    }
    qw_json_close(&r);
    return ok;
}

bool conform_get_keys(struct conform_run *run, size_t count, struct conform_container *container)
{
    char query[64];

    (void)snprintf(query, sizeof query, "?number=%zu", count);
    return conform_enc(run, "GET", query, NULL) &&
           conform_container_is(run, count, CONFORM_UNKNOWN_SIZE, container);
}

bool conform_dec(struct conform_run *run, enum conform_who who,
                 const struct conform_container *keys, const char *extra)
{
    char body[CONFORM_BODY_CAP];
    size_t at = (size_t)snprintf(body, sizeof body, "{\"key_IDs\":[");

    for (size_t i = 0; i < keys->count; i++) {
        at += (size_t)snprintf(body + at, sizeof body - at, "%s{\"key_ID\":\"%s\"}",
                               i == 0 ? "" : ",", keys->keys[i].id);
    }
    (void)snprintf(body + at, sizeof body - at, "%s]}", extra == NULL ? "" : extra);
    return conform_ask_about(run, who, "POST", run->server->master_id, "dec_keys", body);
}

bool conform_same_keys(struct conform_run *run, const struct conform_container *a,
                       const struct conform_container *b)
{
    for (size_t i = 0; i < a->count; i++) {
        bool found = false;

        for (size_t k = 0; k < b->count; k++) {
            found = found || (strcmp(a->keys[i].id, b->keys[k].id) == 0 &&
                              strcmp(a->keys[i].text, b->keys[k].text) == 0);
        }
        if (!found) {
            return conform_wrong(run, "the two ends hold different keys for %s", a->keys[i].id);
        }
    }
    return true;
}

bool conform_refuses_body(struct conform_run *run, const char *body, const char *message)
{
    return conform_enc(run, "POST", "", body) && conform_error_is(run, 400, message);
}
