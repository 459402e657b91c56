/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_SWTPM_SERVER_H
#define QW_TESTS_SUPPORT_SWTPM_SERVER_H

/* A TPM 2.0 in software (swtpm) of a test's own: state and sockets in a temporary folder. Killed
 * and started again it is a machine that was switched off and on: registers begin anew, keys stay.
 * Included after cmocka.h by a file that defines _GNU_SOURCE. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWTPM_PROGRAM "/usr/bin/swtpm"

struct swtpm_server {
    char folder[40];
    char tcti[96];
    pid_t pid; /* 0: not running */
};

static inline bool swtpm_server_is_installed(void)
{
    return access(SWTPM_PROGRAM, X_OK) == 0;
}

/* In the child. */
static inline void swtpm_server_become(const struct swtpm_server *server)
{
    char program[] = SWTPM_PROGRAM;
    char listen_at[96], control[112], state[96];
    char *const argv[] = { program,
                           "socket",
                           "--tpm2",
                           "--server",
                           listen_at,
                           "--ctrl",
                           control,
                           "--tpmstate",
                           state,
                           "--flags",
                           "not-need-init,startup-clear",
                           NULL };
    int log;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves no TPM behind */
    snprintf(listen_at, sizeof listen_at, "type=unixio,path=%s/tpm", server->folder);
    snprintf(control, sizeof control, "type=unixio,path=%s/tpm.ctrl", server->folder);
    snprintf(state, sizeof state, "dir=%s/state", server->folder);
    if (chdir(server->folder) != 0) {
        _exit(126);
    }
    log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
        _exit(126);
    }
    execv(argv[0], argv);
    _exit(127);
}

/* True when somebody takes connections at the socket. */
static inline bool swtpm_server_listens(const struct swtpm_server *server, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    assert_true(fd >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", server->folder, name);
    ok = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return ok;
}

/* Returns when it takes connections. */
static inline void swtpm_server_start(struct swtpm_server *server)
{
    const struct timespec step = { .tv_nsec = 10000000L };
    char path[64];

    snprintf(path, sizeof path, "%s/tpm", server->folder);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/tpm.ctrl", server->folder);
    (void)unlink(path);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        swtpm_server_become(server);
    }
    for (int i = 0; i < 6000; i++) {
        if (swtpm_server_listens(server, "tpm.ctrl") && swtpm_server_listens(server, "tpm")) {
            return;
        }
        assert_int_equal(waitpid(server->pid, NULL, WNOHANG), 0);
        nanosleep(&step, NULL);
    }
    fail_msg("no TPM: see %s/log", server->folder);
}

static inline void swtpm_server_stop(struct swtpm_server *server)
{
    if (server->pid != 0) {
        assert_int_equal(kill(server->pid, SIGKILL), 0);
        assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
        server->pid = 0;
    }
}

static inline void swtpm_server_make(struct swtpm_server *server)
{
    char state[64];

    *server = (struct swtpm_server){ .folder = "/tmp/qwave-swtpm-XXXXXX" };
    assert_non_null(mkdtemp(server->folder));
    snprintf(state, sizeof state, "%s/state", server->folder);
    assert_int_equal(mkdir(state, 0700), 0);
    snprintf(server->tcti, sizeof server->tcti, "swtpm:path=%s/tpm", server->folder);
    swtpm_server_start(server);
}

static inline void swtpm_server_remove(struct swtpm_server *server)
{
    char command[64];

    swtpm_server_stop(server);
    snprintf(command, sizeof command, "rm -rf '%s'", server->folder);
    assert_int_equal(system(command), 0);
}

#endif
