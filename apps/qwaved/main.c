/* SPDX-License-Identifier: Apache-2.0 */
/* qwaved: the key service centre of a site. Opens master key, source, store and centre in this
 * order, then serves docs/protocol/centre-rest.md until it is told to end. */
#define _GNU_SOURCE
#include "api/http_server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/socket.h"
#include "centre/centre.h"
#include "certificates/publisher.h"
#include "crypto/key_source.h"
#include "custody_choice.h"
#include "custody_port.h"
#include "metrics/request_log.h"
#include "partners.h"
#include "program/file_hash.h"
#include "program/start.h"
#include "psk_door.h"
#include "public/public_door.h"
#include "router.h"
#include "seal/seal_switch.h"
#include "seal/sealed.h"
#include "settings.h"
#include "shipping/shipper.h"
#include "source/open.h"
#include "source_gate.h"
#include "store/store_open.h"
#include "store/store_postgres.h"
#include "streams.h"
#include "upkeep.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "qwaved " QW_VERSION;

/* What the daemon holds; opened and closed as a whole. */
struct daemon {
    struct settings settings;
    const char *settings_path;
    int64_t started_ms;
    uint8_t configuration_hash[32]; /* SHA-256 of the file the settings are from */
    struct qw_log log;
    struct qw_custody custody; /* closed once the centre is open, but for a quorum's */
    struct custody_keeper custody_keeper;
    struct source_gate gate;
    struct qw_key_source source; /* behind the gate */
    struct qw_store store;
    struct qw_high_mark *mark; /* NULL: none */
    struct partners *partners; /* NULL: none */
    struct qw_centre *centre;
    struct qw_secret_pool *secrets;
    struct qw_rate_limit *rate;
    struct request_log *requests;
    struct publisher publisher;
    char status_url[SETTINGS_URL_CAP + 8];
    struct service service, partner_service;
    sigset_t signals;
    struct seal_switch seal; /* custody: quorum */
    pthread_t main;
    int listener;  /* custody: quorum, over every sealing: nobody takes its port between; 0: none */
    uint16_t port; /* of the listener */
    bool must_seal; /* once more from the beginning */
};

/* For answers: as many as there are threads, each for the most keys of the standard size. */
enum { SECRET_LEN = 96 * 1024, CALLERS = 1024 };

static qw_err explain(const struct qw_log *log, const char *what, const char *path, qw_err err,
                      const char *reason)
{
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "%s %s: %s", what, path,
                     reason == NULL ? qw_err_text(err) : reason);
    }
    return err;
}

static qw_err open_source(struct daemon *daemon)
{
    struct qw_key_source source;
    struct link_pads *pads;
    char reason[QW_CONFIG_ERROR_CAP];
    qw_err err = source_open(&daemon->settings, &daemon->log, &source, &pads, reason);

    if (err == QW_OK) {
        source_gate_init(&daemon->gate, &source, &daemon->source);
        qw_log_write(&daemon->log, QW_LOG_INFO, "keys come from %s (%s)", daemon->source.name,
                     daemon->source.is_quantum ? "quantum" : "not a quantum source");
    }
    if (err == QW_OK && pads != NULL) {
        return explain(&daemon->log, "source_partner", daemon->settings.source_partner,
                       partners_use_pads(daemon->partners, daemon->settings.source_partner, pads),
                       NULL);
    }
    return explain(&daemon->log, "source", daemon->settings.source_path, err,
                   reason[0] != '\0' ? reason : NULL);
}

static qw_err listen_once(struct daemon *daemon)
{
    const struct settings *settings = &daemon->settings;

    if (daemon->listener > 0) {
        return QW_OK;
    }
    return explain(&daemon->log, "listening on", settings->listen_address,
                   qw_socket_listen(settings->listen_address, (uint16_t)settings->listen_port,
                                    &daemon->listener, &daemon->port),
                   NULL);
}

