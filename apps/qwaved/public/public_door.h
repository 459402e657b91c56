/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_PUBLIC_DOOR_H
#define QWAVED_PUBLIC_DOOR_H

#include "api/http_server.h"
#include "base/rate_limit.h"
#include "centre/centre.h"
#include "settings.h"

/* The listener without TLS, for what proves itself: signed answers about certificates, lists,
 * authorities, and devices that have no certificate yet [docs/protocol/public.md]. */
struct public_door {
    struct qw_centre *centre;
    struct qw_rate_limit *rate; /* of what anybody may try; NULL: no limit */
    struct qw_http_server *server;
};

/* Nothing when the settings say so. *port: where it listens, 0 for nowhere. */
qw_err public_door_open(struct public_door *door, const struct settings *settings,
                        struct qw_centre *centre, const struct qw_log *log,
                        uint16_t *port) QW_MUST_USE;
void public_door_close(struct public_door *door); /* zeroed is fine */

/* handle of struct qw_http_server_config; self is a struct public_door. */
void public_door_handle(void *self, const struct qw_http_request *request,
                        struct qw_http_answer *answer);

#endif
