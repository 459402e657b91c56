/* SPDX-License-Identifier: Apache-2.0 */
/* Master key, partners, source, store, mark, centre: opened in this order, closed as a whole. */
#define _GNU_SOURCE
#include "daemon.h"

#include "api/certificate_expiry.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"
#include "console/console.h"
#include "custody_choice.h"
#include "seal/sealed.h"
#include "source/open.h"
#include "store/store_open.h"
#include "store/store_postgres.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* For answers: as many as there are threads, each for the most keys of the standard size. */
enum { SECRET_LEN = 96 * 1024, CALLERS = 1024 };

size_t daemon_locked_len(const struct settings *settings)
{
    return (size_t)settings->threads * SECRET_LEN;
}

qw_err daemon_explain(const struct qw_log *log, const char *what, const char *path, qw_err err,
                      const char *reason)
{
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "%s %s: %s", what, path,
                     reason == NULL ? qw_err_text(err) : reason);
    }
    return err;
}

qw_err daemon_explain_listening(const struct daemon *daemon, qw_err err)
{
    char where[sizeof daemon->settings.listen_address + 8];

    (void)snprintf(where, sizeof where, "%s:%u", daemon->settings.listen_address,
                   (unsigned)daemon->settings.listen_port);
    return daemon_explain(&daemon->log, "listening on", where, err,
                          err == QW_ERR_CONFLICT
                              ? "another process listens there: does the centre run already?"
                              : NULL);
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
    if (err != QW_OK) {
        return daemon_explain(&daemon->log, "source", daemon->settings.source_path, err,
                              reason[0] != '\0' ? reason : NULL);
    }
    if (pads != NULL) {
        err = daemon_explain(
            &daemon->log, "source_partner", daemon->settings.source_partner,
            partners_use_pads(daemon->partners, daemon->settings.source_partner, pads), NULL);
    }
    return err == QW_OK && daemon->settings.more_sources[0] != '\0'
               ? more_sources_open(daemon->settings.more_sources, daemon->source.name, &daemon->log,
                                   &daemon->more)
               : err;
}

static qw_err listen_once(struct daemon *daemon)
{
    const struct settings *settings = &daemon->settings;

    if (daemon->listener > 0) {
        return QW_OK;
    }
    return daemon_explain_listening(daemon, qw_socket_listen(settings->listen_address,
                                                             (uint16_t)settings->listen_port,
                                                             &daemon->listener, &daemon->port));
}