static qw_err open_custody(struct daemon *daemon)
{
    const struct custody_surroundings around = { .settings_path = daemon->settings_path,
                                                 .binary = "/proc/self/exe" };
    char error[QW_CONFIG_ERROR_CAP] = "";
    qw_err err;

    if (daemon->settings.custody == CUSTODY_QUORUM) {
        err = listen_once(daemon);
        return err != QW_OK ? err
                            : sealed_wait(&daemon->settings, &daemon->log, daemon->listener,
                                          daemon->port, &daemon->custody, &daemon->seal.quorum);
    }
    err = custody_choice_open(&daemon->settings, &around, &daemon->custody, error);

    if (err != QW_OK) {
        qw_log_write(&daemon->log, QW_LOG_ERROR, "%s", error);
    }
    return err;
}

/* A URI is not shown: the one that is refused may hold a password. */
static qw_err explain_postgres(struct daemon *daemon, qw_err err)
{
    return explain(&daemon->log, "database", "postgresql://", err,
                   err == QW_ERR_REFUSED
                       ? "a password in the URI (use passfile=), a network without "
                         "sslmode=verify-full, or fsync, full_page_writes or synchronous_commit off"
                   : err == QW_ERR_FORMAT ? "no such URI, or not a database of this version"
                   : err == QW_ERR_IO     ? "nobody answers, lets us in and takes writes"
                                          : NULL);
}

static qw_err open_store(struct daemon *daemon)
{
    const char *path = daemon->settings.database;
    qw_err err = qw_store_open(path, &daemon->store);

    if (qw_store_postgres_is_uri(path)) {
        return explain_postgres(daemon, err);
    }
    return explain(&daemon->log, "database", path, err,
                   err == QW_ERR_REFUSED  ? "others may read it; `chmod 600` it"
                   : err == QW_ERR_FORMAT ? "not a database of this version"
                                          : NULL);
}

static qw_err open_mark(struct daemon *daemon)
{
    const char *path = daemon->settings.high_mark;

    return path[0] == '\0' ? QW_OK
                           : explain(&daemon->log, "high_mark", path,
                                     qw_high_mark_open(path, &daemon->mark), NULL);
}

/* Of OCSP, for the certificates that are issued; NULL: nobody could say what is reachable. */
static const char *status_url(struct daemon *daemon)
{
    const struct settings *settings = &daemon->settings;

    if (settings->public == 0 || settings->public_url[0] == '\0') {
        return NULL;
    }
    (void)snprintf(daemon->status_url, sizeof daemon->status_url, "%s/ocsp", settings->public_url);
    return daemon->status_url;
}

static qw_err open_centre(struct daemon *daemon)
{
    const struct settings *settings = &daemon->settings;
    struct qw_centre_config config = {
        .store = &daemon->store,
        .mark = daemon->mark,
        .custody = &daemon->custody,
        .source = &daemon->source,
        .log = &daemon->log,
        .block_keys = (uint32_t)settings->block_keys,
        .stock_keys = (uint32_t)settings->stock_keys,
        .window_ms = (uint32_t)settings->window_ms,
        .key_ttl_s = (uint32_t)settings->key_ttl_s,
        .sae_keys_per_s = (uint32_t)settings->sae_keys_per_s,
        .pair_keys_per_s = (uint32_t)settings->pair_keys_per_s,
        .misses_per_s = (uint32_t)settings->misses_per_s,
        .cards_need_user = settings->card_binding == 1,
        .dual_control = (enum qw_dual_control)settings->dual_control,
        .approval_s = (uint32_t)settings->approval_s,
        .certificate_days = (uint32_t)settings->certificate_days,
        .share_timeout_s = (uint32_t)settings->share_timeout_s,
        .status_url = status_url(daemon),
        .pool_bytes = (uint32_t)settings->pool_bytes,
        .journal_signature = settings_signature(settings),
        .journal_sign_records = (uint32_t)settings->journal_sign_records,
        .journal_sign_ms = (uint32_t)settings->journal_sign_s * 1000,
        .partner_port = partners_port(daemon->partners),
        .partner_wait_ms = (uint32_t)settings->etsi020_wait_ms,
        .partner_places = (uint32_t)(settings->threads + 1) / 2,
    };
    const char *why;
    qw_err err;

    memcpy(config.centre_id, settings->centre_id, sizeof config.centre_id);
    memcpy(config.configuration_hash, daemon->configuration_hash, sizeof config.configuration_hash);
    err = qw_centre_new(&config, &daemon->centre);
    why = qw_custody_why(&daemon->custody);
    return explain(&daemon->log, "centre", settings->centre_id, err,
                   why[0] != '\0'       ? why
                   : err == QW_ERR_AUTH ? "the passphrase is not the one that locked this database"
                   : err == QW_ERR_STATE
                       ? "the database is an older copy: keys it holds were given already, and "
                         "would be given again (high_mark in qwaved(1))"
                   : err == QW_ERR_ARG
                       ? "journal_signature is not that of the journal, which was begun with it"
                       : NULL);
}

