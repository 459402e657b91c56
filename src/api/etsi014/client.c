/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi014/client.h"

#include "api/json_reader.h"
#include "api/json_writer.h"
#include "api/url.h"
#include "base/hex.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    PATH_CAP = 1024,
    DISTINCT_LEN = 16, /* shorter keys may come twice by chance */
    ID_ROOM = 64       /* {"key_ID":"<36>"}, */
};

/* A key that came, before it is believed. */
struct answer_key {
    uint8_t id[16];
    size_t at; /* index among the keys asked for */
};

static qw_err status_error(unsigned status, qw_err bad_request)
{
    switch (status) {
    case 200:
        return QW_OK;
    case 400:
        return bad_request;
    case 401:
    case 403:
        return QW_ERR_REFUSED;
    case 404:
        return QW_ERR_NOT_FOUND;
    case 503:
        return QW_ERR_EXHAUSTED;
    default:
        return QW_ERR_IO;
    }
}

static qw_err call(struct qw_http_client *client, const char *other_end, const char *verb,
                   const char *body, struct qw_json_reader *answer)
{
    char name[PATH_CAP / 2];
    char path[PATH_CAP];
    const char *text = NULL;
    size_t len = 0;
    unsigned status = 0;
    bool is_by_id = strcmp(verb, "dec_keys") == 0;
    qw_err err;

    if (other_end[0] == '\0' || qw_url_encode(other_end, name, sizeof name) != QW_OK ||
        (size_t)snprintf(path, sizeof path, "/api/v1/keys/%s/%s", name, verb) >= sizeof path) {
        return QW_ERR_ARG;
    }
    err = qw_http_client_call(client, body == NULL ? "GET" : "POST", path, body, &status, &text,
                              &len);
    if (err == QW_OK) {
        err = status_error(status, is_by_id ? QW_ERR_NOT_FOUND : QW_ERR_ARG);
    }
    return err == QW_OK ? qw_json_open(text, len, answer) : err;
}

qw_err qw_etsi014_client_status(struct qw_http_client *client, const char *slave,
                                struct qw_etsi014_client_status *status)
{
    struct qw_etsi014_client_status s = { 0 };
    struct qw_json_reader r;
    const struct qw_json_node *root;
    bool ok;
    qw_err err = call(client, slave, "status", NULL, &r);

    if (err != QW_OK) {
        return err;
    }
    root = qw_json_root_object(&r);
    qw_json_get_uint(&r, root, "key_size", 1, QW_JSON_UINT_MAX, &s.key_size);
    qw_json_get_uint(&r, root, "stored_key_count", 0, QW_JSON_UINT_MAX, &s.stored_key_count);
    qw_json_get_uint(&r, root, "max_key_per_request", 1, QW_JSON_UINT_MAX, &s.max_key_per_request);
    qw_json_get_uint(&r, root, "max_key_size", 1, QW_JSON_UINT_MAX, &s.max_key_size);
    qw_json_get_uint(&r, root, "min_key_size", 1, QW_JSON_UINT_MAX, &s.min_key_size);
    ok = qw_json_ok(&r);
    qw_json_close(&r);
    if (!ok) {
        return QW_ERR_FORMAT;
    }
    *status = s;
    return QW_OK;
}

/* Where the key with that id belongs; count when nobody asked for it. */
static size_t place_of(const uint8_t (*wanted)[16], size_t count, const uint8_t id[static 16])
{
    size_t at = 0;

    while (at < count && !qw_equal_ct(wanted[at], id, 16)) {
        at++;
    }
    return at;
}

static bool has_key(const uint8_t *keys, const struct answer_key *come, size_t count,
                    size_t key_len, const uint8_t *key)
{
    for (size_t i = 0; key_len >= DISTINCT_LEN && i < count; i++) {
        if (qw_equal_ct(keys + come[i].at * key_len, key, key_len)) {
            return true;
        }
    }
    return false;
}

/* Key container [ETSI 014 6.3]. wanted NULL: ids are the server's choice and stand in their order.
 * Writes into ids and keys on the way; the caller wipes on failure. */
