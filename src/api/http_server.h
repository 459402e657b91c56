/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_HTTP_SERVER_H
#define QW_API_HTTP_SERVER_H

#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HTTPS with mutual certificates (TLS 1.3), or with pre-shared keys, over libmicrohttpd. The server
 * knows transport and identity; routes are the caller's. */
enum {
    QW_HTTP_BODY_MAX = 64 * 1024,
    QW_HTTP_IDENTITY_CAP = 128,
    QW_HTTP_ANSWER_MAX = 4 << 20,
    QW_HTTP_COOKIE_CAP = 192
};

struct qw_psk_keys;
struct qw_http_later;
struct qw_tls_credentials; /* api/tls/credentials.h */
struct qw_tls_failures;    /* api/http_connection_set.h */

struct qw_http_request {
    const char *method;   /* borrowed for the call, like everything here; of a request that is put
                             aside until its answer is filled */
    const char *path;     /* raw, still percent-encoded, without the query */
    const char *query;    /* raw, without '?'; "" when none */
    const char *identity; /* of the certificate: SAN URI, else CN; "" when it has neither */
    const uint8_t *certificate_hash; /* SHA-256 of the DER certificate, or the name of the
                                        pre-shared key [32 bytes], for the audit */
    const char *content_type;        /* "" when none */
    const char *host;                /* header fields; NULL when none, like the next five */
    const char *origin, *fetch_site; /* Origin and Sec-Fetch-Site: what a browser says of the page
                                        that asks */
    const char *accept_encoding, *if_none_match, *last_event_id;
    const char *cookie, *session_token; /* Cookie and X-Qwave-Session; NULL when none */
    const char *address;                /* of the peer, numeric */
    const uint8_t *body;
    size_t body_len;
    struct qw_http_later *later; /* to put the request aside; NULL: nobody could take it up again */
};

struct qw_http_header {
    const char *name, *value; /* static text */
};

/* Filled by the handler; body is in secret memory of the server and wiped after it was sent. */
struct qw_http_answer {
    unsigned status;
    const char *content_type; /* static text */
    char *body;               /* grows by qw_http_answer_write, up to QW_HTTP_ANSWER_MAX */
    size_t body_len;
    size_t body_cap;
    const char *allow;      /* for 405, else NULL; static text */
    unsigned retry_after_s; /* 0: no header */
    const void *lent;       /* NULL, or sent in place of body: lives as long as the program, and is
                               no secret */
    size_t lent_len;
    const char *cache_control;    /* NULL: no-store; static text, like the next three */
    const char *entity_tag;       /* with its quotes; NULL: no header */
    const char *content_encoding; /* NULL: none */
    const struct qw_http_header
        *headers;                        /* further ones, ended by one without a name; NULL: none */
    char set_cookie[QW_HTTP_COOKIE_CAP]; /* "": no header */
};

/* Appends to the body. QW_ERR_SPACE over the limit, QW_ERR_NOMEM. */
qw_err qw_http_answer_write(struct qw_http_answer *answer, const void *data,
                            size_t len) QW_MUST_USE;

/* For a handler that would have to wait (docs/adr/0057): it calls _begin, at most once, leaves the
 * answer alone and returns; its thread serves others meanwhile. After _end, which whoever was
 * waited for calls once, from any thread and as early as it likes, the connection's own thread
 * calls fill with the same request and a fresh answer, which fills it like a handler. It does so
 * exactly once, also when the caller has hung up, or may not call any more and does not get it; the
 * server is not freed before. work is the handler's. */
void qw_http_later_begin(struct qw_http_later *later,
                         void (*fill)(void *work, const struct qw_http_request *request,
                                      struct qw_http_answer *answer),
                         void *work);
void qw_http_later_end(struct qw_http_later *later);

struct qw_http_server_config {
    const char *address; /* numeric */
    uint16_t port;       /* 0: any */
    int listener; /* > 0: listens already, in place of address and port; borrowed, and left open, so
                     that who calls between two servers waits for the next; *port is not set.
                     Who calls while the first ends its requests is hung up on */
    bool is_plain; /* no TLS, and nobody has an identity: for answers that prove themselves; psk,
                      and the four behind it, are not used */
    bool is_open; /* TLS by the server's certificate; callers show none, and nobody has an identity:
                     client_ca_path is read, and neither it nor the list of revocations is asked */
    const struct qw_psk_keys *psk; /* borrowed; not NULL: callers prove pre-shared keys, and the
                                      next four are not used */
    const char *certificate_path, *key_path, *client_ca_path; /* PEM */
    const char *revocation_list_path; /* PEM, see api/revocation_list.h; NULL: nobody is revoked */
    unsigned threads;                 /* 1..64 */
    unsigned connections_max;         /* in total, at least threads */
    unsigned connections_per_address_max;
    unsigned idle_timeout_s;
    int request_timeout_ms; /* absolute: for a request head and body to come in, and for the answer
                               to be taken; half of it for the handshake. 0: 10000 */
    struct qw_tls_failures *failures; /* borrowed; counts up; NULL: nobody asks */
    const struct qw_log *log;
    void *self;
    void (*handle)(void *self, const struct qw_http_request *request,
                   struct qw_http_answer *answer); /* from several threads */
};
struct qw_http_server;
/* QW_ERR_ARG, QW_ERR_NOT_FOUND, QW_ERR_FORMAT and QW_ERR_AUTH (certificate files and list of
 * revocations; the log says which), QW_ERR_IO (address), QW_ERR_NOMEM. */
qw_err qw_http_server_new(const struct qw_http_server_config *config,
                          struct qw_http_server **server, uint16_t *port) QW_MUST_USE;
/* Reads the list of revocations again now, if it is another file: when it returns, connections of
 * those on it are cut. From any thread, while the server is there. */
void qw_http_server_refresh(struct qw_http_server *server);
/* Other certificates, authorities and revocations, which become the server's, without a connection
 * or a request that ends [docs/adr/0097]: see qw_http_connection_set_renew. A server with
 * certificates. Any thread. */
void qw_http_server_renew(struct qw_http_server *server, struct qw_tls_credentials *credentials);
void qw_http_server_free(
    struct qw_http_server *server); /* finishes running requests; NULL is fine */

#endif
