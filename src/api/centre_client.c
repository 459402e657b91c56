/* SPDX-License-Identifier: Apache-2.0 */
/* R3, R6 and R10 of docs/protocol/refill.md over docs/protocol/centre-rest.md. */
#include "api/centre_client.h"

#include "api/json_writer.h"
#include "base/base64.h"
#include "base/hex.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

enum {
    SESSION_TEXT_CAP = 2 * 16 + 1,
    PATH_CAP = 96,
    BLOB_MAX = 1024, /* of what an access point sends: reports and receipts are far smaller */
    BODY_CAP = QW_BASE64_LEN(BLOB_MAX) + 64
};

qw_err qw_centre_client_status(unsigned status)
{
    switch (status) {
    case 200:
    case 201:
        return QW_OK;
    case 400:
        return QW_ERR_FORMAT;
    case 401:
    case 403:
        return QW_ERR_REFUSED;
    case 404:
        return QW_ERR_NOT_FOUND;
    case 409:
        return QW_ERR_CONFLICT;
    case 503:
        return QW_ERR_EXHAUSTED;
    default:
        return QW_ERR_IO;
    }
}

/* One POST. On QW_OK *json is the answer's object, to be deleted by the caller. */
static qw_err post(struct qw_http_client *client, const char *path, const char *body, cJSON **json)
{
    unsigned status = 0;
    const char *answer = NULL;
    size_t len = 0;
    cJSON *parsed;
    qw_err err = qw_http_client_call(client, "POST", path, body, &status, &answer, &len);

    if (err == QW_OK) {
        err = qw_centre_client_status(status);
    }
    if (err != QW_OK) {
        return err;
    }
    parsed = cJSON_ParseWithLength(answer, len);
    if (!cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        return QW_ERR_FORMAT;
    }
    *json = parsed;
    return QW_OK;
}

static const char *text_member(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

static qw_err blob_member(const cJSON *json, const char *name, uint8_t *out, size_t cap,
                          size_t *len)
{
    const char *text = text_member(json, name);

    return text == NULL ? QW_ERR_FORMAT : qw_base64_decode(text, strlen(text), out, cap, len);
}

/* {"<name>": base64 of the blob} */
static qw_err blob_body(const char *name, const uint8_t *blob, size_t len, char body[BODY_CAP])
{
    struct qw_json_writer w = qw_json_writer_on(body, BODY_CAP);

    if (len > BLOB_MAX) {
        return QW_ERR_ARG;
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, name);
    qw_json_base64(&w, blob, len);
    qw_json_object_end(&w);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

/* {"<name>": value} */
static qw_err number_body(const char *name, uint64_t value, char body[BODY_CAP])
{
    struct qw_json_writer w = qw_json_writer_on(body, BODY_CAP);

    qw_json_object_begin(&w);
    qw_json_name(&w, name);
    qw_json_uint(&w, value);
    qw_json_object_end(&w);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

static void session_path(const uint8_t session_id[static 16], const char *verb, char path[PATH_CAP])
{
    char id[SESSION_TEXT_CAP];

    qw_hex_encode(session_id, 16, id);
    snprintf(path, PATH_CAP, "/v1/radio/sessions/%s/%s", id, verb);
}

qw_err qw_centre_client_contact(struct qw_http_client *client, const uint8_t *report, size_t len,
                                uint8_t session_id[static 16], uint8_t *grant, size_t cap,
                                size_t *grant_len)
{
    char body[BODY_CAP];
    uint8_t id[16];
    const char *id_text;
    cJSON *json = NULL;
    qw_err err = blob_body("report", report, len, body);

    if (err == QW_OK) {
        err = post(client, "/v1/radio/sessions", body, &json); /* R3 */
    }
    if (err != QW_OK) {
        return err;
    }
    if (blob_member(json, "order", grant, cap, grant_len) == QW_OK) {
        cJSON_Delete(json);
        return QW_ERR_STATE; /* C2, C3 */
    }
    id_text = text_member(json, "session_id");
    err = id_text == NULL ? QW_ERR_FORMAT : qw_hex_decode(id_text, id, sizeof id);
    if (err == QW_OK) {
        err = blob_member(json, "grant", grant, cap, grant_len);
    }
    if (err == QW_OK) {
        memcpy(session_id, id, sizeof id);
    }
    cJSON_Delete(json);
    return err;
}

qw_err qw_centre_client_package(struct qw_http_client *client, const uint8_t session_id[static 16],
                                size_t pad_len, uint8_t *package, size_t cap, size_t *len)
{
    char path[PATH_CAP], body[BODY_CAP];
    cJSON *json = NULL;
    qw_err err = number_body("pad_len", pad_len, body);

    session_path(session_id, "package", path);
    if (err == QW_OK) {
        err = post(client, path, body, &json); /* R6 */
    }
    if (err == QW_OK) {
        err = blob_member(json, "package", package, cap, len);
    }
    cJSON_Delete(json);
    return err;
}

qw_err qw_centre_client_receipt(struct qw_http_client *client, const uint8_t session_id[static 16],
                                const uint8_t *receipt, size_t len)
{
    char path[PATH_CAP], body[BODY_CAP];
    cJSON *json = NULL;
    qw_err err = blob_body("receipt", receipt, len, body);

    session_path(session_id, "receipt", path);
    if (err == QW_OK) {
        err = post(client, path, body, &json); /* R10 */
    }
    cJSON_Delete(json);
    return err;
}

qw_err qw_centre_client_end(struct qw_http_client *client, const uint8_t session_id[static 16],
                            unsigned refusal)
{
    char path[PATH_CAP], body[BODY_CAP];
    cJSON *json = NULL;
    qw_err err = number_body("refusal", refusal, body);

    session_path(session_id, "end", path);
    if (err == QW_OK) {
        err = post(client, path, body, &json);
    }
    cJSON_Delete(json);
    return err;
}
