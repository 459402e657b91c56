/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http_exchange.h"

#include "api/http_answer.h"
#include "api/http_caller.h"
#include "base/clock.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODY_FIRST_CAP = 4096,
    DISCARD_MAX = 16 * QW_HTTP_BODY_MAX /* past this nobody waits for our 400 any more */
};

static struct qw_http_connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

void *qw_http_exchange_begin(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct qw_http_connection *c = connection_of(connection);
    size_t len = strlen(target);
    size_t kept = len > QW_HTTP_TARGET_MAX ? 0 : len;
    struct qw_http_exchange *exchange = calloc(1, sizeof *exchange + kept + 1);

    (void)cls;
    if (exchange == NULL || c == NULL) {
        free(exchange);
        return NULL;
    }
    exchange->connection = c;
    exchange->is_too_large = kept < len;
    memcpy(exchange->target, target, kept);
    qw_http_connection_limit(c, c->set->request_ms);
    return exchange;
}

/* Keeps what fits; the rest is read and dropped, because an answer may only follow the whole
 * request. False when it is time to hang up instead. */
static bool body_append(struct qw_http_exchange *exchange, const char *data, size_t len)
{
    size_t cap = exchange->body_cap == 0 ? BODY_FIRST_CAP : exchange->body_cap;
    uint8_t *body;

    exchange->received += len;
    if (exchange->is_too_large || len > QW_HTTP_BODY_MAX - exchange->body_len) {
        exchange->is_too_large = true;
        return exchange->received <= DISCARD_MAX;
    }
    if (len > exchange->body_cap - exchange->body_len) {
        while (cap < exchange->body_len + len) {
            cap *= 2;
        }
        body = calloc(1, cap);
        if (body == NULL) {
            return false;
        }
        if (exchange->body != NULL) {
            memcpy(body, exchange->body, exchange->body_len);
            qw_wipe_free(exchange->body, exchange->body_len);
        }
        exchange->body = body;
        exchange->body_cap = cap;
    }
    memcpy(exchange->body + exchange->body_len, data, len);
    exchange->body_len += len;
    return true;
}

static void release_body(void *body)
{
    qw_secret_free(body);
}

static void add_headers(struct MHD_Response *response, const struct qw_http_answer *answer)
{
    char seconds[16];

    /* A header that cannot be added is missing from an answer that is otherwise right. */
    (void)MHD_add_response_header(response, "Cache-Control",
                                  answer->cache_control == NULL ? "no-store"
                                                                : answer->cache_control); /* H8 */
    if (answer->content_type != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", answer->content_type);
    }
    if (answer->allow != NULL) {
        (void)MHD_add_response_header(response, "Allow", answer->allow);
    }
    if (answer->status == MHD_HTTP_UNAUTHORIZED) { /* [RFC 7235 3.1] */
        (void)MHD_add_response_header(response, "WWW-Authenticate", "Certificate");
    }
    if (answer->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%u", answer->retry_after_s);
        (void)MHD_add_response_header(response, "Retry-After", seconds);
    }
    if (answer->entity_tag != NULL) {
        (void)MHD_add_response_header(response, "ETag", answer->entity_tag);
    }
    if (answer->content_encoding != NULL) {
        (void)MHD_add_response_header(response, "Content-Encoding", answer->content_encoding);
    }
    if (answer->set_cookie[0] != '\0') {
        (void)MHD_add_response_header(response, "Set-Cookie", answer->set_cookie);
    }
    for (const struct qw_http_header *h = answer->headers; h != NULL && h->name != NULL; h++) {
        (void)MHD_add_response_header(response, h->name, h->value);
    }
}

/* NULL: no memory. The response has the body from now on. */
static struct MHD_Response *make_response(const struct qw_http_answer *answer)
{
    if (answer->body != NULL) {
        return MHD_create_response_from_buffer_with_free_callback(answer->body_len, answer->body,
                                                                  release_body);
    }
    return MHD_create_response_from_buffer(answer->lent_len, (void *)(uintptr_t)answer->lent,
                                           MHD_RESPMEM_PERSISTENT);
}