static qw_err read_container(struct qw_json_reader *r, const uint8_t (*wanted)[16], size_t count,
                             size_t key_len, uint8_t (*ids)[16], uint8_t *keys)
{
    struct answer_key come[QW_ETSI014_CLIENT_KEYS_MAX];
    size_t got = 0;
    const struct qw_json_node *root = qw_json_root_object(r);
    bool is_capital = qw_json_find(root, "keys") == NULL; /* table 11 prints it so [ETSI 014 6.3] */
    const struct qw_json_node *array =
        qw_json_get_array(r, root, is_capital ? "Keys" : "keys", count, count, &got);

    for (size_t i = 0; i < count && qw_json_ok(r); i++) {
        const struct qw_json_node *item = qw_json_item(array, i);
        uint8_t key[QW_ETSI014_CLIENT_KEY_LEN_MAX];
        size_t len = 0;
        bool ok;

        qw_json_get_uuid(r, item, "key_ID", come[i].id);
        qw_json_get_base64(r, item, "key", key, key_len, key_len, &len);
        ok = qw_json_ok(r);
        if (ok) {
            come[i].at = wanted == NULL ? i : place_of(wanted, count, come[i].id);
            for (size_t j = 0; j < i; j++) {
                ok = ok && !qw_equal_ct(come[j].id, come[i].id, 16);
            }
            ok = ok && come[i].at < count && !has_key(keys, come, i, key_len, key);
        }
        if (ok) {
            memcpy(keys + come[i].at * key_len, key, key_len);
        }
        qw_wipe(key, sizeof key);
        if (!ok) {
            return QW_ERR_FORMAT;
        }
    }
    if (!qw_json_ok(r)) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; wanted == NULL && i < count; i++) {
        memcpy(ids[i], come[i].id, 16);
    }
    return QW_OK;
}

static bool counts_ok(size_t count, size_t key_len)
{
    return count >= 1 && count <= QW_ETSI014_CLIENT_KEYS_MAX && key_len >= 1 &&
           key_len <= QW_ETSI014_CLIENT_KEY_LEN_MAX;
}

/* One call whose answer is a key container. */
static qw_err ask_keys(struct qw_http_client *client, const char *other_end, const char *verb,
                       const char *body, const uint8_t (*wanted)[16], size_t count, size_t key_len,
                       uint8_t (*ids)[16], uint8_t *keys)
{
    struct qw_json_reader r;
    qw_err err = call(client, other_end, verb, body, &r);

    if (err != QW_OK) {
        return err;
    }
    err = read_container(&r, wanted, count, key_len, ids, keys);
    qw_json_close(&r);
    if (err != QW_OK) {
        qw_wipe(keys, count * key_len);
    }
    return err;
}

qw_err qw_etsi014_client_new_keys(struct qw_http_client *client, const char *slave, size_t count,
                                  size_t key_len, uint8_t (*ids)[16], uint8_t *keys)
{
    char body[64];

    if (!counts_ok(count, key_len)) {
        return QW_ERR_ARG;
    }
    (void)snprintf(body, sizeof body, "{\"number\":%zu,\"size\":%zu}", count, 8 * key_len);
    return ask_keys(client, slave, "enc_keys", body, NULL, count, key_len, ids, keys);
}

qw_err qw_etsi014_client_keys_by_id(struct qw_http_client *client, const char *master, size_t count,
                                    size_t key_len, const uint8_t (*ids)[16], uint8_t *keys)
{
    char body[QW_ETSI014_CLIENT_KEYS_MAX * ID_ROOM + ID_ROOM];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);

    if (!counts_ok(count, key_len)) {
        return QW_ERR_ARG;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "key_IDs");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        char id[QW_UUID_TEXT_CAP];

        if (place_of(ids, i, ids[i]) < i) {
            return QW_ERR_ARG;
        }
        qw_uuid_encode(ids[i], id);
        qw_json_object_begin(&w);
        qw_json_name(&w, "key_ID");
        qw_json_text(&w, id);
        qw_json_object_end(&w);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    return qw_json_done(&w)
               ? ask_keys(client, master, "dec_keys", body, ids, count, key_len, NULL, keys)
               : QW_ERR_ARG;
}
