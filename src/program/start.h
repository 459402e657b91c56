/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_PROGRAM_START_H
#define QW_PROGRAM_START_H

#include "base/error.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What every program of ours does alike before its own work begins. */

/* Exit statuses that scripts rely on. */
enum {
    QW_EXIT_DONE = 0,
    QW_EXIT_FAILED = 1,
    QW_EXIT_USAGE = 2,
    QW_EXIT_REFUSED = 3 /* for security: no entropy, wrong passphrase, a self-test that failed */
};
int qw_exit_of(qw_err err);
/* The same for a command, where QW_ERR_ARG is what it was told: options that do not fit, settings
 * that are not there or wrong. */
int qw_exit_of_command(qw_err err);

/* Options of a daemon: --config FILE, --check, --help, --version. */
struct qw_daemon_arguments {
    const char *config; /* set to the default before the call */
    bool check_only;    /* read the settings, say whether they are right, and end */
};
/* Ends the program on --help, --version and wrong usage. help is one paragraph. */
void qw_daemon_arguments_read(int argc, char **argv, const char *help,
                              struct qw_daemon_arguments *arguments);

/* Whether further len bytes can be kept from being swapped now: nothing that holds keys begins
 * before. QW_EXIT_DONE, or QW_EXIT_FAILED (the log says how much is allowed, and what to raise). */
int qw_program_lock_memory(const struct qw_log *log, size_t len);
/* KiB that this process may lock at most; 0: no limit that anybody would meet. */
uint64_t qw_program_lock_limit_kib(void);

/* --check, for right settings: says "CONFIG: ok" when a start would also find memory for keys, and
 * for len bytes of them more than every program needs. component is said with what is wrong. The
 * exit status, as above. */
int qw_daemon_check(const char *component, const char *config, size_t len);

/* Keeps keys out of core dumps, other processes and TLS key logs, then runs the known-answer
 * tests: a broken algorithm must not meet a key. QW_EXIT_DONE, or the status to end with (the log
 * says why). Before the first thread. */
int qw_program_prepare(const struct qw_log *log);

/* SIGTERM and SIGINT call on_signal (async-signal-safe), SIGPIPE is ignored. */
void qw_program_stop_on_signals(void (*on_signal)(int number));

#endif
