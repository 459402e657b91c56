/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "program/start.h"

#include "base/secret.h"
#include "crypto/selftest.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>

enum { LOCKED_LEN = 2 << 20 }; /* what the largest of our programs locks, with room to spare */

int qw_exit_of(qw_err err)
{
    switch (err) {
    case QW_OK:
        return QW_EXIT_DONE;
    case QW_ERR_REFUSED:
    case QW_ERR_AUTH:
        return QW_EXIT_REFUSED;
    default:
        return QW_EXIT_FAILED;
    }
}

static const struct argp_option options[] = {
    { "config", 'c', "FILE", 0, "settings", 0 },
    { "check", 'C', NULL, 0, "read the settings, say whether they are right, and end", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct qw_daemon_arguments *arguments = state->input;

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

void qw_daemon_arguments_read(int argc, char **argv, const char *help,
                              struct qw_daemon_arguments *arguments)
{
    struct argp argp = { options, parse, NULL, help, NULL, NULL, NULL };

    argp_err_exit_status = QW_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, arguments) != 0) {
        exit(QW_EXIT_USAGE);
    }
}

static bool can_lock_memory(void)
{
    void *some = qw_secret_new(LOCKED_LEN);

    qw_secret_free(some);
    return some != NULL;
}

int qw_program_prepare(const struct qw_log *log)
{
    const char *failed = NULL;

    (void)unsetenv("SSLKEYLOGFILE"); /* TLS libraries would write every session's keys to it */
    if (qw_process_harden() != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "this process cannot be kept from dumping core");
        return QW_EXIT_FAILED;
    }
    if (!can_lock_memory()) {
        qw_log_write(
            log, QW_LOG_ERROR,
            "keys need %d KiB of memory that is never swapped: raise the limit (ulimit -l)",
            LOCKED_LEN / 1024);
        return QW_EXIT_FAILED;
    }
    if (qw_crypto_selftest(&failed) != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "self-test of %s failed: not serving",
                     failed == NULL ? "an algorithm" : failed);
        return QW_EXIT_REFUSED;
    }
    return QW_EXIT_DONE;
}

void qw_program_stop_on_signals(void (*on_signal)(int number))
{
    struct sigaction action = { .sa_handler = on_signal };

    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}