static qw_err open_custody(struct daemon *daemon)
{
    const struct custody_surroundings around = { .settings_path = daemon->settings_path,
                                                 .binary = "/proc/self/exe" };
    char error[QW_CONFIG_ERROR_CAP] = "";
    qw_err err;

    if (daemon->settings.custody == CUSTODY_QUORUM) {
        err = listen_once(daemon);
        return err != QW_OK
                   ? err
                   : sealed_wait(&daemon->settings, &daemon->log, daemon->listener, daemon->port,
                                 &daemon->failures, &daemon->custody, &daemon->seal.quorum);
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
    return daemon_explain(&daemon->log, "database", "postgresql://", err,
                          qw_store_postgres_why(err));
}

static qw_err open_store(struct daemon *daemon)
{
    const char *path = daemon->settings.database;
    qw_err err = qw_store_open(path, &daemon->log, &daemon->store);

    if (qw_store_postgres_is_uri(path)) {
        return explain_postgres(daemon, err);
    }
    return daemon_explain(&daemon->log, "database", path, err,
                          err == QW_ERR_REFUSED  ? "others may read it; `chmod 600` it"
                          : err == QW_ERR_FORMAT ? "not a database of this version"
                          : err == QW_ERR_CONFLICT
                              ? "another process has it open: does the centre run already?"
                              : NULL);
}

static qw_err open_mark(struct daemon *daemon)
{
    const char *path = daemon->settings.high_mark;

    return path[0] == '\0' ? QW_OK
                           : daemon_explain(&daemon->log, "high_mark", path,
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

/* NULL: the only one, for a file is one process's. */
static const char *process_name(struct daemon *daemon)
{
    char host[64] = "";

    if (!qw_store_postgres_is_uri(daemon->settings.database)) {
        return NULL;
    }
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(daemon->process, sizeof daemon->process, "%s:%u", host,
                   (unsigned)daemon->settings.listen_port);
    return daemon->process;
}

static qw_err open_centre(struct daemon *daemon)
{
    const struct settings *settings = &daemon->settings;
    struct qw_centre_config config = {
        .store = &daemon->store,
        .mark = daemon->mark,
        .custody = &daemon->custody,
        .source = &daemon->source,
        .more_sources = daemon->more.list,
        .more_count = daemon->more.count,
        .log = &daemon->log,
        .block_keys = (uint32_t)settings->block_keys,
        .lease_keys = (uint32_t)settings->lease_keys,
        .stock_keys = (uint32_t)settings->stock_keys,
        .window_ms = (uint32_t)settings->window_ms,
        .key_ttl_s = (uint32_t)settings->key_ttl_s,
        .sae_keys_per_s = (uint32_t)settings->sae_keys_per_s,
        .pair_keys_per_s = (uint32_t)settings->pair_keys_per_s,
        .misses_per_s = (uint32_t)settings->misses_per_s,
        .cards_need_user = settings->card_binding == 1,
        .dual_control = (enum qw_dual_control)settings->dual_control,
        .approval_s = (uint32_t)settings->approval_s,
        .auth_window_s = (uint32_t)settings->authentication_window_s,
        .certificate_days = (uint32_t)settings->certificate_days,
        .share_timeout_s = (uint32_t)settings->share_timeout_s,
        .status_url = status_url(daemon),
        .process = process_name(daemon),
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
    return daemon_explain(
        &daemon->log, "centre", settings->centre_id, err,
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

    return daemon_explain(&daemon->log, "partners", daemon->settings.partners, err,
                          error[0] != '\0' ? error : NULL);
}

/* What the service looks at and a reload may change. */
static void note_settings(struct daemon *daemon)
{
    int64_t ends_s = 0; /* a certificate that cannot be read stops the listener */

    (void)!qw_certificate_expiry(daemon->settings.certificate, &ends_s);
    atomic_store(&daemon->certificate_ends_s, ends_s);
    atomic_store(&daemon->requests_per_s, daemon->settings.requests_per_s);
}

qw_err daemon_open(struct daemon *daemon)
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
        err = daemon_explain(&daemon->log, "revocation_list", daemon->settings.revocation_list,
                             publisher_open(&daemon->publisher, daemon->centre,
                                            daemon->settings.revocation_list, &daemon->log),
                             NULL);
    }
    if (err == QW_OK) {
        err = daemon_explain(
            &daemon->log, "locked memory", "for answers",
            qw_secret_pool_new(SECRET_LEN, (size_t)daemon->settings.threads, &daemon->secrets),
            NULL);
    }
    if (err == QW_OK) {
        err = daemon_explain(&daemon->log, "memory", "for limits",
                             qw_rate_limit_new(CALLERS, &daemon->rate), NULL);
    }
    if (err == QW_OK) {
        daemon->requests = request_log_new();
        err = daemon->requests == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err == QW_OK) {
        err = daemon_explain(&daemon->log, "events", "for officers", events_new(&daemon->events),
                             NULL);
    }
    if (err == QW_OK) {
        err =
            daemon_explain(&daemon->log, "networks", "for officers",
                           network_board_new((uint64_t)qw_clock_utc_ms(), &daemon->networks), NULL);
    }
    if (err == QW_OK) {
        note_settings(daemon);
        daemon->service = (struct service){
            .table = &routes_for_clients,
            .centre = daemon->centre,
            .secrets = daemon->secrets,
            .source = &daemon->source,
            .seal = daemon->settings.custody == CUSTODY_QUORUM ? &daemon->seal : NULL,
            .rate = daemon->rate,
            .requests_per_s = &daemon->requests_per_s,
            .refuses_empty_post = daemon->settings.empty_post == 1,
            .refuses_key_id_lists = daemon->settings.key_id_lists == 0,
            .certificate_ends_s = &daemon->certificate_ends_s,
            .reload = &daemon->reload,
            .failures = &daemon->failures,
            .console = console_built.count > 0 ? &console_built : NULL,
            .log = &daemon->log,
            .centre_id = daemon->settings.centre_id,
            .version = QW_VERSION,
            .started_ms = qw_clock_monotonic_ms(),
        };
        daemon->partner_service = daemon->service;
        daemon->partner_service.table = &routes_for_partners;
        daemon->partner_service.partners = daemon->partners;
        daemon->service.requests = daemon->requests;
        daemon->service.publisher = &daemon->publisher;
        daemon->service.events = daemon->events;
        daemon->service.networks = daemon->networks;
    }
    return err;
}

void daemon_close(struct daemon *daemon)
{
    qw_secret_pool_free(daemon->secrets);
    qw_rate_limit_free(daemon->rate);
    request_log_free(daemon->requests);
    events_free(daemon->events);
    network_board_free(daemon->networks);
    publisher_close(&daemon->publisher);
    qw_centre_free(daemon->centre);
    partners_close(daemon->partners);
    qw_store_close(&daemon->store);
    qw_high_mark_close(daemon->mark);
    qw_key_source_close(&daemon->source);
    more_sources_close(&daemon->more);
    memset(&daemon->custody, 0, sizeof daemon->custody);
    memset(&daemon->source, 0, sizeof daemon->source);
    memset(&daemon->store, 0, sizeof daemon->store);
    daemon->mark = NULL;
    daemon->partners = NULL;
    daemon->centre = NULL;
    daemon->secrets = NULL;
    daemon->rate = NULL;
    daemon->requests = NULL;
    daemon->events = NULL;
    daemon->networks = NULL;
}
