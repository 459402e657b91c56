/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_POSTGRES_SERVER_H
#define QW_TESTS_POSTGRES_SERVER_H

/* A PostgreSQL server of a test's own: in a temporary folder, on a unix socket alone. PostgreSQL
 * does not run as root, so for root it is the user postgres, or nobody. Included after cmocka.h by
 * a file that defines _GNU_SOURCE. */
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POSTGRES_BIN "/usr/lib/postgresql/15/bin/"

struct postgres_server {
    char folder[64]; /* holds data/ and the socket */
    char uri[160];
    pid_t pid;       /* 0: not running */
    rlim_t file_max; /* of each file it writes, bytes; 0: no limit. For the next start */
};

static inline bool postgres_server_is_installed(void)
{
    return access(POSTGRES_BIN "postgres", X_OK) == 0 && access(POSTGRES_BIN "initdb", X_OK) == 0;
}

/* In the child: gives up root and runs the program with its output to log. */
static inline void postgres_server_become(const char *folder, char *const *argv)
{
    const struct passwd *user = getpwnam("postgres");
    uid_t uid = user == NULL ? 65534 : user->pw_uid;
    gid_t gid = user == NULL ? 65534 : user->pw_gid;
    int log;

    if (chdir(folder) != 0 ||
        (geteuid() == 0 && (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0))) {
        _exit(126);
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT); /* a test that is killed leaves no server behind */
    log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
        _exit(126);
    }
    execv(argv[0], argv);
    _exit(127);
}

static inline void postgres_server_initialise(const struct postgres_server *server)
{
    char program[] = POSTGRES_BIN "initdb";
    char *const argv[] = { program, "-D", "data", "-U",         "qwave", "-A",
                           "trust", "-E", "UTF8", "--locale=C", "-N",    NULL };
    const struct passwd *user = getpwnam("postgres");
    pid_t child;
    int status;

    if (geteuid() == 0) {
        assert_int_equal(chown(server->folder, user == NULL ? 65534 : user->pw_uid,
                               user == NULL ? 65534 : user->pw_gid),
                         0);
    }
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        postgres_server_become(server->folder, argv);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* setting: a further one, such as "fsync=off", or NULL. Returns when it takes connections. After a
 * kill the memory of the old one may still be in use: then it is started again. */
static inline void postgres_server_start(struct postgres_server *server, const char *setting)
{
    const struct timespec step = { .tv_nsec = 40000000L };
    char program[] = POSTGRES_BIN "postgres";
    char further[64];
    char *const argv[] = { program,
                           "-D",
                           "data",
                           "-k",
                           (char *)server->folder,
                           "-c",
                           "listen_addresses=",
                           "-c",
                           "max_connections=20",
                           "-c",
                           "shared_buffers=8MB",
                           "-c",
                           further,
                           NULL };

    snprintf(further, sizeof further, "%s", setting == NULL ? "autovacuum_naptime=60" : setting);
    for (int i = 0; i < 3000; i++) {
        if (server->pid != 0 && waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0;
        }
        if (server->pid == 0) {
            server->pid = fork();
            assert_true(server->pid >= 0);
            if (server->pid == 0) {
                struct rlimit limit = { server->file_max, server->file_max };

                if (server->file_max > 0 && setrlimit(RLIMIT_FSIZE, &limit) != 0) {
                    _exit(126);
                }
                postgres_server_become(server->folder, argv);
            }
        }
        if (PQping(server->uri) == PQPING_OK) {
            return;
        }
        nanosleep(&step, NULL);
    }
    fail_msg("the server does not start: see %s/log", server->folder);
}

/* Every process of the server at once. */
static inline void postgres_server_kill_children(pid_t pid)
{
    char path[64];
    FILE *list;
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    list = fopen(path, "r");
    while (list != NULL && fscanf(list, "%d", &child) == 1) {
        (void)kill((pid_t)child, SIGKILL); /* it may have ended by itself */
    }
    if (list != NULL) {
        fclose(list);
    }
}

/* SIGINT: at once, but in order; SIGKILL: as a power cut would. */
static inline void postgres_server_stop(struct postgres_server *server, int signal_number)
{
    if (server->pid == 0) {
        return;
    }
    if (signal_number == SIGKILL) {
        assert_int_equal(kill(server->pid, SIGSTOP), 0); /* it starts no new ones meanwhile */
        postgres_server_kill_children(server->pid);
    }
    assert_int_equal(kill(server->pid, signal_number), 0);
    assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
    server->pid = 0;
}

static inline void postgres_server_make(struct postgres_server *server)
{
    *server = (struct postgres_server){ .folder = "/tmp/qwave-postgres-XXXXXX" };
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->uri, sizeof server->uri, "postgresql://qwave@/postgres?host=%s",
             server->folder);
    postgres_server_initialise(server);
    postgres_server_start(server, NULL);
}

static inline void postgres_server_remove(struct postgres_server *server)
{
    char command[128];

    postgres_server_stop(server, SIGQUIT);
    snprintf(command, sizeof command, "rm -rf '%s'", server->folder);
    assert_int_equal(system(command), 0);
}

static inline void postgres_server_notice(void *self, const char *message)
{
    (void)self;
    (void)message;
}

static inline void postgres_server_execute(const struct postgres_server *server, const char *sql)
{
    PGconn *connection = PQconnectdb(server->uri);
    PGresult *result;

    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    PQsetNoticeProcessor(connection, postgres_server_notice, NULL);
    result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    }
    PQclear(result);
    PQfinish(connection);
}

#endif
