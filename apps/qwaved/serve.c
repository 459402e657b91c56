/* SPDX-License-Identifier: Apache-2.0 */
/* The listeners and threads of a daemon whose centre is open. */
#define _GNU_SOURCE
#include "daemon.h"

#include "base/clock.h"
#include "reload/reload.h"

#include <signal.h>
#include <stdio.h>

/* listener: 0 for one of its own on wanted_port */
static qw_err start_server(struct daemon *daemon, struct service *service, int listener,
                           int64_t wanted_port, struct qw_http_server **server, uint16_t *port)
{
    const struct settings *settings = &daemon->settings;
    enum tls_listener which = service == &daemon->service ? TLS_CLIENTS : TLS_PARTNERS;
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
        .failures = &daemon->failures.listener[which],
        .log = &daemon->log,
        .self = service,
        .handle = router_handle,
    };
    qw_err err = qw_http_server_new(&config, server, port);

    return daemon_explain_listening(daemon, err);
}

static qw_err start_streams(struct daemon *daemon)
{
    uint16_t port = 0;
    qw_err err = streams_start(&daemon->listeners.streams, &daemon->settings, daemon->centre,
                               &daemon->failures.listener[TLS_STREAMS], &daemon->log, &port);

    if (err == QW_OK && port != 0) {
        printf("etsi004 %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "key streams on port %u", (unsigned)port);
    }
    return daemon_explain(&daemon->log, "key streams on", daemon->settings.listen_address, err,
                          NULL);
}

/* A listener of its own: what waits for a partner holds no thread that the partner's answer needs.
 */
static qw_err start_partners(struct daemon *daemon)
{
    uint16_t port = 0;
    qw_err err;

    if (daemon->partners == NULL) {
        return QW_OK;
    }
    err = start_server(daemon, &daemon->partner_service, 0, daemon->settings.etsi020_port,
                       &daemon->listeners.partners, &port);
    if (err == QW_OK) {
        err = daemon_explain(&daemon->log, "threads", "for partners",
                             partners_start(daemon->partners, daemon->centre, port), NULL);
    }
    if (err == QW_OK) {
        printf("etsi020 %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "partners on port %u (draft)", (unsigned)port);
    }
    return err;
}

static qw_err open_psk_door(struct daemon *daemon)
{
    uint16_t port = 0;
    qw_err err = psk_door_open(&daemon->listeners.psk_door, &daemon->settings, &daemon->service,
                               &daemon->failures.listener[TLS_PSK], &port);

    if (err == QW_OK && port != 0) {
        printf("skip-psk %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "SKIP with pre-shared keys on port %u",
                     (unsigned)port);
    }
    return daemon_explain(&daemon->log, "pre-shared keys on", daemon->settings.listen_address, err,
                          NULL);
}

static qw_err open_public_door(struct daemon *daemon)
{
    uint16_t port = 0;
    qw_err err = public_door_open(&daemon->listeners.public_door, &daemon->settings, daemon->centre,
                                  &daemon->log, &port);

    if (err == QW_OK && port != 0) {
        printf("public %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO, "OCSP and enrolment on port %u", (unsigned)port);
    }
    return daemon_explain(&daemon->log, "public on", daemon->settings.listen_address, err, NULL);
}

static qw_err open_login_door(struct daemon *daemon)
{
    uint16_t port = 0;
    qw_err err = login_door_open(&daemon->listeners.login_door, &daemon->settings, &daemon->service,
                                 &daemon->failures.listener[TLS_LOGIN], &port);

    if (err == QW_OK && port != 0) {
        printf("console-login %u\n", (unsigned)port);
        qw_log_write(&daemon->log, QW_LOG_INFO,
                     "console by password and code: https://%s:%u/console/",
                     daemon->settings.listen_address, (unsigned)port);
    }
    return daemon_explain(&daemon->log, "console log-in on", daemon->settings.listen_address, err,
                          NULL);
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
    return daemon_explain(&daemon->log, "syslog", config.address, err,
                          err == QW_ERR_FORMAT
                              ? "neither a path nor udp://host:port nor tcp://host:port, "
                                "or syslog_cursor is another file"
                              : NULL);
}

static void say_console(const struct daemon *daemon)
{
    if (daemon->service.console == NULL) {
        qw_log_write(&daemon->log, QW_LOG_INFO, "built without its console (no Node.js then)");
        return;
    }
    qw_log_write(&daemon->log, QW_LOG_INFO, "console for officers: https://%s:%u/console/",
                 daemon->settings.listen_address, (unsigned)daemon->port);
}

static qw_err start_clients(struct daemon *daemon)
{
    qw_err err =
        start_server(daemon, &daemon->service, daemon->listener, daemon->settings.listen_port,
                     &daemon->listeners.clients, &daemon->port);

    if (err == QW_OK) {
        publisher_tell(&daemon->publisher, daemon->listeners.clients);
        publisher_tell(&daemon->publisher, daemon->listeners.partners);
        printf("ready %u\n", (unsigned)daemon->port);
        fflush(stdout);
        qw_log_write(
            &daemon->log, QW_LOG_INFO, "centre %s serves on %s, port %u, %lld ms after its start",
            daemon->settings.centre_id, daemon->settings.listen_address, (unsigned)daemon->port,
            (long long)(qw_clock_monotonic_ms() - daemon->started_ms));
        say_console(daemon);
    }
    return err;
}

static void set_serving(struct daemon *daemon, bool is_serving)
{
    pthread_mutex_lock(&daemon->reload_mutex);
    daemon->is_serving = is_serving;
    pthread_mutex_unlock(&daemon->reload_mutex);
}

static void fill_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGUSR1); /* to open, or to seal again */
    sigaddset(signals, SIGHUP);  /* to read the settings again; waits while it is sealed */
}

void daemon_block_signals(void)
{
    sigset_t signals;

    fill_signals(&signals);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void serve_until_signal(struct daemon *daemon)
{
    sigset_t signals;
    int number = 0;

    fill_signals(&signals);
    set_serving(daemon, true);
    do {
        sigwait(&signals, &number);
        if (number == SIGHUP) {
            reload_by_signal(daemon);
        }
    } while (number == SIGHUP);
    set_serving(daemon, false); /* a reload would meet listeners that are closed */
    daemon->must_seal = number == SIGUSR1;
    qw_log_write(&daemon->log, QW_LOG_INFO, "told to %s", daemon->must_seal ? "seal" : "end");
}

/* Clients first: who is waiting has his answer before what it comes from goes. */
static void stop_listeners(struct daemon *daemon)
{
    struct listeners *listeners = &daemon->listeners;

    publisher_forget(&daemon->publisher);
    events_stop(daemon->events);
    qw_http_server_free(listeners->clients);
    login_door_close(&listeners->login_door);
    public_door_close(&listeners->public_door);
    psk_door_close(&listeners->psk_door);
    qw_http_server_free(listeners->partners);
    partners_stop(daemon->partners);
    streams_stop(&listeners->streams);
    *listeners = (struct listeners){ .clients = NULL };
}

qw_err daemon_serve(struct daemon *daemon)
{
    struct upkeep upkeep;
    struct alarm_watch *alarms = NULL;
    struct qw_custody_port custody;
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
        err = start_streams(daemon);
    }
    if (err == QW_OK) {
        err = start_partners(daemon);
    }
    if (err == QW_OK) {
        err = open_psk_door(daemon);
    }
    if (err == QW_OK) {
        err = open_public_door(daemon);
    }
    if (err == QW_OK) {
        err = open_login_door(daemon);
    }
    if (err == QW_OK) {
        err = alarm_watch_new(&daemon->service, daemon->partners, &alarms);
    }
    if (err == QW_OK) {
        upkeep_watch(&upkeep, alarms);
        err = start_clients(daemon);
    }
    if (err == QW_OK) {
        serve_until_signal(daemon);
    }
    stop_listeners(daemon);
    source_gate_shut(&daemon->gate);
    more_sources_shut(&daemon->more);
    upkeep_stop(&upkeep);
    shipper_stop(daemon->service.shipper);
    alarm_watch_free(alarms);
    return err;
}
