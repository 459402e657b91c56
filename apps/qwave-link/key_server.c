/* SPDX-License-Identifier: Apache-2.0 */
#include "key_server.h"

#include "api/etsi014/client.h"
#include "api/http_client.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct key_server {
    struct qw_http_client *client; /* one call at a time */
    pthread_mutex_t lock;
    qw_err last;        /* why there is no answer */
    int64_t rest_until; /* ms: until then everybody gets that at once */
};

qw_err key_server_new(const struct settings *settings, struct key_server **server_out)
{
    const struct qw_http_client_config config = { .base_url = settings->key_server_url,
                                                  .certificate_path = settings->certificate,
                                                  .key_path = settings->key,
                                                  .ca_path = settings->ca,
                                                  .timeout_ms = (int)settings->key_timeout_ms,
                                                  .sends_once = true };
    struct key_server *server = calloc(1, sizeof *server);
    qw_err err;

    if (server == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_http_client_new(&config, &server->client);
    if (err != QW_OK) {
        free(server);
        return err;
    }
    pthread_mutex_init(&server->lock, NULL);
    *server_out = server;
    return QW_OK;
}

void key_server_free(struct key_server *server)
{
    if (server != NULL) {
        qw_http_client_free(server->client);
        pthread_mutex_destroy(&server->lock);
        free(server);
    }
}

/* A server that answers nobody must not hold up each link in turn, for so long as it makes one
 * wait: half of the time nobody tries. */
static bool is_away(qw_err err)
{
    return err == QW_ERR_TIMEOUT || err == QW_ERR_IO || err == QW_ERR_AUTH;
}

/* With the lock held until call_end. QW_OK: go on. */
static qw_err call_begin(struct key_server *server, int64_t *begun_ms)
{
    pthread_mutex_lock(&server->lock);
    *begun_ms = qw_clock_monotonic_ms();
    return *begun_ms < server->rest_until ? server->last : QW_OK;
}

static void call_end(struct key_server *server, int64_t begun_ms, bool was_made, qw_err err)
{
    if (was_made && is_away(err)) {
        int64_t now_ms = qw_clock_monotonic_ms();

        server->last = err;
        server->rest_until = now_ms + (now_ms - begun_ms);
    }
    pthread_mutex_unlock(&server->lock);
}

static qw_err fresh(void *self, const char *peer, struct qw_link_key *key)
{
    struct key_server *server = self;
    int64_t begun_ms;
    qw_err err = call_begin(server, &begun_ms);
    bool is_made = err == QW_OK;

    if (is_made) {
        err = qw_etsi014_client_new_keys(server->client, peer, 1, sizeof key->bytes, &key->id,
                                         key->bytes);
    }
    call_end(server, begun_ms, is_made, err);
    return err;
}

static qw_err by_id(void *self, const char *peer, struct qw_link_key *key)
{
    struct key_server *server = self;
    int64_t begun_ms;
    qw_err err = call_begin(server, &begun_ms);
    bool is_made = err == QW_OK;

    if (is_made) {
        err = qw_etsi014_client_keys_by_id(server->client, peer, 1, sizeof key->bytes,
                                           (const uint8_t(*)[16]) & key->id, key->bytes);
    }
    call_end(server, begun_ms, is_made, err);
    return err;
}

struct qw_link_keys key_server_keys(struct key_server *server)
{
    return (struct qw_link_keys){ server, fresh, by_id };
}
