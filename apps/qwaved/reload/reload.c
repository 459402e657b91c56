/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/reload.h"

#include "api/certificate_expiry.h"
#include "base/secret.h"
#include "centre/reload.h"
#include "program/file_hash.h"
#include "store/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that was read, before any of it holds. */
struct fresh {
    struct settings settings; /* as the file has them */
    struct settings live;     /* those in force afterwards */
    uint8_t hash[32];
    struct qw_tls_credentials *clients, *partners, *streams, *login; /* NULL: no such listener */
    struct partner_list *list;                                       /* NULL: no partners */
    int64_t certificate_ends_s;
};

static qw_err reject(struct reload_report *report, const char *reason)
{
    (void)snprintf(report->error, sizeof report->error, "%s", reason);
    return QW_ERR_FORMAT;
}

static qw_err read_settings(struct daemon *daemon, struct fresh *fresh,
                            struct reload_report *report)
{
    qw_err err = settings_read(daemon->settings_path, &fresh->settings, report->error);

    if (err == QW_OK) {
        err = qw_file_hash(daemon->settings_path, fresh->hash);
        if (err != QW_OK) {
            return reject(report, "the file of settings cannot be read twice");
        }
    }
    if (err != QW_OK) {
        return err == QW_ERR_NOMEM ? err : QW_ERR_FORMAT;
    }
    if (daemon->settings.custody == CUSTODY_TPM2 &&
        !qw_equal_ct(fresh->hash, daemon->configuration_hash, sizeof fresh->hash)) {
        return reject(report, "custody: tpm2 measures the file of settings: another one needs "
                              "`qwave custody` and a restart");
    }
    fresh->live = daemon->settings;
    settings_take_live(&fresh->live, &fresh->settings);
    settings_compare(&daemon->settings, &fresh->settings, &report->change);
    return QW_OK;
}

/* A listener of its own has a list of its own to look after. */
static qw_err open_credentials(struct daemon *daemon, struct fresh *fresh)
{
    const struct settings *live = &fresh->live;
    const struct qw_tls_files files = { live->certificate, live->key, live->client_ca,
                                        live->revocation_list[0] != '\0' ? live->revocation_list
                                                                         : NULL };
    qw_err err = qw_tls_credentials_open(&files, &daemon->log, &fresh->clients);

    if (err == QW_OK && daemon->listeners.partners != NULL) {
        err = qw_tls_credentials_open(&files, &daemon->log, &fresh->partners);
    }
    if (err == QW_OK && daemon->listeners.streams.server != NULL) {
        err = qw_tls_credentials_open(&files, &daemon->log, &fresh->streams);
    }
    if (err == QW_OK && daemon->listeners.login_door.server != NULL) {
        err = qw_tls_credentials_open(&files, &daemon->log, &fresh->login);
    }
    if (err == QW_OK) {
        err = qw_certificate_expiry(live->certificate, &fresh->certificate_ends_s);
    }
    return err;
}

/* What the settings name is there and whole. */
static qw_err read_named(struct daemon *daemon, struct fresh *fresh, struct reload_report *report)
{
    qw_err err = open_credentials(daemon, fresh);

    if (err != QW_OK) {
        return err == QW_ERR_NOMEM
                   ? err
                   : reject(report, "certificate, key, client_ca or revocation_list "
                                    "cannot be used; the log says which");
    }
    if (daemon->service.shipper != NULL && !shipper_knows_address(fresh->live.syslog)) {
        return reject(report, "syslog: neither a path nor udp://host:port nor tcp://host:port");
    }
    if (daemon->partners != NULL) {
        err = partner_files_read(fresh->live.partners, &fresh->list, report->error);
        if (err == QW_OK) {
            err = partners_prepare(daemon->partners, fresh->list, report->error);
        }
    }
    return err == QW_OK || err == QW_ERR_NOMEM ? err : QW_ERR_FORMAT;
}

static void drop(struct fresh *fresh)
{
    qw_tls_credentials_release(fresh->clients);
    qw_tls_credentials_release(fresh->partners);
    qw_tls_credentials_release(fresh->streams);
    qw_tls_credentials_release(fresh->login);
    free(fresh->list);
}

/* "log_level, stock_keys", as far as there is room. */
static void list_names(const char *const *names, size_t count, char *text, size_t cap)
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int written = snprintf(text + len, cap - len, "%s%s", i == 0 ? "" : ", ", names[i]);

        if (written < 0 || (size_t)written >= cap - len) {
            (void)snprintf(text + len, cap - len, "...");
            return;
        }
        len += (size_t)written;
    }
}

