/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "agent.h"

#include "api/http_answer.h"
#include "api/http_server.h"
#include "base/clock.h"
#include "base/secret.h"
#include "key_server.h"
#include "link_set.h"
#include "peer_line.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER_THREADS = 4, CONNECTIONS = 2048, IDLE_S = 300, REQUEST_MS = 10000 };

struct agent {
    const struct settings *settings;
    const struct qw_log *log;
    struct key_server *key_server;
    struct link_set *links;
    struct qw_http_server *server;
    pthread_t workers[32];
    size_t worker_count;
};

/* A peer's agent asks. */
static void handle(void *self, const struct qw_http_request *http, struct qw_http_answer *answer)
{
    struct agent *agent = self;
    struct qw_link_request request;
    struct qw_link_answer said;

    if (!peer_line_read(http, &request, answer)) {
        return;
    }
    switch (link_set_answer(agent->links, http->identity, &request, &said)) {
    case QW_OK:
        peer_line_write(&said, answer);
        break;
    case QW_ERR_CONFLICT: /* a peer has one thread of ours at most for each link */
        qw_http_answer_error(answer, 503, "one at a time");
        break;
    default:
        qw_log_write(agent->log, QW_LOG_WARNING, "%s asks about a link \"%s\" that is not here",
                     http->identity, request.link);
        qw_http_answer_error(answer, 404, "no such link");
        break;
    }
}

static void *work(void *self)
{
    link_set_work(((struct agent *)self)->links);
    return NULL;
}

static qw_err start_server(struct agent *agent, uint16_t *port)
{
    const struct settings *s = agent->settings;
    const struct qw_http_server_config config = { .address = s->listen_address,
                                                  .port = (uint16_t)s->listen_port,
                                                  .certificate_path = s->certificate,
                                                  .key_path = s->key,
                                                  .client_ca_path = s->peer_ca,
                                                  .threads = SERVER_THREADS,
                                                  .connections_max = CONNECTIONS,
                                                  .connections_per_address_max = CONNECTIONS,
                                                  .idle_timeout_s = IDLE_S,
                                                  .request_timeout_ms = REQUEST_MS,
                                                  .log = agent->log,
                                                  .self = agent,
                                                  .handle = handle };
    qw_err err = qw_http_server_new(&config, &agent->server, port);

    if (err != QW_OK) {
        qw_log_write(agent->log, QW_LOG_ERROR, "listening on %s:%u: %s", s->listen_address,
                     (unsigned)s->listen_port, qw_err_text(err));
    }
    return err;
}

static qw_err start_workers(struct agent *agent)
{
    while (agent->worker_count < (size_t)agent->settings->workers) {
        if (pthread_create(&agent->workers[agent->worker_count], NULL, work, agent) != 0) {
            return QW_ERR_NOMEM;
        }
        agent->worker_count++;
    }
    return QW_OK;
}

qw_err agent_new(const struct settings *settings, const struct vault *vault,
                 const struct qw_log *log, struct agent **agent_out, uint16_t *port)
{
    struct agent *agent = calloc(1, sizeof *agent);
    qw_err err;

    if (agent == NULL) {
        return QW_ERR_NOMEM;
    }
    agent->settings = settings;
    agent->log = log;
    err = key_server_new(settings, &agent->key_server);
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "key server %s: %s", settings->key_server_url,
                     qw_err_text(err));
    } else {
        err = link_set_new(settings, vault, log, key_server_keys(agent->key_server), &agent->links);
    }
    if (err == QW_OK) {
        err = start_server(agent, port);
    }
    if (err == QW_OK) {
        err = start_workers(agent);
    }
    if (err != QW_OK) {
        agent_free(agent);
        return err;
    }
    *agent_out = agent;
    return QW_OK;
}

void agent_free(struct agent *agent)
{
    if (agent == NULL) {
        return;
    }
    if (agent->links != NULL) {
        link_set_stop(agent->links);
    }
    for (size_t i = 0; i < agent->worker_count; i++) {
        pthread_join(agent->workers[i], NULL);
    }
    qw_http_server_free(agent->server);
    link_set_free(agent->links);
    key_server_free(agent->key_server);
    free(agent);
}

qw_err agent_rotate(struct agent *agent, const char *name)
{
    return link_set_rotate(agent->links, name);
}

qw_err agent_report(struct agent *agent, enum qw_link_report_form form, char *out, size_t cap,
                    size_t *len)
{
    return link_set_report(agent->links, form, out, cap, len);
}
