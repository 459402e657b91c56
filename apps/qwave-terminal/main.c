/* SPDX-License-Identifier: Apache-2.0 */
/* qwave-terminal: keeps a device's card and gives its keys to the applications of the device. */
#define _GNU_SOURCE
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/socket.h"
#include "farewell.h"
#include "program/start.h"
#include "server.h"
#include "settings.h"
#include "terminal/card_unlock.h"
#include "worker.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_bool stop;    /* read by server and worker */
static atomic_bool is_told; /* by a signal */

const char *argp_program_version = "qwave-terminal " QW_VERSION;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
    atomic_store(&is_told, true);
}

static qw_err open_card(const struct settings *settings, const struct qw_log *log,
                        struct qw_card **card)
{
    char why[QW_CARD_UNLOCK_WHY_CAP] = "";
    qw_err err =
        qw_card_unlock(settings->card, settings->passphrase_file, settings->terminal_id, card, why);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "%s", why);
    }
    return err;
}

static qw_err listen_and_serve(const struct server_context *context)
{
    const struct settings *settings = context->settings;
    int listener = -1;
    qw_err err = qw_socket_listen_unix(settings->socket, &listener);

    if (err != QW_OK) {
        qw_log_write(context->log, QW_LOG_ERROR, "socket %s: %s", settings->socket,
                     err == QW_ERR_CONFLICT ? "another process serves it, or it is no socket"
                                            : qw_err_text(err));
        return err;
    }
    qw_log_write(context->log, QW_LOG_INFO, "serving %s on %s", settings->terminal_id,
                 settings->socket);
    printf("ready %s\n", settings->socket);
    fflush(stdout);
    err = server_run(context, listener);
    qw_log_write(context->log, QW_LOG_INFO, "ending: %s",
                 err == QW_OK ? "told to" : qw_err_text(err));
    (void)unlink(settings->socket);
    qw_socket_close(listener);
    return err;
}

static int run(const struct settings *settings)
{
    struct qw_log log = { .stream = stderr,
                          .component = "terminal",
                          .level = (enum qw_log_level)settings->log_level,
                          .has_priority = qw_log_is_journal(stderr) };
    struct server_context context = { .settings = settings, .log = &log, .stop = &stop };
    struct worker_config work = { .settings = settings, .log = &log, .stop = &stop };
    int status = qw_program_prepare(&log);
    struct qw_soapy soapy = { 0 };
    qw_err err;

    if (status != QW_EXIT_DONE) {
        return status;
    }
    qw_program_stop_on_signals(on_signal);
    err = open_card(settings, &log, &context.card);
    if (err == QW_OK) {
        err = qw_radio_settings_load(&settings->radio, &log, &soapy);
    }
    if (err == QW_OK) {
        work.card = context.card;
        err = worker_new(&work, &context.worker);
    }
    if (err == QW_OK) {
        err = listen_and_serve(&context);
    }
    atomic_store(&stop, true); /* for the worker */
    worker_free(context.worker);
    qw_card_close(context.card);
    status = err == QW_ERR_STATE && farewell(settings, &log, &is_told) ? QW_EXIT_REFUSED
                                                                       : qw_exit_of(err);
    qw_soapy_unload(&soapy);
    return status;
}

int main(int argc, char **argv)
{
    static const char help[] =
        "Terminal of Q-Wave: keeps the card, gives its keys to the applications of this machine "
        "and refills it over the radio. Prints `ready SOCKET` when it serves.";
    static struct settings settings;
    struct qw_daemon_arguments arguments = { .config = "terminal.yaml" };
    char error[QW_CONFIG_ERROR_CAP] = "";

    qw_daemon_arguments_read(argc, argv, help, &arguments);
    if (settings_read(arguments.config, &settings, error) != QW_OK) {
        fprintf(stderr, "qwave-terminal: %s\n", error);
        return QW_EXIT_USAGE;
    }
    if (arguments.check_only) {
        return qw_daemon_check("terminal", arguments.config, 0);
    }
    return run(&settings);
}