/* Takes the answer's body. */
static enum MHD_Result send_answer(struct qw_http_exchange *exchange,
                                   struct MHD_Connection *connection, struct qw_http_answer *answer,
                                   qw_err standing)
{
    bool has_body = answer->body_len + answer->lent_len > 0 && !exchange->is_head;
    struct MHD_Response *response;
    enum MHD_Result result;

    response = make_response(answer);
    if (response == NULL) {
        qw_http_answer_wipe(answer);
        return MHD_NO;
    }
    add_headers(response, answer);
    if (standing == QW_ERR_AUTH || qw_http_connection_is_last(exchange->connection)) {
        (void)MHD_add_response_header(response, "Connection", "close");
    }
    result = MHD_queue_response(connection, answer->status, response);
    if (result == MHD_YES && has_body) {
        qw_tls_pipe_hold(&exchange->connection->pipe); /* the head; the body follows at once */
    }
    MHD_destroy_response(response); /* the library keeps its own reference until it is sent */
    qw_http_connection_limit(exchange->connection, exchange->connection->set->request_ms);
    return result;
}

/* NULL when it is not there. */
static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The handler's turn. Splits the target in place. */
static void call_handler(struct qw_http_exchange_context *context,
                         struct qw_http_exchange *exchange, struct MHD_Connection *connection,
                         const char *method, struct qw_http_answer *answer)
{
    const struct qw_certificate_identity *identity = &exchange->connection->identity;
    const char *content_type = header(connection, "Content-Type");
    char *question = strchr(exchange->target, '?');

    if (question != NULL) {
        *question = '\0';
    }
    exchange->later = (struct qw_http_later){ .connection = connection, .set = &context->set };
    exchange->request = (struct qw_http_request){
        .method = method,
        .path = exchange->target,
        .query = question == NULL ? "" : question + 1,
        .identity = identity->text,
        .certificate_hash = identity->hash,
        .content_type = content_type == NULL ? "" : content_type,
        .host = header(connection, "Host"),
        .origin = header(connection, "Origin"),
        .fetch_site = header(connection, "Sec-Fetch-Site"),
        .accept_encoding = header(connection, "Accept-Encoding"),
        .if_none_match = header(connection, "If-None-Match"),
        .last_event_id = header(connection, "Last-Event-ID"),
        .cookie = header(connection, "Cookie"),
        .session_token = header(connection, "X-Qwave-Session"),
        .address = exchange->connection->address,
        .body = exchange->body,
        .body_len = exchange->body_len,
        .later = &exchange->later,
    };
    context->handle(context->self, &exchange->request, answer);
}

void qw_http_later_begin(struct qw_http_later *later,
                         void (*fill)(void *work, const struct qw_http_request *request,
                                      struct qw_http_answer *answer),
                         void *work)
{
    qw_assert(!later->is_begun);
    later->fill = fill;
    later->work = work;
    later->is_begun = true;
    qw_http_connection_set_aside(later->set, 1);
    MHD_suspend_connection(later->connection);
}

/* Once the connection goes on, its thread may end it, and the request with it. */
void qw_http_later_end(struct qw_http_later *later)
{
    struct qw_http_connection_set *set = later->set;

    MHD_resume_connection(later->connection);
    qw_http_connection_set_aside(set, -1);
}

/* Why nobody is told anything; false: nothing is in the way. The handshake may be long ago, and so
 * may the beginning of a request that was put aside (H2, S7). */
static bool refuse(struct qw_http_answer *answer, qw_err standing)
{
    if (standing == QW_ERR_AUTH) {
        qw_http_answer_error(answer, MHD_HTTP_UNAUTHORIZED, "not authorised");
    } else if (standing != QW_OK) {
        qw_http_answer_error(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "temporarily unavailable");
    }
    return standing != QW_OK;
}

