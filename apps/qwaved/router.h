/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ROUTER_H
#define QWAVED_ROUTER_H

#include "api/http_server.h"
#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/log.h"
#include "base/rate_limit.h"
#include "base/secret.h"
#include "centre/centre.h"
#include "crypto/key_source.h"
#include "login/sessions.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* From a request to the one handler that the table of routes names for it, and from a handler's
 * qw_err to the one answer that docs/protocol/centre-rest.md names for it. */
struct route_table;
struct partners;      /* partners.h */
struct shipper;       /* shipping/shipper.h */
struct publisher;     /* certificates/publisher.h */
struct request_log;   /* metrics/request_log.h */
struct seal_switch;   /* seal/seal_switch.h */
struct reload_switch; /* reload/reload_switch.h */
struct tls_counts;    /* metrics/tls_counts.h */
struct qw_http_page;  /* api/http_page.h */
struct events;        /* events.h */
struct login_door;    /* login/login_door.h */
struct network_board; /* network_board.h */

struct service { /* what requests are served from; borrowed, lives as long as the server */
    const struct route_table *table;
    struct qw_centre *centre;
    struct partners *partners;                     /* for routes_for_partners; else NULL */
    struct qw_secret_pool *secrets;                /* for answers with keys */
    struct qw_key_source *source;                  /* for entropy; NULL: none is given */
    struct request_log *requests;                  /* of this table; NULL: none is kept */
    const atomic_int_fast64_t *certificate_ends_s; /* the server's, UTC; NULL: unknown */
    struct shipper *shipper;                       /* of the journal; NULL: it is not shipped */
    struct publisher *publisher;                   /* of revocations; NULL: not published */
    const struct seal_switch *seal;                /* NULL: the custody is no quorum */
    const struct qw_http_page *console;            /* NULL: built without its page */
    struct events *events;                         /* for who looks; NULL: there are none */
    struct network_board *networks;                /* as reported; NULL: none is taken */
    const struct qw_log *log;
    const char *centre_id;
    const char *version;
    int64_t started_ms;                            /* monotonic */
    struct qw_rate_limit *rate;                    /* requests of each caller */
    const atomic_int_fast64_t *requests_per_s;     /* NULL, 0: no limit */
    bool refuses_empty_post, refuses_key_id_lists; /* of ETSI 014, by the settings */
    const struct reload_switch *reload;            /* NULL: the settings are not read again */
    const struct tls_counts *failures;             /* NULL: not counted */
    struct login_door *login; /* callers log in; NULL: they show certificates */
};

enum { CALL_PARAMETERS_MAX = 2, CALL_PARAMETER_CAP = 64 };
struct call {
    const struct service *service;
    const struct qw_http_request *request;
    struct qw_http_answer *answer;
    bool is_aside;             /* answered later */
    const struct route *route; /* NULL: none was found */
    int64_t begun_us;
    struct qw_caller caller; /* of role QW_ROLE_COUNT: nobody has logged in */
    bool has_session;
    struct session session;                                  /* then */
    char parameter[CALL_PARAMETERS_MAX][CALL_PARAMETER_CAP]; /* of the path, decoded once [H6] */
};

struct call_aside { /* a call that waits without a thread; usually the head of something larger */
    struct call call;
    void (*finish)(struct call_aside *aside);
};

enum { /* who may call; bits */
       BY_OPERATOR = 1 << QW_ROLE_OPERATOR,
       BY_ACCESS_POINT = 1 << QW_ROLE_ACCESS_POINT,
       BY_SAE = 1 << QW_ROLE_SAE,
       BY_KME = 1 << QW_ROLE_KME,
       BY_NODE = 1 << QW_ROLE_NODE,
       BY_HOLDER = BY_OPERATOR | BY_ACCESS_POINT | BY_SAE | BY_KME | BY_NODE, /* of a certificate */
       BY_ANYBODY = BY_OPERATOR | BY_ACCESS_POINT | BY_SAE,
       BY_STRANGER = 1 << QW_ROLE_COUNT, /* who has not logged in */
       BY_BEGINNER = BY_STRANGER << 1,   /* an officer with an initial password */
       BY_LOGIN = BY_STRANGER | BY_BEGINNER
};
struct route {
    const char *method;
    const char *pattern; /* "/v1/devices/{}": {} is one element */
    unsigned roles;
    void (*handle)(struct call *call);
};
struct route_table {
    const struct route *routes;
    size_t count;
    /* Replaces whatever the answer holds by the interface's error object. */
    void (*write_error)(struct qw_http_answer *answer, unsigned status, const char *message);
    bool is_sealed; /* everything else is 503: it will be there when the centre is open */
};
extern const struct route_table routes_for_clients, routes_for_encryptors, routes_for_partners,
    routes_for_sealed;

/* handle of struct qw_http_server_config; self is a struct service. */
void router_handle(void *self, const struct qw_http_request *request,
                   struct qw_http_answer *answer);

/* For handlers. */

/* Opens the body, which must be a JSON object; an empty body is {} when may_be_empty. False: the
 * answer is 400 already. Close the reader afterwards. */
bool call_open_body(struct call *call, bool may_be_empty, struct qw_json_reader *r,
                    const struct qw_json_node **object);
/* The same of a handler that asks nothing of the body. */
bool call_check_body(struct call *call);
/* The refusal for err. */
void call_refuse(struct call *call, qw_err err);
void call_refuse_with(struct call *call, unsigned status, const char *message);

/* For a handler that would have to wait: after it has called this it returns, and calls
 * call_take_up once, from any thread, when there is something to say; it may do so before it
 * returns. Then finish answers aside->call, a copy of the call, and releases aside. False: nothing
 * has happened, the handler has to answer now. */
bool call_put_aside(struct call *call, struct call_aside *aside,
                    void (*finish)(struct call_aside *aside));
void call_take_up(struct call_aside *aside);

/* Secret memory for an answer of at most cap bytes; NULL: the answer is 503 already. */
char *call_text_new(struct call *call, size_t cap);
/* Sends what w wrote and releases text. */
void call_send(struct call *call, unsigned status, const struct qw_json_writer *w, char *text);
void call_send_empty(struct call *call);
/* {"name": base64} */
void call_send_base64(struct call *call, const char *name, const uint8_t *data, size_t len);

#endif
