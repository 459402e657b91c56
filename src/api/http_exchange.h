/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_EXCHANGE_H
#define QW_API_HTTP_EXCHANGE_H

#include "api/http_connection_set.h"
#include "api/http_server.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* One request and its answer, from the first line to the last byte; callbacks of the HTTP library.
 * Each runs in the thread of its connection. */
enum { QW_HTTP_TARGET_MAX = 4096 };

struct qw_http_later { /* a request that may be put aside */
    struct MHD_Connection *connection;
    struct qw_http_connection_set *set;
    bool is_begun; /* and its answer not filled yet */
    void (*fill)(void *work, const struct qw_http_request *request, struct qw_http_answer *answer);
    void *work;
};

struct qw_http_exchange {
    struct qw_http_connection *connection;
    struct qw_http_request request; /* from the handler's call on */
    struct qw_http_later later;
    bool is_started;   /* the head is complete */
    bool is_answering; /* counted in the set */
    bool is_too_large; /* target or body */
    bool is_head;      /* the answer's body stays here */
    size_t received;   /* body bytes, kept or not */
    uint8_t *body;     /* grows to QW_HTTP_BODY_MAX at most */
    size_t body_len, body_cap;
    char target[]; /* raw; "" when it is too long */
};

struct qw_http_exchange_context { /* what the callbacks need of the server */
    struct qw_http_connection_set set;
    void *self;
    void (*handle)(void *self, const struct qw_http_request *request,
                   struct qw_http_answer *answer);
};

/* cls of all three is the context. The first returns the exchange, NULL without memory. */
void *qw_http_exchange_begin(void *cls, const char *target, struct MHD_Connection *connection);
enum MHD_Result qw_http_exchange_step(void *cls, struct MHD_Connection *connection, const char *url,
                                      const char *method, const char *version, const char *data,
                                      size_t *data_len, void **exchange);
void qw_http_exchange_end(void *cls, struct MHD_Connection *connection, void **exchange,
                          enum MHD_RequestTerminationCode cause);

#endif
