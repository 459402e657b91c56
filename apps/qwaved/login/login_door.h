/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_LOGIN_LOGIN_DOOR_H
#define QWAVED_LOGIN_LOGIN_DOOR_H

#include "api/http_server.h"
#include "base/rate_limit.h"
#include "login/sessions.h"
#include "router.h"
#include "settings.h"

/* The listener for officers whose browser has no certificate: the same service, to whoever has
 * logged in [docs/protocol/console-login.md] [docs/adr/0115]. */
struct login_door {
    struct service service;
    struct sessions *sessions;
    struct qw_rate_limit *attempts;
    struct qw_http_server *server;
};

/* Nothing when the settings say so. What service names is borrowed until _close. QW_ERR_* of the
 * server. *port: where it listens, 0 for nowhere. */
qw_err login_door_open(struct login_door *door, const struct settings *settings,
                       const struct service *service, struct qw_tls_failures *failures,
                       uint16_t *port) QW_MUST_USE;
void login_door_close(struct login_door *door); /* zeroed is fine */

/* Who calls there, by his cookie: call->caller and call->session. Without a session that stands he
 * is a stranger, QW_ROLE_COUNT. QW_ERR_IO and others: nobody can know now. */
qw_err login_door_identify(struct call *call) QW_MUST_USE;
/* What he brings proves that the page of this session asks, and not another site's [N3]. */
bool login_door_is_own_page(const struct call *call);

/* Goes with the answer, which is written already; NULL: the browser is to forget it. */
void login_door_set_cookie(struct call *call, const char *cookie);
/* Of the request. False: none. */
bool login_door_cookie(const struct qw_http_request *request,
                       char cookie[static SESSION_TOKEN_CAP]);
/* Whether one more attempt may be looked at. */
bool login_door_may_try(struct login_door *door, const char *address);

#endif
