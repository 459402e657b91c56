/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "program/start.h"

#include "base/secret.h"
#include "crypto/selftest.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    LOCKED_LEN = 2 << 20, /* what each of our programs locks at most at its start */
    LIMIT_MAX = 1 << 30   /* more than that is no limit */
};

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

int qw_exit_of_command(qw_err err)
{
    return err == QW_ERR_ARG ? QW_EXIT_USAGE : qw_exit_of(err);
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

static bool can_lock(size_t len)
{
    void *some = qw_secret_new(len);

    qw_secret_free(some);
    return some != NULL;
}

uint64_t qw_program_lock_limit_kib(void)
{
    struct rlimit locked = { 0, 0 };

    if (getrlimit(RLIMIT_MEMLOCK, &locked) != 0 || locked.rlim_cur > (rlim_t)LIMIT_MAX ||
        can_lock((size_t)locked.rlim_cur + 1)) { /* CAP_IPC_LOCK */
        return 0;
    }
    return locked.rlim_cur >= 1024 ? (uint64_t)locked.rlim_cur / 1024 : 1;
}

int qw_program_lock_memory(const struct qw_log *log, size_t len)
{
    if (can_lock(len)) {
        return QW_EXIT_DONE;
    }
    qw_log_write(log, QW_LOG_ERROR,
                 "keys need %zu KiB of memory that is never swapped, and this process may lock "
                 "%llu KiB in all: raise the limit (ulimit -l; LimitMEMLOCK= of a unit)",
                 len / 1024, (unsigned long long)qw_program_lock_limit_kib());
    return QW_EXIT_FAILED;
}

static qw_err harden(const struct qw_log *log)
{
    qw_err err = qw_process_harden();

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "this process cannot be kept from dumping core");
    }
    return err;
}

int qw_daemon_check(const char *component, const char *config, size_t len)
{
    const struct qw_log log = { .stream = stderr, .component = component, .level = QW_LOG_ERROR };
    int status;

    if (harden(&log) != QW_OK) { /* which raises the limit as far as it goes */
        return QW_EXIT_FAILED;
    }
    status = qw_program_lock_memory(&log, LOCKED_LEN + len);
    if (status == QW_EXIT_DONE) {
        printf("%s: ok\n", config);
    }
    return status;
}

int qw_program_prepare(const struct qw_log *log)
{
    const char *failed = NULL;

    (void)unsetenv("SSLKEYLOGFILE"); /* TLS libraries would write every session's keys to it */
    if (harden(log) != QW_OK) {
        return QW_EXIT_FAILED;
    }
    if (qw_program_lock_memory(log, LOCKED_LEN) != QW_EXIT_DONE) {
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
