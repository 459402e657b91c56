/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_HTTP_INPUT_H
#define QW_TESTS_FUZZ_HANDLER_HTTP_INPUT_H

#include "ledger.h"
#include "site.h"

/* The input of the target http_handler, request by request [docs/design/handlers.md]. */
enum { HTTP_INPUT_REQUESTS_MAX = 16 };

struct http_input {
    const uint8_t *data; /* borrowed; what is left */
    size_t len;
    size_t requests;
};

struct http_asked {
    bool is_wait, has_sweep; /* no request; what qwaved does meanwhile is done */
    int64_t wait_ms;
    char identity[QW_HTTP_IDENTITY_CAP];
    char method[16];
    char path[4096];
    const char *query; /* in path, behind its end */
    char content_type[64];
    uint8_t body[QW_HTTP_BODY_MAX];
    size_t body_len;
};

struct http_known { /* what the words in a request stand for */
    struct site *site;
    const struct ledger *ledger;
    char session[33]; /* the last radio session, hex */
    char offer[37];   /* the last offer to a partner, UUID; "" none */
};

/* False: the input is over. A request without a first line of the right shape is passed over. */
bool http_input_next(struct http_input *input, const struct http_known *known,
                     struct http_asked *asked);

#endif
