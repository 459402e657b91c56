/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_LOGIN_INPUT_H
#define QW_TESTS_FUZZ_HANDLER_LOGIN_INPUT_H

#include "http_input.h"
#include "login_judge.h"

/* What the target login_handler reads beyond http_handler: the header fields that stand before a
 * body, and words that somebody at the door may know [docs/design/handlers.md]. */
struct login_fields { /* NULL: the request has none */
    const char *cookie, *token, *origin, *host, *site, *address;
};

/* Takes the lines "name: value" off the front of the body, up to one of another shape; an empty
 * line ends them too. fields borrows asked. */
void login_input_fields(const struct login_judge *judge, struct http_asked *asked,
                        struct login_fields *fields);

#endif
