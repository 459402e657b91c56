/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "seal/sealed.h"

#include "api/http_server.h"
#include "console/console.h"
#include "daemon.h"
#include "router.h"
#include "seal/seal_switch.h"
#include "store/store_open.h"
#include "store/store_postgres.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { CALLERS = 64, SECRET_LEN = 4096, THREADS_MAX = 4, CONNECTIONS_MAX = 64 };

struct sealed {
    struct qw_store store;
    struct seal_switch seal;
    struct qw_rate_limit *rate;
    struct qw_secret_pool *secrets;
    struct service service;
    atomic_int_fast64_t requests_per_s; /* of the service */
    struct qw_http_server *server;
    pthread_t main;
    const struct qw_log *log;
};

static void wake(void *self)
{
    struct sealed *sealed = self;

    (void)pthread_kill(sealed->main, SIGUSR1);
}

static qw_err explain(const struct qw_log *log, qw_err err)
{
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "sealed centre: %s",
                     err == QW_ERR_NOT_FOUND ? "the database is empty: `qwave init --officers`"
                     : err == QW_ERR_CONFLICT
                         ? "another process has the database open: does the centre run already?"
                     : err == QW_ERR_STATE
                         ? "the master key of this database is not held by a quorum (custody)"
                         : qw_err_text(err));
    }
    return err;
}

static qw_err open_books(struct sealed *sealed, const struct settings *settings,
                         const struct qw_log *log)
{
    struct qw_seal_config config = { .store = &sealed->store,
                                     .log = log,
                                     .timeout_s = (uint32_t)settings->share_timeout_s };
    qw_err err = qw_store_open(settings->database, log, &sealed->store);

    if (err == QW_ERR_STATE) {
        return daemon_explain(log, "database", "postgresql://", err, qw_store_postgres_why(err));
    }
    memcpy(config.centre_id, settings->centre_id, sizeof config.centre_id);
    if (err == QW_OK) {
        err = qw_seal_new(&config, &sealed->seal.sealed);
    }
    if (err == QW_OK) {
        err = qw_rate_limit_new(CALLERS, &sealed->rate);
    }
    if (err == QW_OK) {
        err = qw_secret_pool_new(SECRET_LEN, THREADS_MAX, &sealed->secrets);
    }
    return explain(log, err);
}

static qw_err open_door(struct sealed *sealed, const struct settings *settings,
                        struct tls_counts *failures, int listener)
{
    const struct qw_log *log = sealed->log;
    uint16_t port; /* known to who listens */
    struct qw_http_server_config config = {
        .listener = listener,
        .certificate_path = settings->certificate,
        .key_path = settings->key,
        .client_ca_path = settings->client_ca,
        .revocation_list_path =
            settings->revocation_list[0] != '\0' ? settings->revocation_list : NULL,
        .threads = THREADS_MAX,
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = CONNECTIONS_MAX,
        .idle_timeout_s = (unsigned)settings->idle_timeout_s,
        .request_timeout_ms = (int)settings->request_timeout_ms,
        .failures = &failures->listener[TLS_CLIENTS],
        .log = log,
        .self = &sealed->service,
        .handle = router_handle,
    };

    atomic_init(&sealed->requests_per_s, settings->requests_per_s);
    sealed->service = (struct service){ .table = &routes_for_sealed,
                                        .seal = &sealed->seal,
                                        .secrets = sealed->secrets,
                                        .failures = failures,
                                        .console = console_built.count > 0 ? &console_built : NULL,
                                        .log = log,
                                        .centre_id = settings->centre_id,
                                        .version = QW_VERSION,
                                        .rate = sealed->rate,
                                        .requests_per_s = &sealed->requests_per_s };
    return explain(log, qw_http_server_new(&config, &sealed->server, &port));
}

/* Until the last share (QW_OK) or the end of the program (QW_ERR_CLOSED). */
static qw_err wait_for_quorum(struct sealed *sealed)
{
    static const struct timespec second = { .tv_sec = 1 };
    struct qw_seal_state state;
    sigset_t signals;
    int number;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    do { /* SIGUSR1 may be left over from a second order to seal: only the shares open */
        number = sigtimedwait(&signals, NULL, &second); /* -1: the second is over */
        qw_seal_tick(sealed->seal.sealed);
        qw_seal_look(sealed->seal.sealed, &state);
    } while (number < 0 || (number == SIGUSR1 && state.entered < state.threshold));
    return number == SIGUSR1 ? QW_OK : QW_ERR_CLOSED;
}

qw_err sealed_wait(const struct settings *settings, const struct qw_log *log, int listener,
                   uint16_t port, struct tls_counts *failures, struct qw_custody *custody,
                   struct qw_seal_state *quorum)
{
    struct sealed sealed = { .main = pthread_self(), .log = log };
    qw_err err;

    sealed.seal.self = &sealed;
    sealed.seal.turn = wake;
    err = open_books(&sealed, settings, log);
    if (err == QW_OK) {
        err = open_door(&sealed, settings, failures, listener);
    }
    if (err == QW_OK) {
        printf("sealed %u\n", (unsigned)port);
        fflush(stdout);
        qw_log_write(log, QW_LOG_INFO, "centre %s is sealed, on %s, port %u", settings->centre_id,
                     settings->listen_address, (unsigned)port);
        err = wait_for_quorum(&sealed);
    }
    qw_http_server_free(sealed.server); /* the last share has its answer */
    if (err == QW_OK) {
        qw_seal_look(sealed.seal.sealed, quorum);
        err = explain(log, qw_seal_custody(sealed.seal.sealed, custody));
    }
    qw_seal_free(sealed.seal.sealed);
    qw_rate_limit_free(sealed.rate);
    qw_secret_pool_free(sealed.secrets);
    qw_store_close(&sealed.store);
    return err;
}
