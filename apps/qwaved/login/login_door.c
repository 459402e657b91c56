/* SPDX-License-Identifier: Apache-2.0 */
#include "login/login_door.h"

#include "base/clock.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

enum {
    THREADS = 4, /* of which one hashes a password at a time */
    CONNECTIONS_MAX = 256,
    ATTEMPTS_PER_S = 3, /* of all; hashing takes a core */
    ADDRESSES = 1024
};
static const double ATTEMPTS_OF_ONE_PER_S = 1; /* address, after ten */
#define COOKIE_NAME "__Host-qwave"

qw_err login_door_open(struct login_door *door, const struct settings *settings,
                       const struct service *service, struct qw_tls_failures *failures,
                       uint16_t *port)
{
    struct qw_http_server_config config = {
        .address = settings->listen_address,
        .port = (uint16_t)settings->console_login_port,
        .is_open = true,
        .certificate_path = settings->certificate,
        .key_path = settings->key,
        .client_ca_path = settings->client_ca,
        .threads = THREADS,
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = (unsigned)settings->connections_per_address_max,
        .idle_timeout_s = (unsigned)settings->idle_timeout_s,
        .request_timeout_ms = (int)settings->request_timeout_ms,
        .failures = failures,
        .log = service->log,
        .self = &door->service,
        .handle = router_handle,
    };
    qw_err err;

    *port = 0;
    *door = (struct login_door){ .service = *service };
    door->service.login = door;
    if (settings->console_login == 0) {
        return QW_OK;
    }
    err = sessions_new(settings->console_idle_s * 1000, settings->console_session_s * 1000,
                       &door->sessions);
    if (err == QW_OK) {
        err = qw_rate_limit_new(ADDRESSES, &door->attempts);
    }
    return err == QW_OK ? qw_http_server_new(&config, &door->server, port) : err;
}

void login_door_close(struct login_door *door)
{
    qw_http_server_free(door->server);
    door->server = NULL;
    sessions_free(door->sessions);
    door->sessions = NULL;
    qw_rate_limit_free(door->attempts);
    door->attempts = NULL;
}

bool login_door_cookie(const struct qw_http_request *request, char cookie[static SESSION_TOKEN_CAP])
{
    static const char name[] = COOKIE_NAME "=";
    const char *at = request->cookie == NULL ? "" : request->cookie;

    while (*at != '\0') {
        size_t len = strcspn(at, ";");

        if (len == sizeof name - 1 + SESSION_TOKEN_CAP - 1 &&
            strncmp(at, name, sizeof name - 1) == 0) {
            memcpy(cookie, at + sizeof name - 1, SESSION_TOKEN_CAP - 1);
            cookie[SESSION_TOKEN_CAP - 1] = '\0';
            return true;
        }
        at += len;
        at += strspn(at, "; ");
    }
    return false;
}

void login_door_set_cookie(struct call *call, const char *cookie)
{
    (void)snprintf(call->answer->set_cookie, sizeof call->answer->set_cookie,
                   COOKIE_NAME "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s",
                   cookie == NULL ? "" : cookie, cookie == NULL ? "; Max-Age=0" : "");
}

static void be_stranger(struct call *call)
{
    call->has_session = false;
    qw_wipe(&call->session, sizeof call->session);
    call->caller = (struct qw_caller){ .role = QW_ROLE_COUNT };
}

/* One that has come to its end is so in the journal, once. */
static qw_err end(struct call *call, const char *why)
{
    struct qw_login login = call->session.login;

    be_stranger(call);
    return qw_centre_logout(call->service->centre, &login, why);
}

qw_err login_door_identify(struct call *call)
{
    struct sessions *sessions = call->service->login->sessions;
    char cookie[SESSION_TOKEN_CAP];
    enum session_state state = SESSION_NONE;
    qw_err err;

    be_stranger(call);
    if (login_door_cookie(call->request, cookie)) {
        state = sessions_find(sessions, cookie, qw_clock_monotonic_ms(), &call->session);
    }
    if (state != SESSION_OPEN) {
        return state == SESSION_NONE ? QW_OK : end(call, state == SESSION_IDLE ? "idle" : "old");
    }
    err = qw_centre_login_stands(call->service->centre, &call->session.login);
    if (err == QW_ERR_REFUSED) {
        /* Two requests may find it out: one of them has closed it. */
        err = sessions_close(sessions, cookie) ? end(call, "thrown out") : QW_OK;
        be_stranger(call);
        return err;
    }
    if (err == QW_OK) {
        call->has_session = true;
        call->caller.role = QW_ROLE_OPERATOR;
        memcpy(call->caller.id, call->session.login.officer, sizeof call->session.login.officer);
        memcpy(call->caller.certificate_hash, call->session.login.credential,
               sizeof call->caller.certificate_hash);
    }
    return err;
}

bool login_door_is_own_page(const struct call *call)
{
    const char *token = call->request->session_token;

    return strcmp(call->request->method, "GET") == 0 || !call->has_session ||
           (token != NULL && strlen(token) == SESSION_TOKEN_CAP - 1 &&
            qw_equal_ct(token, call->session.token, SESSION_TOKEN_CAP - 1));
}

bool login_door_may_try(struct login_door *door, const char *address)
{
    int64_t now_ms = qw_clock_monotonic_ms();

    return qw_rate_limit_take(door->attempts, address, ATTEMPTS_OF_ONE_PER_S, 1, now_ms) &&
           qw_rate_limit_take(door->attempts, "all", ATTEMPTS_PER_S, 1, now_ms);
}
