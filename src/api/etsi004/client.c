/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etsi004/client.h"

#include "api/etsi004/line.h"
#include "base/clock.h"
#include "base/secret.h"

#include <stdlib.h>

enum { MESSAGE_MAX = QW_ETSI004_HEADER_LEN + QW_ETSI004_ANSWER_MAX };

struct qw_etsi004_client {
    struct qw_etsi004_line *line;
    int timeout_ms;
    uint8_t *buffer; /* secret memory [MESSAGE_MAX] */
};

/* The request's payload is in the buffer behind the header; the answer's will be. */
static qw_err call(struct qw_etsi004_client *client, enum qw_etsi004_service service, size_t *len)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + client->timeout_ms;
    struct qw_etsi004_header header;
    size_t got;
    qw_err err;

    qw_etsi004_header_write(client->buffer, service, (uint32_t)*len);
    err = qw_etsi004_line_send(client->line, client->buffer, QW_ETSI004_HEADER_LEN + *len,
                               deadline_ms);
    if (err == QW_OK) {
        err = qw_etsi004_line_receive(client->line, client->buffer, QW_ETSI004_HEADER_LEN,
                                      deadline_ms, &got);
    }
    if (err == QW_OK) {
        err = qw_etsi004_header_decode(client->buffer, &header);
    }
    if (err != QW_OK) {
        return err;
    }
    if ((int)header.service != (int)service + 1) {
        return QW_ERR_FORMAT;
    }
    *len = header.payload_len;
    return qw_etsi004_line_receive(client->line, client->buffer + QW_ETSI004_HEADER_LEN, *len,
                                   deadline_ms, &got);
}

qw_err qw_etsi004_client_new(const struct qw_etsi004_client_config *config,
                             struct qw_etsi004_client **out)
{
    struct qw_etsi004_line_config line = { .host = config->host,
                                           .port = config->port,
                                           .certificate_path = config->certificate_path,
                                           .key_path = config->key_path,
                                           .ca_path = config->ca_path,
                                           .timeout_ms = config->timeout_ms,
                                           .takes_tls12 = config->takes_tls12 };
    struct qw_etsi004_client *client = calloc(1, sizeof *client);
    qw_err err = QW_ERR_NOMEM;

    if (client == NULL) {
        return QW_ERR_NOMEM;
    }
    client->timeout_ms = config->timeout_ms;
    client->buffer = qw_secret_new(MESSAGE_MAX);
    if (client->buffer != NULL) {
        err = qw_etsi004_line_new(&line, &client->line);
    }
    if (err != QW_OK) {
        qw_etsi004_client_free(client);
        return err;
    }
    *out = client;
    return QW_OK;
}

void qw_etsi004_client_free(struct qw_etsi004_client *client)
{
    if (client != NULL) {
        qw_etsi004_line_free(client->line);
        qw_secret_free(client->buffer);
        free(client);
    }
}

qw_err qw_etsi004_client_open(struct qw_etsi004_client *client, const struct qw_etsi004_open *open,
                              struct qw_etsi004_open_answer *answer)
{
    uint8_t *payload = client->buffer + QW_ETSI004_HEADER_LEN;
    size_t len = 0;
    qw_err err = qw_etsi004_open_encode(open, payload, QW_ETSI004_REQUEST_MAX, &len);

    if (err == QW_OK) {
        err = call(client, QW_ETSI004_OPEN_REQUEST, &len);
    }
    return err == QW_OK ? qw_etsi004_open_answer_decode(payload, len, answer) : err;
}

qw_err qw_etsi004_client_get(struct qw_etsi004_client *client, const struct qw_etsi004_get *get,
                             struct qw_etsi004_get_answer *answer)
{
    uint8_t *payload = client->buffer + QW_ETSI004_HEADER_LEN;
    size_t len = 0;
    qw_err err = qw_etsi004_get_encode(get, payload, QW_ETSI004_REQUEST_MAX, &len);

    if (err == QW_OK) {
        err = call(client, QW_ETSI004_GET_REQUEST, &len);
    }
    if (err == QW_OK) {
        err = qw_etsi004_get_answer_decode(payload, len, answer);
    }
    qw_wipe(client->buffer, MESSAGE_MAX);
    return err;
}

qw_err qw_etsi004_client_close(struct qw_etsi004_client *client,
                               const uint8_t ksid[static QW_ETSI004_KSID_LEN],
                               enum qw_etsi004_status *status)
{
    uint8_t *payload = client->buffer + QW_ETSI004_HEADER_LEN;
    size_t len = 0;
    qw_err err = qw_etsi004_close_encode(ksid, payload, QW_ETSI004_REQUEST_MAX, &len);

    if (err == QW_OK) {
        err = call(client, QW_ETSI004_CLOSE_REQUEST, &len);
    }
    return err == QW_OK ? qw_etsi004_close_answer_decode(payload, len, status) : err;
}
