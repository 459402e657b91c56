/* SPDX-License-Identifier: Apache-2.0 */
/* qwave-terminal: keeps a device's card and gives its keys to the applications of the device. */
#define _GNU_SOURCE
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/socket.h"
#include "crypto/selftest.h"
#include "server.h"
#include "settings.h"
#include "terminal/card_unlock.h"
#include "worker.h"

#include <argp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

static atomic_bool stop; /* set by the signal handler, read by server and worker */

const char *argp_program_version = "qwave-terminal " QW_VERSION;

struct arguments {
    const char *config;
    bool check_only;
};

static const struct argp_option options[] = {
    { "config", 'c', "FILE", 0, "settings (default: terminal.yaml)", 0 },
    { "check", 'C', NULL, 0, "read the settings, say whether they are right, and end", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case 'C':
        arguments->check_only = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int exit_of(qw_err err)
{
    return err == QW_ERR_REFUSED || err == QW_ERR_AUTH ? EXIT_REFUSED : EXIT_FAILED;
}

/* Known answers first: a broken algorithm must not meet a key. */
static int prepare_process(const struct qw_log *log)
{
    const char *failed = NULL;

    if (qw_process_harden() != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "this process cannot be kept from dumping core");
        return EXIT_FAILED;
    }
    if (qw_crypto_selftest(&failed) != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "self-test of %s failed: not serving",
                     failed == NULL ? "an algorithm" : failed);
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
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
                          .level = (enum qw_log_level)settings->log_level };
    struct server_context context = { .settings = settings, .log = &log, .stop = &stop };
    struct worker_config work = { .settings = settings, .log = &log, .stop = &stop };
    int status = prepare_process(&log);
    qw_err err;

    if (status != EXIT_DONE) {
        return status;
    }
    catch_signals();
    err = open_card(settings, &log, &context.card);
    if (err == QW_OK) {
        work.card = context.card;
        err = worker_new(&work, &context.worker);
    }
    if (err == QW_OK) {
        err = listen_and_serve(&context);
    }
    atomic_store(&stop, true);
    worker_free(context.worker);
    qw_card_close(context.card);
    return err == QW_OK ? EXIT_DONE : exit_of(err);
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Terminal of Q-Wave: keeps the card, gives its keys to the applications of this machine "
        "and refills it over the radio. Prints `ready SOCKET` when it serves.",
        NULL,
        NULL,
        NULL
    };
    static struct settings settings;
    struct arguments arguments = { .config = "terminal.yaml" };
    char error[QW_CONFIG_ERROR_CAP] = "";

    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (settings_read(arguments.config, &settings, error) != QW_OK) {
        fprintf(stderr, "qwave-terminal: %s\n", error);
        return EXIT_USAGE;
    }
    if (arguments.check_only) {
        printf("%s: ok\n", arguments.config);
        return EXIT_DONE;
    }
    return run(&settings);
}
