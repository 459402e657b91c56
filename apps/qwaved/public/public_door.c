/* SPDX-License-Identifier: Apache-2.0 */
#include "public/public_door.h"

#include "api/authentication.h"
#include "api/certificate/enrolment.h"
#include "api/certificate/status.h"
#include "api/http_answer.h"
#include "api/json_reader.h"
#include "api/json_writer.h"
#include "api/url.h"
#include "base/base64.h"
#include "base/clock.h"
#include "centre/authentication/authentication.h"
#include "centre/certificate/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THREADS = 2,
    CONNECTIONS_MAX = 128,
    CONNECTIONS_PER_ADDRESS_MAX = 32,
    IDLE_S = 10,
    ENROLMENTS_PER_S = 20,
    AUTHENTICATIONS_PER_S = 200, /* proofs, and as many challenges */
    TEXT_CAP = QW_BASE64_LEN(QW_STATUS_REQUEST_MAX) + 4
};

static void refuse(struct qw_http_answer *answer, unsigned status, const char *message)
{
    qw_http_answer_error(answer, status, message);
}

static void send(struct qw_http_answer *answer, const char *type, const void *data, size_t len)
{
    if (qw_http_answer_write(answer, data, len) != QW_OK) {
        refuse(answer, 503, "temporarily unavailable");
        return;
    }
    answer->status = 200;
    answer->content_type = type;
}

static void answer_status(struct public_door *door, const uint8_t *request, size_t len,
                          struct qw_http_answer *answer)
{
    uint8_t *der = NULL;
    size_t der_len = 0;

    if (qw_centre_certificate_status(door->centre, request, len, &der, &der_len) != QW_OK) {
        refuse(answer, 503, "temporarily unavailable");
        return;
    }
    send(answer, "application/ocsp-response", der, der_len);
    free(der);
}

/* O1 */
static void post_status(struct public_door *door, const struct qw_http_request *request,
                        struct qw_http_answer *answer, const char *rest)
{
    (void)rest;
    if (strcmp(request->content_type, "application/ocsp-request") != 0) {
        refuse(answer, 400, "malformed request");
        return;
    }
    answer_status(door, request->body, request->body_len, answer);
}

/* O2 */
static void get_status(struct public_door *door, const struct qw_http_request *request,
                       struct qw_http_answer *answer, const char *rest)
{
    char text[TEXT_CAP];
    uint8_t der[QW_STATUS_REQUEST_MAX];
    size_t len = 0;

    (void)request;
    if (qw_url_decode(rest, strlen(rest), text, sizeof text) != QW_OK ||
        qw_base64_decode(text, strlen(text), der, sizeof der, &len) != QW_OK) {
        refuse(answer, 400, "malformed request");
        return;
    }
    answer_status(door, der, len, answer);
}

/* The profile of "p256.crl" with suffix ".crl"; _COUNT: none. */
static enum qw_certificate_profile profile_of(const char *name, const char *suffix)
{
    char text[16] = "";
    size_t len = strlen(name);
    size_t suffix_len = strlen(suffix);

    if (len <= suffix_len || len - suffix_len >= sizeof text ||
        strcmp(name + len - suffix_len, suffix) != 0) {
        return QW_CERTIFICATE_PROFILE_COUNT;
    }
    memcpy(text, name, len - suffix_len);
    return qw_certificate_profile_by_name(text);
}

/* O3 */
static void get_list(struct public_door *door, const struct qw_http_request *request,
                     struct qw_http_answer *answer, const char *rest)
{
    struct qw_certificate_list list;
    qw_err err = qw_centre_certificate_list_last(door->centre, profile_of(rest, ".crl"), &list);

    (void)request;
    if (err != QW_OK) {
        refuse(answer, err == QW_ERR_NOT_FOUND ? 404 : 503,
               err == QW_ERR_NOT_FOUND ? "not found" : "temporarily unavailable");
        return;
    }
    send(answer, "application/pkix-crl", list.der, list.der_len);
    qw_certificate_list_free(&list);
}

