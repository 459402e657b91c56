/* SPDX-License-Identifier: Apache-2.0 */
/* qwave-ap: the radio side of wireless distribution. Serves one terminal after the other; the
 * next ones sit in the waiting room. */
#define _GNU_SOURCE
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/socket.h"
#include "program/start.h"
#include "reporter.h"
#include "session.h"
#include "settings.h"
#include "terminal/card_unlock.h"
#include "waiting_room.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 500, CENTRE_TIMEOUT_MS = 10000, PEM_MAX = 1 << 16 };

static atomic_bool stop; /* set by the signal handler, read by the session */

const char *argp_program_version = "qwave-ap " QW_VERSION;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

static qw_err open_card(const struct settings *settings, const struct qw_log *log,
                        struct qw_card **card)
{
    char why[QW_CARD_UNLOCK_WHY_CAP] = "";
    qw_err err = qw_card_unlock(settings->card, settings->passphrase_file,
                                settings->access_point_id, card, why);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "%s", why);
    }
    return err;
}

/* The client reads its files when it first connects: too late to say that one is missing. */
static qw_err check_files(const struct settings *settings, const struct qw_log *log)
{
    const char *const paths[] = { settings->certificate, settings->key, settings->ca };
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < sizeof paths / sizeof paths[0]; i++) {
        uint8_t *data = NULL;
        size_t len = 0;

        err = qw_file_read(paths[i], PEM_MAX, &data, &len);
        qw_secret_free(data);
        if (err != QW_OK) {
            qw_log_write(log, QW_LOG_ERROR, "%s: %s", paths[i], qw_err_text(err));
        }
    }
    return err;
}

static void serve(const struct session_context *context, int listener)
{
    struct waiting_room room = { .listener = listener };

    while (!atomic_load(&stop)) {
        int fd = -1;
        qw_err err = waiting_room_next(&room, LOOK_MS, &fd);

        if (err == QW_OK) {
            session_run(context, fd);
        } else if (err != QW_ERR_TIMEOUT) {
            /* Out of descriptors, for example: that passes, and terminals come again. */
            qw_log_write(context->log, QW_LOG_ERROR, "accepting terminals: %s", qw_err_text(err));
            poll(NULL, 0, LOOK_MS);
        }
    }
    waiting_room_close(&room);
    qw_log_write(context->log, QW_LOG_INFO, "told to end");
}

static qw_err listen_and_serve(const struct session_context *context)
{
    const struct settings *settings = context->settings;
    int listener = -1;
    uint16_t port = 0;
    qw_err err = qw_socket_listen(settings->listen_address, (uint16_t)settings->listen_port,
                                  &listener, &port);

    if (err != QW_OK) {
        qw_log_write(context->log, QW_LOG_ERROR, "listening on %s:%lld: %s",
                     settings->listen_address, (long long)settings->listen_port, qw_err_text(err));
        return err;
    }
    qw_log_write(context->log, QW_LOG_INFO, "serving terminals on %s:%u", settings->listen_address,
                 port);
    printf("ready %u\n", port);
    fflush(stdout);
    serve(context, listener);
    qw_socket_close(listener);
    return QW_OK;
}

static int run(const struct settings *settings)
{
    struct qw_log log = { .stream = stderr,
                          .component = "ap",
                          .level = (enum qw_log_level)settings->log_level,
                          .has_priority = qw_log_is_journal(stderr) };
    struct session_context context = { .settings = settings, .log = &log, .stop = &stop };
    struct qw_http_client_config http = { .base_url = settings->centre_url,
                                          .certificate_path = settings->certificate,
                                          .key_path = settings->key,
                                          .ca_path = settings->ca,
                                          .timeout_ms = CENTRE_TIMEOUT_MS };
    int status = qw_program_prepare(&log);
    struct qw_soapy soapy = { 0 };
    qw_err err;

    if (status != QW_EXIT_DONE) {
        return status;
    }
    qw_program_stop_on_signals(on_signal);
    err = open_card(settings, &log, &context.card);
    if (err == QW_OK) {
        err = check_files(settings, &log);
    }
    if (err == QW_OK) {
        err = qw_http_client_new(&http, &context.centre);
        if (err != QW_OK) {
            qw_log_write(&log, QW_LOG_ERROR, "client for %s: %s", settings->centre_url,
                         qw_err_text(err));
        }
    }
    if (err == QW_OK) {
        err = qw_radio_settings_load(&settings->radio, &log, &soapy);
    }
    if (err == QW_OK && settings->console_view == 1) {
        err = reporter_new(settings, &log, &context.reporter);
    }
    if (err == QW_OK) {
        err = listen_and_serve(&context);
    }
    reporter_free(context.reporter);
    qw_http_client_free(context.centre);
    qw_card_close(context.card);
    qw_soapy_unload(&soapy);
    return qw_exit_of(err);
}

int main(int argc, char **argv)
{
    static const char help[] =
        "Access point of Q-Wave: distils keys with terminals over the radio and carries keys of "
        "the centre to them. Prints `ready PORT` when it serves.";
    static struct settings settings;
    struct qw_daemon_arguments arguments = { .config = "ap.yaml" };
    char error[QW_CONFIG_ERROR_CAP] = "";

    qw_daemon_arguments_read(argc, argv, help, &arguments);
    if (settings_read(arguments.config, &settings, error) != QW_OK) {
        fprintf(stderr, "qwave-ap: %s\n", error);
        return QW_EXIT_USAGE;
    }
    if (arguments.check_only) {
        return qw_daemon_check("ap", arguments.config, 0);
    }
    return run(&settings);
}