static qw_err journal(struct daemon *daemon, const struct qw_caller *caller,
                      const struct fresh *fresh, const struct settings_change *change)
{
    const struct settings *live = &fresh->live;
    struct qw_centre_limits limits = {
        .stock_keys = (uint32_t)live->stock_keys,
        .sae_keys_per_s = (uint32_t)live->sae_keys_per_s,
        .pair_keys_per_s = (uint32_t)live->pair_keys_per_s,
        .misses_per_s = (uint32_t)live->misses_per_s,
        .approval_s = (uint32_t)live->approval_s,
        .journal_sign_records = (uint32_t)live->journal_sign_records,
        .journal_sign_ms = (uint32_t)live->journal_sign_s * 1000,
    };
    char detail[QW_AUDIT_TEXT_CAP];

    memcpy(limits.configuration_hash, fresh->hash, sizeof limits.configuration_hash);
    list_names(change->live, change->live_count, detail, sizeof detail);
    return qw_centre_reload(daemon->centre, caller, &limits,
                            detail[0] == '\0' ? "no setting has changed" : detail);
}

/* Nothing here can fail. Takes the credentials. */
static void apply(struct daemon *daemon, struct fresh *fresh)
{
    struct listeners *listeners = &daemon->listeners;

    qw_http_server_renew(listeners->clients, fresh->clients);
    if (fresh->partners != NULL) {
        qw_http_server_renew(listeners->partners, fresh->partners);
    }
    if (fresh->streams != NULL) {
        qw_etsi004_server_renew(listeners->streams.server, fresh->streams);
    }
    if (fresh->login != NULL) {
        qw_http_server_renew(listeners->login_door.server, fresh->login);
    }
    fresh->clients = fresh->partners = fresh->streams = fresh->login = NULL;
    if (fresh->list != NULL) {
        partners_replace(daemon->partners, fresh->list);
    }
    if (daemon->service.shipper != NULL) {
        shipper_redirect(daemon->service.shipper, fresh->live.syslog);
    }
    atomic_store(&daemon->requests_per_s, fresh->live.requests_per_s);
    atomic_store(&daemon->certificate_ends_s, fresh->certificate_ends_s);
    qw_log_set_level(&daemon->log, (enum qw_log_level)fresh->live.log_level);
    settings_take_live(&daemon->settings, &fresh->live); /* the others are being read meanwhile */
    memcpy(daemon->configuration_hash, fresh->hash, sizeof daemon->configuration_hash);
}

static qw_err reload(struct daemon *daemon, const struct qw_caller *caller,
                     struct reload_report *report)
{
    struct fresh *fresh = calloc(1, sizeof *fresh);
    qw_err err;

    if (fresh == NULL) {
        return QW_ERR_NOMEM;
    }
    err = read_settings(daemon, fresh, report);
    if (err == QW_OK) {
        err = read_named(daemon, fresh, report);
    }
    if (err == QW_OK) {
        err = journal(daemon, caller, fresh, &report->change);
    } else if (err == QW_ERR_FORMAT) {
        err = qw_centre_note_bad_reload(daemon->centre, caller, report->error);
    }
    if (err == QW_OK) {
        apply(daemon, fresh);
    }
    drop(fresh);
    free(fresh);
    return err;
}

static void log_outcome(struct daemon *daemon, qw_err err, const struct reload_report *report)
{
    char names[QW_CONFIG_ERROR_CAP];

    if (err != QW_OK) {
        qw_log_write(&daemon->log, QW_LOG_ERROR, "settings stay as they were: %s",
                     err == QW_ERR_FORMAT ? report->error : qw_err_text(err));
        return;
    }
    list_names(report->change.live, report->change.live_count, names, sizeof names);
    qw_log_write(&daemon->log, QW_LOG_INFO, "settings read again, changed: %s",
                 names[0] == '\0' ? "none" : names);
    if (report->change.fixed_count > 0) {
        list_names(report->change.fixed, report->change.fixed_count, names, sizeof names);
        qw_log_write(&daemon->log, QW_LOG_WARNING, "these settings wait for a restart: %s", names);
    }
}

qw_err reload_run(void *self, const struct qw_caller *caller, struct reload_report *report)
{
    struct daemon *daemon = self;
    qw_err err;

    *report = (struct reload_report){ .error = "" };
    pthread_mutex_lock(&daemon->reload_mutex);
    err = daemon->is_serving ? reload(daemon, caller, report) : QW_ERR_STATE;
    pthread_mutex_unlock(&daemon->reload_mutex);
    log_outcome(daemon, err, report);
    return err;
}

void reload_by_signal(struct daemon *daemon)
{
    struct reload_report report;

    (void)reload_run(daemon, NULL, &report);
}