/* O4 */
static void get_authority(struct public_door *door, const struct qw_http_request *request,
                          struct qw_http_answer *answer, const char *rest)
{
    char pem[QW_CERTIFICATE_PEM_CAP];

    (void)request;
    if (qw_centre_authority_pem(door->centre, profile_of(rest, ".pem"), pem) != QW_OK) {
        refuse(answer, 404, "not found");
        return;
    }
    send(answer, "application/x-pem-file", pem, strlen(pem));
}

/* {"NAME": base64} */
static void send_base64(struct qw_http_answer *answer, const char *name, const uint8_t *data,
                        size_t len)
{
    char text[QW_BASE64_LEN(QW_ENROLMENT_ANSWER_MAX) + 64];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, name);
    qw_json_base64(&w, data, len);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w));
    send(answer, "application/json", w.out, w.len);
}

/* Tries cost a record of the journal each, or the centre's time, so they are few. */
static bool may_try(struct public_door *door, struct qw_http_answer *answer, const char *what,
                    uint32_t per_s)
{
    if (door->rate == NULL ||
        qw_rate_limit_take(door->rate, what, per_s, 1, qw_clock_monotonic_ms())) {
        return true;
    }
    refuse(answer, 503, "over a limit, later again");
    answer->retry_after_s = 1;
    return false;
}

/* One refusal for all causes. */
static void refuse_try(struct qw_http_answer *answer, qw_err err)
{
    if (err == QW_ERR_IO || err == QW_ERR_NOMEM || err == QW_ERR_TIMEOUT) {
        refuse(answer, 503, "temporarily unavailable");
    } else {
        refuse(answer, 403, "refused");
    }
}

/* E1, E7 */
static void post_enrolment(struct public_door *door, const struct qw_http_request *request,
                           struct qw_http_answer *answer, const char *rest)
{
    uint8_t out[QW_ENROLMENT_ANSWER_MAX];
    uint8_t message[QW_ENROLMENT_MAX];
    struct qw_json_reader r;
    size_t message_len = 0;
    size_t len = 0;
    qw_err err = qw_json_open(request->body, request->body_len, &r);

    (void)rest;
    if (err == QW_OK) {
        qw_json_get_base64(&r, qw_json_root_object(&r), "enrolment", message, 1, sizeof message,
                           &message_len);
        err = qw_json_end(&r);
    }
    if (err != QW_OK) {
        refuse(answer, 400, "malformed request");
        return;
    }
    if (!may_try(door, answer, "enrolment", ENROLMENTS_PER_S)) {
        return;
    }
    err = qw_centre_enrol(door->centre, message, message_len, out, &len);
    if (err == QW_OK) {
        send_base64(answer, "answer", out, len);
    } else {
        refuse_try(answer, err);
    }
}

/* C1 of docs/protocol/authentication.md */
static void post_challenge(struct public_door *door, const struct qw_http_request *request,
                           struct qw_http_answer *answer, const char *rest)
{
    char name[QW_CERTIFICATE_URI_CAP] = "";
    uint8_t challenge[QW_AUTH_CHALLENGE_MAX];
    struct qw_json_reader r;
    size_t len = 0;
    qw_err err = qw_json_open(request->body, request->body_len, &r);

    (void)rest;
    if (err == QW_OK) {
        qw_json_get_text(&r, qw_json_root_object(&r), "name", name, 1, sizeof name);
        err = qw_json_end(&r);
    }
    if (err != QW_OK) {
        refuse(answer, 400, "malformed request");
        return;
    }
    if (!may_try(door, answer, "challenge", AUTHENTICATIONS_PER_S)) {
        return;
    }
    err = qw_centre_auth_challenge(door->centre, name, challenge, &len);
    if (err == QW_OK) {
        send_base64(answer, "challenge", challenge, len);
    } else {
        refuse_try(answer, err);
    }
}

