/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "authenticate.h"

#include "api/certificate.h"
#include "api/http_client.h"
#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "terminal/authenticate.h"

#include <limits.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 30000, BODY_CAP = QW_BASE64_LEN(QW_AUTH_PROOF_MAX) + 64, KEY_FILE_MAX = 4096 };

struct desk { /* one call of authenticate */
    const struct authenticate_wish *wish;
    struct qw_http_client *client;
    struct qw_card *card;
    struct qw_auth_pending pending; /* has a secret */
    char path[PATH_MAX];            /* of what waits */
    char *error;
};

static qw_err explain(const struct desk *desk, const char *what, qw_err err)
{
    if (err != QW_OK && desk->error[0] == '\0') {
        (void)snprintf(desk->error, AUTHENTICATE_ERROR_CAP, "%.180s: %s", what, qw_err_text(err));
    }
    return err;
}

static qw_err open_card(struct desk *desk)
{
    uint8_t *passphrase = NULL;
    size_t len = 0;
    qw_err err = qw_passphrase_file_read(desk->wish->passphrase_file, &passphrase, &len);

    if (err == QW_OK) {
        err = qw_card_open(desk->wish->card, passphrase, len, &desk->card);
    }
    qw_secret_free(passphrase);
    return explain(desk, desk->wish->card, err);
}

static qw_err open_key(const struct desk *desk, EVP_PKEY **key)
{
    uint8_t *text = NULL;
    size_t len = 0;
    qw_err err = qw_file_read_private(desk->wish->key, KEY_FILE_MAX, &text, &len);
    BIO *bio = err == QW_OK ? BIO_new_mem_buf(text, (int)len) : NULL;

    if (err == QW_OK) {
        *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        err = *key == NULL ? QW_ERR_FORMAT : QW_OK;
    }
    BIO_free(bio);
    qw_secret_free(text);
    return explain(desk, desk->wish->key, err);
}

/* One POST; the member `name` of its answer to out. */
static qw_err post(const struct desk *desk, const char *path, const char *body, const char *name,
                   uint8_t *out, size_t cap, size_t *len)
{
    struct qw_json_reader r;
    const char *text = NULL;
    size_t text_len = 0;
    unsigned status = 0;
    qw_err err = qw_http_client_call(desk->client, "POST", path, body, &status, &text, &text_len);

    if (err == QW_OK && status != 200) {
        (void)snprintf(desk->error, AUTHENTICATE_ERROR_CAP, "the centre refuses (status %u)",
                       status);
        err = status == 403 ? QW_ERR_REFUSED : QW_ERR_UNAVAILABLE;
    }
    if (err == QW_OK) {
        err = qw_json_open(text, text_len, &r);
    }
    if (err == QW_OK) {
        qw_json_get_base64(&r, qw_json_root_object(&r), name, out, 1, cap, len);
        err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
        qw_json_close(&r);
    }
    return explain(desk, desk->wish->url, err);
}

/* P1, P2: durable before it is sent. A key that is taken in between is lost, no more. */
static qw_err prepare(struct desk *desk)
{
    struct qw_auth_wish wish = { .name = desk->wish->name };
    uint8_t challenge[QW_AUTH_CHALLENGE_MAX];
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    size_t len = 0;
    qw_err err = open_key(desk, &wish.private_key);

    qw_json_object_begin(&w);
    qw_json_name(&w, "name");
    qw_json_text(&w, wish.name);
    qw_json_object_end(&w);
    if (err == QW_OK && !qw_json_done(&w)) {
        err = explain(desk, "the name", QW_ERR_ARG);
    }
    if (err == QW_OK) {
        err = explain(desk, desk->wish->certificate,
                      qw_certificate_hash(desk->wish->certificate, wish.certificate_hash));
    }
    if (err == QW_OK) {
        err = post(desk, "/authentication/challenge", body, "challenge", challenge,
                   sizeof challenge, &len);
    }
    if (err == QW_OK) {
        memcpy(wish.context, desk->wish->context, sizeof wish.context);
        wish.now_ms = qw_clock_utc_ms();
        err = explain(desk, desk->wish->card,
                      qw_auth_prove(desk->card, &wish, challenge, len, &desk->pending));
    }
    if (err == QW_OK) {
        err =
            explain(desk, desk->path, qw_auth_pending_save(desk->card, &desk->pending, desk->path));
    }
    EVP_PKEY_free(wish.private_key);
    return err;
}

static qw_err send(struct desk *desk, struct authenticate_result *result)
{
    uint8_t data[QW_AUTH_ANSWER_LEN];
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    struct qw_auth_answer answer;
    struct qw_auth_proof sent;
    size_t len = 0;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "proof");
    qw_json_base64(&w, desk->pending.proof, desk->pending.proof_len);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w));
    err = post(desk, "/authentication", body, "answer", data, sizeof data, &len);
    if (err != QW_OK) {
        return err;
    }
    err = qw_auth_conclude(desk->card, &desk->pending, data, len, &answer);
    if (err == QW_OK) {
        err = qw_auth_proof_read(desk->pending.proof, desk->pending.proof_len, &sent);
    }
    if (err == QW_OK) {
        memcpy(result->id, sent.key_id, sizeof result->id);
        result->until_ms = answer.until_ms;
    }
    return explain(desk, "the centre's answer", err);
}

/* P3: what was sent before and has no answer yet goes first. */
static qw_err work(struct desk *desk, struct authenticate_result *result)
{
    const struct qw_http_client_config config = { .base_url = desk->wish->url,
                                                  .is_plain = true,
                                                  .timeout_ms = TIMEOUT_MS };
    qw_err err = open_card(desk);

    if (err == QW_OK) {
        err = explain(desk, desk->wish->url, qw_http_client_new(&config, &desk->client));
    }
    if (err == QW_OK) {
        err = qw_auth_pending_load(desk->card, desk->path, &desk->pending);
        err = err == QW_ERR_NOT_FOUND ? prepare(desk) : explain(desk, desk->path, err);
    }
    if (err == QW_OK) {
        err = send(desk, result);
        if (err == QW_OK || err == QW_ERR_REFUSED) { /* either is final */
            (void)unlink(desk->path);
        }
    }
    return err;
}

qw_err authenticate(const struct authenticate_wish *wish, struct authenticate_result *result,
                    char error[static AUTHENTICATE_ERROR_CAP])
{
    struct desk desk = { .wish = wish, .error = error };
    qw_err err;

    error[0] = '\0';
    if ((size_t)snprintf(desk.path, sizeof desk.path, "%s.proof", wish->card) >= sizeof desk.path) {
        return QW_ERR_ARG;
    }
    err = work(&desk, result);
    qw_http_client_free(desk.client);
    qw_card_close(desk.card);
    qw_wipe(&desk.pending, sizeof desk.pending);
    return err;
}
