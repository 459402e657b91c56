/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "enrol.h"

#include "api/certificate/enrolment.h"
#include "api/http_client.h"
#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "terminal/card_unlock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 30000, BODY_CAP = QW_BASE64_LEN(QW_ENROLMENT_MAX) + 64 };

struct message {
    uint8_t bytes[QW_ENROLMENT_MAX];
    size_t len;
};

static qw_err explain(char *error, const char *what, qw_err err)
{
    if (err != QW_OK && error[0] == '\0') {
        (void)snprintf(error, ENROL_ERROR_CAP, "%.180s: %s", what, qw_err_text(err));
    }
    return err;
}

/* E1: the private key is durable before the card's key is taken, and the message before it is sent.
 * A key that is taken in between is lost, no more. */
static qw_err prepare(const struct enrol_wish *wish, struct qw_card *card, const char *request_path,
                      struct message *message, char *error)
{
    struct qw_signing_request_made made;
    struct qw_enrolment enrolment = { .epoch = 0 };
    struct qw_card_taken_root taken;
    qw_err err = qw_signing_request_new(wish->profile, wish->name, NULL, 0, &made);

    if (err == QW_OK) {
        err = explain(error, wish->key,
                      qw_file_replace(wish->key, (const uint8_t *)made.key, strlen(made.key)));
    }
    if (err == QW_OK) {
        err = qw_random_bytes(enrolment.nonce, sizeof enrolment.nonce);
    }
    if (err == QW_OK) {
        err = explain(error, wish->card, qw_card_take_root(card, &taken));
    }
    if (err == QW_OK) {
        memcpy(enrolment.request, made.request, strlen(made.request) + 1);
        enrolment.epoch = taken.epoch;
        memcpy(enrolment.serial, taken.serial, sizeof enrolment.serial);
        memcpy(enrolment.key_id, taken.key_id, sizeof enrolment.key_id);
        err = qw_enrolment_seal(&enrolment, taken.root, message->bytes, &message->len);
    }
    if (err == QW_OK) {
        err = explain(error, request_path,
                      qw_file_replace(request_path, message->bytes, message->len));
    }
    qw_wipe(&taken, sizeof taken);
    qw_wipe(&made, sizeof made);
    return err;
}

/* E6: what was sent before and has no answer yet. QW_ERR_NOT_FOUND: nothing. */
static qw_err take_up(const char *request_path, struct message *message)
{
    uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(request_path, sizeof message->bytes, &data, &len);

    if (err == QW_OK) {
        memcpy(message->bytes, data, len);
        message->len = len;
    }
    qw_secret_free(data);
    return err;
}

static qw_err call(const struct enrol_wish *wish, const struct message *message,
                   uint8_t answer[static QW_ENROLMENT_ANSWER_MAX], size_t *len, char *error)
{
    const struct qw_http_client_config config = { .base_url = wish->url,
                                                  .is_plain = true,
                                                  .timeout_ms = TIMEOUT_MS };
    struct qw_http_client *client = NULL;
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    struct qw_json_reader r;
    const char *text = NULL;
    size_t text_len = 0;
    unsigned status = 0;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "enrolment");
    qw_json_base64(&w, message->bytes, message->len);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w));
    err = qw_http_client_new(&config, &client);
    if (err == QW_OK) {
        err = qw_http_client_call(client, "POST", "/enrolment", body, &status, &text, &text_len);
    }
    if (err == QW_OK && status != 200) {
        (void)snprintf(error, ENROL_ERROR_CAP, "the centre refuses (status %u)", status);
        err = status == 403 ? QW_ERR_REFUSED : QW_ERR_UNAVAILABLE;
    }
    if (err == QW_OK) {
        err = qw_json_open(text, text_len, &r);
    }
    if (err == QW_OK) {
        qw_json_get_base64(&r, qw_json_root_object(&r), "answer", answer, 1,
                           QW_ENROLMENT_ANSWER_MAX, len);
        err = qw_json_end(&r);
    }
    qw_http_client_free(client);
    return explain(error, wish->url, err);
}

/* E7: only what the card's own key vouches for is kept. */
static qw_err keep(const struct enrol_wish *wish, struct qw_card *card,
                   const struct message *message, const uint8_t *data, size_t len, char *error)
{
    struct qw_enrolment sent;
    struct qw_enrolment_answer answer;
    qw_err err = qw_enrolment_read(message->bytes, message->len, &sent);

    if (err == QW_OK) {
        err = qw_card_check_enrolment(card, data, len);
    }
    if (err == QW_OK) {
        err = qw_enrolment_answer_read(data, len, &answer);
    }
    if (err == QW_OK && (!qw_equal_ct(answer.nonce, sent.nonce, sizeof sent.nonce) ||
                         !qw_equal_ct(answer.serial, sent.serial, sizeof sent.serial))) {
        err = QW_ERR_AUTH;
    }
    if (explain(error, "the centre's answer", err) != QW_OK) {
        return err;
    }
    err = explain(error, wish->authority,
                  qw_file_replace(wish->authority, (const uint8_t *)answer.authority,
                                  strlen(answer.authority)));
    return err == QW_OK
               ? explain(error, wish->certificate,
                         qw_file_create(wish->certificate, (const uint8_t *)answer.certificate,
                                        strlen(answer.certificate)))
               : err;
}

qw_err enrol(const struct enrol_wish *wish, char error[static ENROL_ERROR_CAP])
{
    struct qw_card *card = NULL;
    struct message message = { .len = 0 };
    uint8_t answer[QW_ENROLMENT_ANSWER_MAX];
    char request_path[PATH_MAX];
    size_t len = 0;
    qw_err err;

    error[0] = '\0';
    if (access(wish->certificate, F_OK) == 0) {
        return explain(error, wish->certificate, QW_ERR_CONFLICT);
    }
    if ((size_t)snprintf(request_path, sizeof request_path, "%s.request", wish->certificate) >=
        sizeof request_path) {
        return QW_ERR_ARG;
    }
    err =
        explain(error, wish->card, qw_card_open_by_file(wish->card, wish->passphrase_file, &card));
    if (err == QW_OK) {
        err = take_up(request_path, &message);
        if (err == QW_ERR_NOT_FOUND) {
            err = prepare(wish, card, request_path, &message, error);
        }
    }
    if (err == QW_OK) {
        err = call(wish, &message, answer, &len, error);
    }
    if (err == QW_OK) {
        err = keep(wish, card, &message, answer, len, error);
    }
    if (err == QW_OK || err == QW_ERR_REFUSED) { /* either is final */
        (void)unlink(request_path);
    }
    qw_card_close(card);
    return err;
}