/* C2 to C6 */
static void post_proof(struct public_door *door, const struct qw_http_request *request,
                       struct qw_http_answer *answer, const char *rest)
{
    uint8_t proof[QW_AUTH_PROOF_MAX];
    uint8_t out[QW_AUTH_ANSWER_LEN];
    struct qw_json_reader r;
    size_t len = 0;
    qw_err err = qw_json_open(request->body, request->body_len, &r);

    (void)rest;
    if (err == QW_OK) {
        qw_json_get_base64(&r, qw_json_root_object(&r), "proof", proof, 1, sizeof proof, &len);
        err = qw_json_end(&r);
    }
    if (err != QW_OK) {
        refuse(answer, 400, "malformed request");
        return;
    }
    if (!may_try(door, answer, "authentication", AUTHENTICATIONS_PER_S)) {
        return;
    }
    err = qw_centre_authenticate(door->centre, NULL, proof, len, out);
    if (err == QW_OK) {
        send_base64(answer, "answer", out, sizeof out);
    } else {
        refuse_try(answer, err);
    }
}

/* clang-format off */
static const struct {
    const char *method, *prefix; /* a prefix that ends in '/' has a rest behind it */
    void (*handle)(struct public_door *door, const struct qw_http_request *request,
                   struct qw_http_answer *answer, const char *rest);
} rows[] = {
    { "POST", "/ocsp",       post_status },
    { "GET",  "/ocsp/",      get_status },
    { "GET",  "/crl/",       get_list },
    { "GET",  "/authority/", get_authority },
    { "POST", "/enrolment",  post_enrolment },
    { "POST", "/authentication/challenge", post_challenge },
    { "POST", "/authentication", post_proof },
};
/* clang-format on */

static bool row_matches(const char *prefix, const char *path, const char **rest)
{
    size_t len = strlen(prefix);

    if (strncmp(prefix, path, len) != 0) {
        return false;
    }
    *rest = path + len;
    /* Clients put a '/' behind the address they were given. */
    return prefix[len - 1] == '/' ? path[len] != '\0'
                                  : path[len] == '\0' || strcmp(path + len, "/") == 0;
}

void public_door_handle(void *self, const struct qw_http_request *request,
                        struct qw_http_answer *answer)
{
    struct public_door *door = self;
    const char *rest = NULL;
    const char *allow = NULL;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!row_matches(rows[i].prefix, request->path, &rest)) {
            continue;
        }
        if (strcmp(rows[i].method, request->method) == 0) {
            rows[i].handle(door, request, answer, rest);
            return;
        }
        allow = rows[i].method;
    }
    if (allow == NULL) {
        refuse(answer, 404, "not found");
    } else {
        refuse(answer, 405, "method not allowed");
        answer->allow = allow;
    }
}

qw_err public_door_open(struct public_door *door, const struct settings *settings,
                        struct qw_centre *centre, const struct qw_log *log, uint16_t *port)
{
    struct qw_http_server_config config = {
        .address = settings->listen_address,
        .port = (uint16_t)settings->public_port,
        .is_plain = true,
        .threads = THREADS,
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = CONNECTIONS_PER_ADDRESS_MAX,
        .idle_timeout_s = IDLE_S,
        .request_timeout_ms = (int)settings->request_timeout_ms,
        .log = log,
        .self = door,
        .handle = public_door_handle,
    };
    qw_err err;

    *port = 0;
    *door = (struct public_door){ .centre = centre };
    if (settings->public == 0) {
        return QW_OK;
    }
    err = qw_rate_limit_new(3, &door->rate);
    return err == QW_OK ? qw_http_server_new(&config, &door->server, port) : err;
}

void public_door_close(struct public_door *door)
{
    qw_http_server_free(door->server);
    door->server = NULL;
    qw_rate_limit_free(door->rate);
    door->rate = NULL;
}
