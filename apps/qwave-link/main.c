/* SPDX-License-Identifier: Apache-2.0 */
/* qwave-link: puts quantum keys into tunnels and programs that take a pre-shared key. */
#define _GNU_SOURCE
#include "agent.h"
#include "base/error.h"
#include "base/log.h"
#include "base/socket.h"
#include "desk.h"
#include "program/start.h"
#include "prove.h"
#include "settings.h"
#include "vault.h"

#include <argp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool stop; /* set by the signal handler */

const char *argp_program_version = "qwave-link " QW_VERSION;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
}

enum { QUESTION_CAP = 200 };

struct arguments {
    const char *config, *socket, *form;
    const char *words[2]; /* "status", or "rotate" and a peer */
    size_t word_count;
    bool check_only;
};

static const struct argp_option options[] = {
    { "config", 'c', "FILE", 0, "settings of the agent (default: link.yaml)", 0 },
    { "check", 'C', NULL, 0, "read the settings, say whether they are right, and end", 0 },
    { "socket", 's', "PATH", 0,
      "with status and rotate: the agent's socket (default: qwave-link.sock)", 0 },
    { "json", 'j', NULL, 0, "with status: one JSON object", 0 },
    { "prometheus", 'p', NULL, 0, "with status: metrics in Prometheus' text form", 0 },
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
    case 's':
        arguments->socket = value;
        return 0;
    case 'j':
        arguments->form = "json";
        return 0;
    case 'p':
        arguments->form = "prometheus";
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->word_count == 2) {
            argp_usage(state);
        }
        arguments->words[arguments->word_count++] = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* status, rotate PEER. */
static int ask(const struct arguments *arguments)
{
    char question[QUESTION_CAP];
    bool is_status = strcmp(arguments->words[0], "status") == 0;
    int len;

    if (is_status != (arguments->word_count == 1) ||
        (!is_status && strcmp(arguments->words[0], "rotate") != 0)) {
        fprintf(stderr, "qwave-link: expected `status` or `rotate PEER`\n");
        return QW_EXIT_USAGE;
    }
    len = snprintf(question, sizeof question, "%s %s", arguments->words[0],
                   is_status ? arguments->form : arguments->words[1]);
    if (len < 0 || len >= QUESTION_CAP) {
        fprintf(stderr, "qwave-link: no peer has so long a name\n");
        return QW_EXIT_USAGE;
    }
    return desk_ask(arguments->socket, question);
}

static qw_err serve(const struct settings *settings, const struct vault *vault,
                    const struct qw_log *log)
{
    struct agent *agent = NULL;
    uint16_t port = 0;
    int desk = -1;
    qw_err err = qw_socket_listen_unix(settings->socket, &desk);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "socket %s: %s", settings->socket, qw_err_text(err));
        return err;
    }
    err = agent_new(settings, vault, log, &agent, &port);
    if (err == QW_OK) {
        qw_log_write(log, QW_LOG_INFO, "%s: %zu links", settings->sae_id, settings->peer_count);
        printf("ready %u\n", (unsigned)port);
        fflush(stdout);
        desk_serve(desk, agent, &stop);
        qw_log_write(log, QW_LOG_INFO, "ending: told to; keys in use go on");
    }
    agent_free(agent);
    (void)unlink(settings->socket);
    qw_socket_close(desk);
    return err;
}

static int run(const struct settings *settings)
{
    struct qw_log log = { .stream = stderr,
                          .component = "link",
                          .level = (enum qw_log_level)settings->log_level,
                          .has_priority = qw_log_is_journal(stderr) };
    struct vault vault = { .lock = -1 };
    int status = qw_program_prepare(&log);
    qw_err err;

    if (status != QW_EXIT_DONE) {
        return status;
    }
    qw_program_stop_on_signals(on_signal);
    err = vault_open(settings, &log, &vault);
    if (err == QW_OK) {
        err = serve(settings, &vault, &log);
    }
    vault_close(&vault);
    return qw_exit_of(err);
}

int main(int argc, char **argv)
{
    static const char help[] =
        "Puts quantum keys into tunnels: fetches them from a key server, agrees with the agent at "
        "the other end, changes them without a gap. Prints `ready PORT` when it serves.\v"
        "  status       the links of a running agent\n"
        "  rotate PEER  a new key now\n"
        "  prove        shows in a capture that a tunnel's traffic depends on the keys; see prove "
        "--help\n";
    static struct settings settings;
    struct arguments arguments = { .config = "link.yaml",
                                   .socket = "qwave-link.sock",
                                   .form = "text" };
    const struct argp argp = { options, parse, "[status | rotate PEER | prove]", help, NULL,
                               NULL,    NULL };
    char error[QW_CONFIG_ERROR_CAP] = "";
    int status = QW_EXIT_DONE;

    if (argc > 1 && strcmp(argv[1], "prove") == 0) {
        return prove_main(argc - 1, argv + 1);
    }
    argp_err_exit_status = QW_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return QW_EXIT_USAGE;
    }
    if (arguments.word_count > 0) {
        return ask(&arguments);
    }
    if (settings_read(arguments.config, &settings, error) != QW_OK) {
        fprintf(stderr, "qwave-link: %s\n", error);
        return QW_EXIT_USAGE;
    }
    if (arguments.check_only) {
        status = qw_daemon_check("link", arguments.config, 0);
    } else {
        status = run(&settings);
    }
    settings_free(&settings);
    return status;
}