static qw_err open_partners(struct daemon *daemon)
{
    char error[QW_CONFIG_ERROR_CAP] = "";
    qw_err err = partners_open(&daemon->settings, &daemon->log, &daemon->partners, error);

    return explain(&daemon->log, "partners", daemon->settings.partners, err,
                   error[0] != '\0' ? error : NULL);
}

static qw_err daemon_open(struct daemon *daemon)
{
    qw_err err = open_custody(daemon);

    if (err == QW_OK) {
        err = open_partners(daemon);
    }
    if (err == QW_OK) {
        err = open_source(daemon);
    }
    if (err == QW_OK) {
        err = open_store(daemon);
    }
    if (err == QW_OK) {
        err = open_mark(daemon);
    }
    if (err == QW_OK) {
        err = open_centre(daemon);
    }
    qw_custody_close(&daemon->custody); /* the centre has what it needs */
    if (err == QW_OK) {
        err = explain(&daemon->log, "revocation_list", daemon->settings.revocation_list,
                      publisher_open(&daemon->publisher, daemon->centre,
                                     daemon->settings.revocation_list, &daemon->log),
                      NULL);
    }
    if (err == QW_OK) {
        err = explain(
            &daemon->log, "locked memory", "for answers",
            qw_secret_pool_new(SECRET_LEN, (size_t)daemon->settings.threads, &daemon->secrets),
            NULL);
    }
    if (err == QW_OK) {
        err = explain(&daemon->log, "memory", "for limits",
                      qw_rate_limit_new(CALLERS, &daemon->rate), NULL);
    }
    if (err == QW_OK) {
        daemon->requests = request_log_new();
        err = daemon->requests == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err == QW_OK) {
        daemon->service = (struct service){
            .table = &routes_for_clients,
            .centre = daemon->centre,
            .secrets = daemon->secrets,
            .source = &daemon->source,
            .seal = daemon->settings.custody == CUSTODY_QUORUM ? &daemon->seal : NULL,
            .rate = daemon->rate,
            .requests_per_s = (double)daemon->settings.requests_per_s,
            .log = &daemon->log,
            .centre_id = daemon->settings.centre_id,
            .version = QW_VERSION,
            .started_ms = qw_clock_monotonic_ms(),
        };
        daemon->partner_service = daemon->service;
        daemon->partner_service.table = &routes_for_partners;
        daemon->partner_service.partners = daemon->partners;
        daemon->service.certificate = daemon->settings.certificate;
        daemon->service.requests = daemon->requests;
        daemon->service.publisher = &daemon->publisher;
    }
    return err;
}

/* Closes all, and leaves what it takes to open it again. */
static void daemon_close(struct daemon *daemon)
{
    qw_secret_pool_free(daemon->secrets);
    qw_rate_limit_free(daemon->rate);
    request_log_free(daemon->requests);
    publisher_close(&daemon->publisher);
    qw_centre_free(daemon->centre);
    partners_close(daemon->partners);
    qw_store_close(&daemon->store);
    qw_high_mark_close(daemon->mark);
    qw_key_source_close(&daemon->source);
    qw_custody_close(&daemon->custody);
    memset(&daemon->custody, 0, sizeof daemon->custody);
    memset(&daemon->source, 0, sizeof daemon->source);
    memset(&daemon->store, 0, sizeof daemon->store);
    daemon->mark = NULL;
    daemon->partners = NULL;
    daemon->centre = NULL;
    daemon->secrets = NULL;
    daemon->rate = NULL;
    daemon->requests = NULL;
}

