/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "setup/setup_page.h"

#include "api/certificate.h"
#include "base/clock.h"
#include "base/secret.h"
#include "scratch_folder.h"
#include "setup/setup_files.h"
#include "setup/setup_routes.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    THREADS = 2,
    CONNECTIONS_MAX = 32,
    IDLE_TIMEOUT_S = 60,
    REQUEST_TIMEOUT_MS = 60000, /* a TPM takes its time to make a key */
    LOOK_MS = 200
};

struct held { /* secret memory */
    struct setup_door door;
    struct setup_desk desk;
};

struct run {
    const struct setup_page_config *config;
    struct qw_log log;
    struct centre_staging staging;
    struct held *held;
    struct setup_service service;
    struct qw_http_server *server;
    uint8_t fingerprint[32];
    uint16_t port;
};

/* A certificate for as long as the set-up may last; its key is in a file while the server reads it.
 */
static qw_err open_server(struct run *run)
{
    const unsigned days = 2 + run->config->idle_s * SETUP_DOOR_LIFE_IN_IDLES / 86400;
    char folder[CENTRE_STAGING_PATH_CAP + 8], ca[CENTRE_STAGING_PATH_CAP + 32],
        ca_key[CENTRE_STAGING_PATH_CAP + 32];
    char certificate[CENTRE_STAGING_PATH_CAP + 32], key[CENTRE_STAGING_PATH_CAP + 32];
    const char *hosts[] = { run->config->address, "localhost" };
    const struct qw_certificate_request request = { .purpose = QW_CERTIFICATE_SERVER,
                                                    .uri = "urn:qwave:setup:page",
                                                    .hosts = hosts,
                                                    .host_count = 2,
                                                    .days = days };
    struct qw_http_server_config server = { .address = run->config->address,
                                            .port = run->config->port,
                                            .is_open = true,
                                            .certificate_path = certificate,
                                            .key_path = key,
                                            .client_ca_path = ca,
                                            .threads = THREADS,
                                            .connections_max = CONNECTIONS_MAX,
                                            .connections_per_address_max = CONNECTIONS_MAX,
                                            .idle_timeout_s = IDLE_TIMEOUT_S,
                                            .request_timeout_ms = REQUEST_TIMEOUT_MS,
                                            .log = &run->log,
                                            .self = &run->service,
                                            .handle = setup_routes_handle };
    struct qw_certificate_authority *authority = NULL;
    qw_err err;

    (void)snprintf(folder, sizeof folder, "%s/tls", run->staging.work);
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", folder);
    (void)snprintf(ca_key, sizeof ca_key, "%s/ca.key", folder);
    (void)snprintf(certificate, sizeof certificate, "%s/page.pem", folder);
    (void)snprintf(key, sizeof key, "%s/page.key", folder);
    err = mkdir(folder, 0700) == 0 ? QW_OK : QW_ERR_IO;
    if (err == QW_OK) {
        err = qw_certificate_authority_create("Q-Wave set-up", days, ca, ca_key);
    }
    if (err == QW_OK) {
        err = qw_certificate_authority_open(ca, ca_key, &authority);
    }
    if (err == QW_OK) {
        err = qw_certificate_issue(authority, &request, certificate, key);
    }
    if (err == QW_OK) {
        err = qw_certificate_hash(certificate, run->fingerprint);
    }
    if (err == QW_OK) {
        err = qw_http_server_new(&server, &run->server, &run->port);
    }
    qw_certificate_authority_free(authority);
    scratch_folder_remove(folder);
    return err;
}

static void say_where(const struct run *run)
{
    const char *address = run->config->address;
    bool is_v6 = strchr(address, ':') != NULL;

    fprintf(stderr, "set-up page:  https://%s%s%s:%u/setup/\n", is_v6 ? "[" : "", address,
            is_v6 ? "]" : "", run->port);
    fprintf(stderr, "set-up code:  %s\n", run->held->door.code);
    fprintf(stderr, "certificate:  SHA-256 ");
    for (size_t i = 0; i < sizeof run->fingerprint; i++) {
        fprintf(stderr, "%s%02X", i == 0 ? "" : ":", run->fingerprint[i]);
    }
    fprintf(stderr,
            "\nCompare the fingerprint with the one that the browser shows before you type the "
            "code. It ends after %u s without a step.\n",
            run->config->idle_s);
}

