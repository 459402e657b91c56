/* SPDX-License-Identifier: Apache-2.0 */
/* qwaved: the key service centre of a site. Opens master key, source, store and centre in this
 * order, then serves docs/protocol/centre-rest.md until it is told to end. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/socket.h"
#include "daemon.h"
#include "program/file_hash.h"
#include "program/start.h"
#include "reload/reload.h"

#include <signal.h>
#include <stdio.h>

const char *argp_program_version = "qwaved " QW_VERSION;

static void turn_seal(void *self)
{
    struct daemon *daemon = self;

    (void)pthread_kill(daemon->main, SIGUSR1);
}

/* What fits at the start may not fit later: each pair that is served locks its leases. */
static void warn_of_limit(const struct qw_log *log)
{
    uint64_t limit_kib = qw_program_lock_limit_kib();

    if (limit_kib > 0) {
        qw_log_write(log, QW_LOG_WARNING,
                     "this process may lock %llu KiB: leases beyond that are refused, and what "
                     "libraries copy of keys may be swapped out (LimitMEMLOCK=infinity)",
                     (unsigned long long)limit_kib);
    }
}

static int run(struct daemon *daemon)
{
    int status;
    qw_err err;

    status = qw_program_prepare(&daemon->log);
    if (status == QW_EXIT_DONE) {
        status = qw_program_lock_memory(&daemon->log, daemon_locked_len(&daemon->settings));
    }
    if (status != QW_EXIT_DONE) {
        return status;
    }
    warn_of_limit(&daemon->log);
    daemon_block_signals();
    daemon->main = pthread_self();
    daemon->seal.turn = turn_seal;
    daemon->seal.self = daemon;
    daemon->reload = (struct reload_switch){ .run = reload_run, .self = daemon };
    do {
        daemon->must_seal = false;
        err = daemon_open(daemon);
        if (err == QW_OK) {
            err = daemon_serve(daemon);
        }
        daemon_close(daemon);
    } while (err == QW_OK && daemon->must_seal);
    if (daemon->listener > 0) {
        qw_socket_close(daemon->listener);
    }
    return err == QW_ERR_CLOSED ? QW_EXIT_DONE : qw_exit_of(err); /* told to end while sealed */
}

int main(int argc, char **argv)
{
    static const char help[] =
        "Key service centre of a site: keeps quantum keys, knows every device, and gives keys to "
        "those who may have them. Prints `ready PORT` when it serves.";
    struct qw_daemon_arguments arguments = { .config = "qwaved.yaml" };
    struct daemon daemon = { .log = { .stream = stderr,
                                      .component = "centre",
                                      .has_priority = qw_log_is_journal(stderr) },
                             .reload_mutex = PTHREAD_MUTEX_INITIALIZER,
                             .started_ms = qw_clock_monotonic_ms() };
    char error[QW_CONFIG_ERROR_CAP] = "";

    qw_daemon_arguments_read(argc, argv, help, &arguments);
    if (settings_read(arguments.config, &daemon.settings, error) != QW_OK) {
        fprintf(stderr, "qwaved: %s\n", error);
        return QW_EXIT_USAGE;
    }
    if (arguments.check_only) {
        return qw_daemon_check("centre", arguments.config, daemon_locked_len(&daemon.settings));
    }
    daemon.settings_path = arguments.config;
    daemon.log.level = (enum qw_log_level)daemon.settings.log_level;
    if (daemon_explain(&daemon.log, "configuration", arguments.config,
                       qw_file_hash(arguments.config, daemon.configuration_hash), NULL) != QW_OK) {
        return QW_EXIT_FAILED;
    }
    return run(&daemon);
}
