/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_ROUTES_H
#define QWAVE_SETUP_SETUP_ROUTES_H

#include "api/http_page.h"
#include "setup/setup_desk.h"
#include "setup/setup_door.h"

#include <pthread.h>
#include <stdbool.h>

/* The set-up page over HTTP [docs/protocol/setup-page.md]: from a request to the door and the desk,
 * and to one answer. Everything but the page's files under one mutex. */
struct setup_service {
    const struct qw_http_page *page; /* borrowed */
    pthread_mutex_t mutex;
    struct setup_door *door; /* secret memory, owned by whoever made the service, as is */
    struct setup_desk *desk;
    bool is_ended;      /* the page has said so, or the door is over */
    bool is_locked_out; /* by wrong codes */
};

/* handle of struct qw_http_server_config; self is a struct setup_service. */
void setup_routes_handle(void *self, const struct qw_http_request *request,
                         struct qw_http_answer *answer);

#endif