static void prepare_desk(struct run *run)
{
    struct setup_desk *desk = &run->held->desk;
    const struct centre_folder_config *centre = run->config->centre;

    desk->base = centre;
    desk->staging = &run->staging;
    memcpy(desk->custody_lines, run->config->custody_lines, sizeof desk->custody_lines);
    desk->offered = run->config->offered;
    (void)snprintf(desk->choice.centre_id, sizeof desk->choice.centre_id, "%s", centre->centre_id);
    desk->choice.custody = run->config->custody;
    desk->choice.officers = centre->officers;
    desk->choice.quorum = centre->quorum;
    desk->choice.dual_control = centre->dual_control;
}

/* Whether a signal came within LOOK_MS. */
static bool was_told_to_end(const sigset_t *signals)
{
    const struct timespec wait = { .tv_nsec = LOOK_MS * 1000000L };
    int number = sigtimedwait(signals, NULL, &wait);

    return number == SIGINT || number == SIGTERM;
}

/* How it ended. A centre that is there is a success, whatever came afterwards. */
static qw_err wait_for_end(struct run *run, const sigset_t *signals, char *error)
{
    bool is_told = false;
    bool is_over = false;
    qw_err err;

    while (!is_told && !is_over) {
        is_told = was_told_to_end(signals);
        pthread_mutex_lock(&run->service.mutex);
        is_over = run->service.is_ended ||
                  setup_door_left_ms(run->service.door, qw_clock_monotonic_ms()) == 0;
        run->service.is_ended = is_over || is_told; /* no verb begins from now on */
        err = run->held->desk.step == SETUP_MADE ? QW_OK
              : run->service.is_locked_out       ? QW_ERR_REFUSED
              : is_told                          ? QW_ERR_CLOSED
                                                 : QW_ERR_TIMEOUT;
        pthread_mutex_unlock(&run->service.mutex);
    }
    if (err != QW_OK) {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "%s; nothing was made",
                       err == QW_ERR_REFUSED  ? "too many wrong codes"
                       : err == QW_ERR_CLOSED ? "told to end"
                                              : "too long without a step");
        setup_note(&run->held->desk.notes, "", "setup-end", "", err, error);
    }
    return err;
}

static qw_err open_all(struct run *run, char *error)
{
    const struct setup_page_config *config = run->config;
    qw_err err;

    if (setup_files_built.count == 0) {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP,
                       "this program was built without its pages (Node.js and npm build them)");
        return QW_ERR_UNAVAILABLE;
    }
    err = centre_staging_open(config->centre->folder, &run->staging, error);
    if (err == QW_OK) {
        run->held = qw_secret_new(sizeof *run->held);
        err =
            run->held == NULL ? QW_ERR_NOMEM : setup_notes_init(&run->held->desk.notes, &run->log);
    }
    if (err == QW_OK) {
        prepare_desk(run);
        err = setup_door_init(&run->held->door, (int64_t)config->idle_s * 1000,
                              qw_clock_monotonic_ms());
    }
    if (err == QW_OK) {
        run->service.page = &setup_files_built;
        run->service.door = &run->held->door;
        run->service.desk = &run->held->desk;
        err = open_server(run);
    }
    if (err != QW_OK && error[0] == '\0') {
        (void)snprintf(error, CENTRE_FOLDER_ERROR_CAP, "the set-up page on %s port %u: %s",
                       config->address, config->port, qw_err_text(err));
    }
    return err;
}

static void close_all(struct run *run)
{
    qw_http_server_free(run->server); /* the last answers go out */
    if (run->held != NULL) {
        setup_notes_free(&run->held->desk.notes);
        qw_secret_free(run->held);
    }
    centre_staging_close(&run->staging);
    pthread_mutex_destroy(&run->service.mutex);
}

qw_err setup_page_run(const struct setup_page_config *config,
                      char error[static CENTRE_FOLDER_ERROR_CAP])
{
    struct run run = { .config = config,
                       .log = { .stream = stderr, .component = "init", .level = QW_LOG_INFO },
                       .staging = { .work_fd = -1 } };
    sigset_t signals;
    qw_err err;

    /* Both before there are threads: the TPM's library reads it when the centre is made. */
    (void)setenv("TSS2_LOG", "all+NONE", 0);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    error[0] = '\0';
    if (pthread_mutex_init(&run.service.mutex, NULL) != 0) {
        return QW_ERR_NOMEM;
    }
    err = open_all(&run, error);
    if (err == QW_OK) {
        say_where(&run);
        err = wait_for_end(&run, &signals, error);
    }
    close_all(&run);
    return err;
}
