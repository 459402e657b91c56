/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/auth_way.h"

#include "api/authentication.h"
#include "api/http_client.h"
#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/base64.h"

enum { TIMEOUT_MS = 30000, BODY_CAP = QW_BASE64_LEN(QW_AUTH_PROOF_MAX) + 64 };

/* One POST; the member `name` of its answer to out. */
static qw_err post(const struct qw_auth_way *way, const char *path, const char *body,
                   const char *name, uint8_t *out, size_t cap, size_t *len)
{
    const struct qw_http_client_config config = { .base_url = way->url,
                                                  .is_plain = true,
                                                  .timeout_ms = TIMEOUT_MS };
    struct qw_http_client *client = NULL;
    struct qw_json_reader r;
    const char *text = NULL;
    size_t text_len = 0;
    unsigned status = 0;
    qw_err err = qw_http_client_new(&config, &client);

    if (err == QW_OK) {
        err = qw_http_client_call(client, "POST", path, body, &status, &text, &text_len);
    }
    if (err == QW_OK && status != 200) {
        err = status == 403 ? QW_ERR_REFUSED : QW_ERR_UNAVAILABLE;
    }
    if (err == QW_OK) {
        err = qw_json_open(text, text_len, &r);
    }
    if (err == QW_OK) {
        qw_json_get_base64(&r, qw_json_root_object(&r), name, out, 1, cap, len);
        err = qw_json_end(&r);
    }
    qw_http_client_free(client);
    return err;
}

qw_err qw_auth_way_ask(const struct qw_auth_way *way, const char *name, uint8_t *out, size_t cap,
                       size_t *len)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    uint8_t ask[QW_AUTH_ASK_MAX];
    size_t ask_len = 0;
    qw_err err = qw_auth_ask_encode(name, ask, &ask_len);

    if (err != QW_OK) {
        return err;
    }
    if (way->url == NULL) {
        return way->carry(way->self, ask, ask_len, out, cap, len);
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "name");
    qw_json_text(&w, name);
    qw_json_object_end(&w);
    return qw_json_done(&w)
               ? post(way, "/authentication/challenge", body, "challenge", out, cap, len)
               : QW_ERR_ARG;
}

qw_err qw_auth_way_prove(const struct qw_auth_way *way, const uint8_t *proof, size_t proof_len,
                         uint8_t *out, size_t cap, size_t *len)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);

    if (way->url == NULL) {
        return way->carry(way->self, proof, proof_len, out, cap, len);
    }
    qw_json_object_begin(&w);
    qw_json_name(&w, "proof");
    qw_json_base64(&w, proof, proof_len);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w));
    return post(way, "/authentication", body, "answer", out, cap, len);
}