/* The whole request is there. */
static enum MHD_Result answer_now(struct qw_http_exchange_context *context,
                                  struct qw_http_exchange *exchange,
                                  struct MHD_Connection *connection, const char *method)
{
    struct qw_http_connection *c = exchange->connection;
    struct qw_http_answer answer = { .status = MHD_HTTP_SERVICE_UNAVAILABLE };
    bool goes_on = qw_http_connection_answer_begin(c);
    qw_err standing = qw_http_caller_check(c);

    exchange->is_answering = true;
    exchange->is_head = strcmp(method, "HEAD") == 0;
    if (!refuse(&answer, standing == QW_OK && !goes_on ? QW_ERR_UNAVAILABLE : standing)) {
        if (exchange->is_too_large || exchange->target[0] != '/') {
            qw_http_answer_error(&answer, MHD_HTTP_BAD_REQUEST, "malformed request");
        } else {
            call_handler(context, exchange, connection, method, &answer);
        }
    }
    if (exchange->later.is_begun) {
        return MHD_YES; /* _step comes again when it goes on */
    }
    return send_answer(exchange, connection, &answer, standing);
}

/* What was waited for has happened; whether the caller may still be told is looked at again. */
static enum MHD_Result answer_later(struct qw_http_exchange *exchange,
                                    struct MHD_Connection *connection)
{
    struct qw_http_answer answer = { .status = MHD_HTTP_SERVICE_UNAVAILABLE };
    qw_err standing;

    exchange->later.is_begun = false;
    exchange->later.fill(exchange->later.work, &exchange->request, &answer);
    standing = qw_http_caller_check(exchange->connection);
    (void)refuse(&answer, standing);
    return send_answer(exchange, connection, &answer, standing);
}

/* A request that ends before the library has taken it up again. */
static void drop_later(struct qw_http_exchange *exchange)
{
    struct qw_http_answer answer = { .status = MHD_HTTP_SERVICE_UNAVAILABLE };

    exchange->later.is_begun = false;
    exchange->later.fill(exchange->later.work, &exchange->request, &answer);
    qw_http_answer_wipe(&answer);
}

enum MHD_Result qw_http_exchange_step(void *cls, struct MHD_Connection *connection, const char *url,
                                      const char *method, const char *version, const char *data,
                                      size_t *data_len, void **state)
{
    struct qw_http_exchange *exchange = *state;

    (void)url; /* decoded by the library; ours is the raw target */
    (void)version;
    if (exchange == NULL || !exchange->connection->is_verified) {
        return MHD_NO;
    }
    if (!exchange->is_started) {
        exchange->is_started = true; /* the body comes in further calls */
        return MHD_YES;
    }
    if (exchange->later.is_begun) {
        return answer_later(exchange, connection);
    }
    if (*data_len > 0) {
        bool ok = body_append(exchange, data, *data_len);

        *data_len = 0;
        return ok ? MHD_YES : MHD_NO;
    }
    return answer_now(cls, exchange, connection, method);
}

void qw_http_exchange_end(void *cls, struct MHD_Connection *connection, void **state,
                          enum MHD_RequestTerminationCode cause)
{
    struct qw_http_exchange *exchange = *state;

    (void)cls;
    (void)connection;
    (void)cause;
    if (exchange == NULL) {
        return;
    }
    if (exchange->later.is_begun) {
        drop_later(exchange);
    }
    qw_tls_pipe_flush(&exchange->connection->pipe);
    qw_tls_pipe_read_ahead(&exchange->connection->pipe); /* no handshake goes on any more */
    if (exchange->is_answering) {
        qw_http_connection_answer_end(exchange->connection);
    }
    qw_wipe_free(exchange->body, exchange->body_len);
    free(exchange);
    *state = NULL;
}