/* listener: 0 for one of its own on wanted_port */
static qw_err start_server(struct daemon *daemon, struct service *service, int listener,
                           int64_t wanted_port, struct qw_http_server **server, uint16_t *port)
{
    const struct settings *settings = &daemon->settings;
    struct qw_http_server_config config = {
        .address = settings->listen_address,
        .port = (uint16_t)wanted_port,
        .listener = listener,
        .certificate_path = settings->certificate,
        .key_path = settings->key,
        .client_ca_path = settings->client_ca,
        .revocation_list_path =
            settings->revocation_list[0] != '\0' ? settings->revocation_list : NULL,
        .threads = (unsigned)settings->threads,
        .connections_max = (unsigned)settings->connections_max,
        .connections_per_address_max = (unsigned)settings->connections_per_address_max,
        .idle_timeout_s = (unsigned)settings->idle_timeout_s,
        .request_timeout_ms = (int)settings->request_timeout_ms,
        .log = &daemon->log,
        .self = service,
        .handle = router_handle,
    };
    qw_err err = qw_http_server_new(&config, server, port);

    return explain(&daemon->log, "listening on", settings->listen_address, err, NULL);
}

static qw_err start_streams(struct daemon *daemon, struct streams *streams, uint16_t *port)
{
    qw_err err = streams_start(streams, &daemon->settings, daemon->centre, &daemon->log, port);

    if (err == QW_OK && *port != 0) {
        printf("etsi004 %u\n", (unsigned)*port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "key streams on port %u", (unsigned)*port);
    }
    return explain(&daemon->log, "key streams on", daemon->settings.listen_address, err, NULL);
}

/* A listener of its own: what waits for a partner holds no thread that the partner's answer needs.
 */
