/* SPDX-License-Identifier: Apache-2.0 */
#include "streams.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/stream/quality.h"

#include <string.h>

static qw_err answer_open(struct streams *streams, const struct qw_etsi004_request *request,
                          const struct qw_stream_call *call, uint8_t *out, size_t *len)
{
    struct qw_etsi004_open open;
    struct qw_etsi004_open_answer answer;
    qw_err err = qw_etsi004_open_decode(request->payload, request->len, &open);

    if (err != QW_OK) {
        return err;
    }
    qw_stream_open(streams->table, call, &open, &answer);
    qw_log_write(streams->log, answer.status == QW_ETSI004_DONE ? QW_LOG_DEBUG : QW_LOG_WARNING,
                 "%s: stream to %s: status %d", request->identity, open.dest, (int)answer.status);
    return qw_etsi004_open_answer_encode(&answer, out, QW_ETSI004_ANSWER_MAX, len);
}

static qw_err answer_get(struct streams *streams, const struct qw_etsi004_request *request,
                         const struct qw_stream_call *call, uint8_t *out, size_t *len)
{
    struct qw_etsi004_get get;
    struct qw_etsi004_get_answer answer;
    qw_err err = qw_etsi004_get_decode(request->payload, request->len, &get);

    if (err != QW_OK) {
        return err;
    }
    err = qw_stream_get(streams->table, call, &get, &answer)
              ? qw_etsi004_get_answer_encode(&answer, out, QW_ETSI004_ANSWER_MAX, len)
              : QW_ERR_LIMIT; /* G6: later again */
    qw_wipe(&answer, sizeof answer);
    return err;
}

static qw_err answer_close(struct streams *streams, const struct qw_etsi004_request *request,
                           const struct qw_stream_call *call, uint8_t *out, size_t *len)
{
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    qw_err err = qw_etsi004_close_decode(request->payload, request->len, ksid);

    if (err != QW_OK) {
        return err;
    }
    return qw_etsi004_close_answer_encode(qw_stream_close(streams->table, call, ksid), out,
                                          QW_ETSI004_ANSWER_MAX, len);
}

qw_err streams_answer(void *self, const struct qw_etsi004_request *request, uint8_t *out,
                      size_t *len)
{
    struct qw_caller caller;
    struct qw_stream_call call = { .caller = &caller,
                                   .connection = request->connection,
                                   .now_ms = qw_clock_monotonic_ms(),
                                   .waited_ms = request->waited_ms };
    qw_err err = qw_caller_parse(request->identity, &caller);

    if (err != QW_OK) {
        return QW_ERR_AUTH;
    }
    memcpy(caller.certificate_hash, request->certificate_hash, sizeof caller.certificate_hash);
    switch (request->service) {
    case QW_ETSI004_OPEN_REQUEST:
        return answer_open(self, request, &call, out, len);
    case QW_ETSI004_GET_REQUEST:
        return answer_get(self, request, &call, out, len);
    case QW_ETSI004_CLOSE_REQUEST:
        return answer_close(self, request, &call, out, len);
    default:
        return QW_ERR_FORMAT;
    }
}

static void hang_up(void *self, uint64_t connection)
{
    struct streams *streams = self;

    qw_stream_hang_up(streams->table, connection);
}

static void tick(void *self)
{
    struct streams *streams = self;

    qw_stream_sweep(streams->table, qw_clock_monotonic_ms());
}

qw_err streams_start(struct streams *streams, const struct settings *settings,
                     struct qw_centre *centre, struct qw_tls_failures *failures,
                     const struct qw_log *log, uint16_t *port)
{
    struct qw_etsi004_server_config config = {
        .address = settings->listen_address,
        .port = (uint16_t)settings->etsi004_port,
        .certificate_path = settings->certificate,
        .key_path = settings->key,
        .client_ca_path = settings->client_ca,
        .revocation_list_path =
            settings->revocation_list[0] != '\0' ? settings->revocation_list : NULL,
        .connections_max = QW_ETSI004_CONNECTIONS_MAX,
        .connections_per_address_max = (unsigned)settings->connections_per_address_max,
        .request_timeout_ms = (int)settings->request_timeout_ms,
        .idle_timeout_ms = QW_STREAM_TTL_S_MAX * 1000, /* a stream may be silent */
        .failures = failures,
        .log = log,
        .self = streams,
        .answer = streams_answer,
        .hang_up = hang_up,
        .tick = tick,
    };
    qw_err err;

    *port = 0;
    *streams = (struct streams){ .log = log };
    if (settings->etsi004 == 0) {
        return QW_OK;
    }
    err = qw_stream_table_new(centre, settings->window_ms, &streams->table);
    if (err == QW_OK) {
        err = qw_etsi004_server_new(&config, &streams->server, port);
    }
    if (err != QW_OK) {
        streams_stop(streams);
    }
    return err;
}

void streams_stop(struct streams *streams)
{
    qw_etsi004_server_free(streams->server);
    qw_stream_table_free(streams->table);
    *streams = (struct streams){ .log = streams->log };
}
