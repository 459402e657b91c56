/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_line.h"

#include "api/http_answer.h"
#include "api/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char path[] = "/link/v1";

struct peer_line {
    struct qw_http_client *client;
};

qw_err peer_line_new(const struct settings *settings, const struct peer_settings *peer,
                     struct peer_line **line_out)
{
    char url[sizeof peer->address + 16];
    const struct qw_http_client_config config = { .base_url = url,
                                                  .certificate_path = settings->certificate,
                                                  .key_path = settings->key,
                                                  .ca_path = settings->peer_ca,
                                                  .timeout_ms = (int)settings->peer_timeout_ms,
                                                  .peer_identity = peer->peer_identity };
    struct peer_line *line = calloc(1, sizeof *line);
    qw_err err;

    if (line == NULL) {
        return QW_ERR_NOMEM;
    }
    (void)snprintf(url, sizeof url, "https://%s", peer->address);
    err = qw_http_client_new(&config, &line->client);
    if (err != QW_OK) {
        free(line);
        return err;
    }
    *line_out = line;
    return QW_OK;
}

void peer_line_free(struct peer_line *line)
{
    if (line != NULL) {
        qw_http_client_free(line->client);
        free(line);
    }
}

static qw_err ask(void *self, const struct qw_link_request *request, struct qw_link_answer *answer)
{
    struct peer_line *line = self;
    char text[QW_LINK_MESSAGE_CAP];
    const char *said = NULL;
    size_t len = 0;
    unsigned status = 0;
    qw_err err;

    qw_link_request_encode(request, text);
    err = qw_http_client_call(line->client, "POST", path, text, &status, &said, &len);
    if (err != QW_OK) {
        return err;
    }
    switch (status) {
    case 200:
        return qw_link_answer_decode(said, len, answer);
    case 401: /* of a connection that was good: our certificate has run out since, or was revoked */
        return QW_ERR_AUTH;
    case 404:
        return QW_ERR_NOT_FOUND; /* it does not know us, or not this link */
    default:
        return QW_ERR_FORMAT;
    }
}

struct qw_link_peer peer_line_peer(struct peer_line *line)
{
    return (struct qw_link_peer){ line, ask };
}

bool peer_line_read(const struct qw_http_request *http, struct qw_link_request *request,
                    struct qw_http_answer *answer)
{
    if (strcmp(http->path, path) != 0) {
        qw_http_answer_error(answer, 404, "not found");
        return false;
    }
    if (strcmp(http->method, "POST") != 0) {
        qw_http_answer_error(answer, 405, "method not allowed");
        answer->allow = "POST";
        return false;
    }
    if (qw_link_request_decode(http->body, http->body_len, request) != QW_OK) {
        qw_http_answer_error(answer, 400, "malformed request");
        return false;
    }
    return true;
}

void peer_line_write(const struct qw_link_answer *answer, struct qw_http_answer *http)
{
    char text[QW_LINK_MESSAGE_CAP];

    qw_link_answer_encode(answer, text);
    http->status = 200;
    http->content_type = "application/json";
    if (qw_http_answer_write(http, text, strlen(text)) != QW_OK) {
        qw_http_answer_error(http, 503, "temporarily unavailable");
    }
}