static qw_err start_partners(struct daemon *daemon, struct qw_http_server **server)
{
    uint16_t port = 0;
    qw_err err;

    if (daemon->partners == NULL) {
        return QW_OK;
    }
    err = start_server(daemon, &daemon->partner_service, 0, daemon->settings.etsi020_port, server,
                       &port);
    if (err == QW_OK) {
        err = explain(&daemon->log, "threads", "for partners",
                      partners_start(daemon->partners, daemon->centre, port), NULL);
    }
    if (err == QW_OK) {
        printf("etsi020 %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "partners on port %u (draft)", (unsigned)port);
    }
    return err;
}

static qw_err open_psk_door(struct daemon *daemon, struct psk_door *door)
{
    uint16_t port = 0;
    qw_err err = psk_door_open(door, &daemon->settings, &daemon->service, &port);

    if (err == QW_OK && port != 0) {
        printf("skip-psk %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "SKIP with pre-shared keys on port %u",
                     (unsigned)port);
    }
    return explain(&daemon->log, "pre-shared keys on", daemon->settings.listen_address, err, NULL);
}

static qw_err open_public_door(struct daemon *daemon, struct public_door *door)
{
    uint16_t port = 0;
    qw_err err = public_door_open(door, &daemon->settings, daemon->centre, &daemon->log, &port);

    if (err == QW_OK && port != 0) {
        printf("public %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "OCSP and enrolment on port %u", (unsigned)port);
    }
    return explain(&daemon->log, "public on", daemon->settings.listen_address, err, NULL);
}

/* The collector may be away: that is no reason not to serve. */
static qw_err start_shipper(struct daemon *daemon)
{
    struct shipper_config config = { .centre = daemon->centre,
                                     .log = &daemon->log,
                                     .address = daemon->settings.syslog,
                                     .cursor = daemon->settings.syslog_cursor };
    qw_err err;

    if (config.address[0] == '\0') {
        return QW_OK;
    }
    err = shipper_start(&config, &daemon->service.shipper);
    return explain(&daemon->log, "syslog", config.address, err,
                   err == QW_ERR_FORMAT ? "neither a path nor udp://host:port nor tcp://host:port, "
                                          "or syslog_cursor is another file"
                                        : NULL);
}

static qw_err serve(struct daemon *daemon)
{
    struct upkeep upkeep;
    struct qw_http_server *server = NULL;
    struct qw_http_server *partner_server = NULL;
    struct streams streams = { .table = NULL };
    struct psk_door psk_door = { .server = NULL };
    struct public_door public_door = { .server = NULL };
    uint16_t stream_port = 0;
    struct qw_custody_port custody;
    int number = 0;
    qw_err err;

    daemon->custody_keeper = (struct custody_keeper){
        .settings = &daemon->settings,
        .settings_path = daemon->settings_path,
    };
    custody = custody_port_of(&daemon->custody_keeper);
    err = upkeep_start(&upkeep, daemon->centre, &custody, &daemon->publisher, &daemon->log);

    if (err != QW_OK) {
        return err;
    }
    err = start_shipper(daemon);
    if (err == QW_OK) {
        err = start_streams(daemon, &streams, &stream_port);
    }
    if (err == QW_OK) {
        err = start_partners(daemon, &partner_server);
    }
    if (err == QW_OK) {
        err = open_psk_door(daemon, &psk_door);
    }
    if (err == QW_OK) {
        err = open_public_door(daemon, &public_door);
    }
    if (err == QW_OK) {
        err = start_server(daemon, &daemon->service, daemon->listener, daemon->settings.listen_port,
                           &server, &daemon->port);
    }
    if (err == QW_OK) {
        publisher_tell(&daemon->publisher, server);
        publisher_tell(&daemon->publisher, partner_server);
        printf("ready %u\n", (unsigned)daemon->port);
        fflush(stdout);
        qw_log_write(
            &daemon->log, QW_LOG_INFO, "centre %s serves on %s, port %u, %lld ms after its start",
            daemon->settings.centre_id, daemon->settings.listen_address, (unsigned)daemon->port,
            (long long)(qw_clock_monotonic_ms() - daemon->started_ms));
        sigwait(&daemon->signals, &number);
        daemon->must_seal = number == SIGUSR1;
        qw_log_write(&daemon->log, QW_LOG_INFO, "told to %s", daemon->must_seal ? "seal" : "end");
        publisher_forget(&daemon->publisher);
        qw_http_server_free(server);
    }
    public_door_close(&public_door);
    psk_door_close(&psk_door);
    qw_http_server_free(partner_server);
    partners_stop(daemon->partners);
    streams_stop(&streams);
    source_gate_shut(&daemon->gate);
    shipper_stop(daemon->service.shipper);
    upkeep_stop(&upkeep);
    return err;
}

/* Before any thread starts, so that only the main thread ever takes them. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGUSR1); /* to open, or to seal again */
    (void)pthread_sigmask(SIG_BLOCK, signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void turn_seal(void *self)
{
    struct daemon *daemon = self;

    (void)pthread_kill(daemon->main, SIGUSR1);
}

static int run(struct daemon *daemon)
{
    int status;
    qw_err err;

    status = qw_program_prepare(&daemon->log);
    if (status != QW_EXIT_DONE) {
        return status;
    }
    block_signals(&daemon->signals);
    daemon->main = pthread_self();
    daemon->seal.turn = turn_seal;
    daemon->seal.self = daemon;
    do {
        daemon->must_seal = false;
        err = daemon_open(daemon);
        if (err == QW_OK) {
            err = serve(daemon);
        }
        daemon_close(daemon);
    } while (err == QW_OK && daemon->must_seal);
    if (daemon->listener > 0) {
        qw_socket_close(daemon->listener);
    }
    return err == QW_ERR_CLOSED ? QW_EXIT_DONE : qw_exit_of(err); /* told to end while sealed */
}

int main(int argc, char **argv)
{
    static const char help[] =
        "Key service centre of a site: keeps quantum keys, knows every device, and gives keys to "
        "those who may have them. Prints `ready PORT` when it serves.";
    struct qw_daemon_arguments arguments = { .config = "qwaved.yaml" };
    struct daemon daemon = { .log = { .stream = stderr, .component = "centre" },
                             .started_ms = qw_clock_monotonic_ms() };
    char error[QW_CONFIG_ERROR_CAP] = "";

    qw_daemon_arguments_read(argc, argv, help, &arguments);
    if (settings_read(arguments.config, &daemon.settings, error) != QW_OK) {
        fprintf(stderr, "qwaved: %s\n", error);
        return QW_EXIT_USAGE;
    }
    if (arguments.check_only) {
        printf("%s: ok\n", arguments.config);
        return QW_EXIT_DONE;
    }
    daemon.settings_path = arguments.config;
    daemon.log.level = (enum qw_log_level)daemon.settings.log_level;
    if (explain(&daemon.log, "configuration", arguments.config,
                qw_file_hash(arguments.config, daemon.configuration_hash), NULL) != QW_OK) {
        return QW_EXIT_FAILED;
    }
    return run(&daemon);
}
