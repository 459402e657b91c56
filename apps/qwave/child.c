/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

qw_err child_program_find(const char *program, char *path, size_t cap)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    if (program[0] == '/') {
        return (size_t)snprintf(path, cap, "%s", program) >= cap ? QW_ERR_SPACE
               : access(path, X_OK) == 0                         ? QW_OK
                                                                 : QW_ERR_NOT_FOUND;
    }
    if (len < 0) {
        return QW_ERR_IO;
    }
    self[len] = '\0';
    slash = strrchr(self, '/');
    if (slash == NULL ||
        (size_t)snprintf(path, cap, "%.*s/%s", (int)(slash - self), self, program) >= cap) {
        return QW_ERR_SPACE;
    }
    return access(path, X_OK) == 0 ? QW_OK : QW_ERR_NOT_FOUND;
}

qw_err child_start(const char *program, char *const argv[], const char *log_path,
                   struct child *child)
{
    char path[PATH_MAX];
    int ends[2];
    pid_t pid;
    pid_t parent = getpid();
    qw_err err = child_program_find(program, path, sizeof path);

    if (err != QW_OK) {
        return err;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return QW_ERR_IO;
    }
    pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return QW_ERR_IO;
    }
    if (pid == 0) {
        int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        /* Only async-signal-safe calls: other threads of the parent may have held locks. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpgid(0, 0); /* Ctrl-C reaches us alone; we stop the children in order */
        if (log < 0 || null < 0 || getppid() != parent || dup2(null, 0) < 0 ||
            dup2(ends[1], 1) < 0 || dup2(log, 2) < 0) {
            _exit(127);
        }
        execv(path, argv);
        _exit(127);
    }
    close(ends[1]);
    *child = (struct child){ .name = program, .pid = pid, .output = ends[0] };
    return QW_OK;
}

qw_err child_wait_ready(struct child *child, int timeout_ms, char *rest, size_t cap)
{
    return child_wait_word(child, "ready ", timeout_ms, rest, cap);
}

qw_err child_wait_word(struct child *child, const char *word, int timeout_ms, char *rest,
                       size_t cap)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    char line[512];
    size_t len = 0;

    while (len < sizeof line - 1) {
        struct pollfd wait = { .fd = child->output, .events = POLLIN };
        int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();
        ssize_t got;

        if (left_ms <= 0) {
            return QW_ERR_TIMEOUT;
        }
        if (poll(&wait, 1, (int)left_ms) <= 0) {
            continue;
        }
        got = read(child->output, line + len, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return QW_ERR_CLOSED;
        }
        if (line[len] != '\n') {
            len++;
            continue;
        }
        line[len] = '\0';
        if (strncmp(line, word, strlen(word)) == 0) {
            return (size_t)snprintf(rest, cap, "%s", line + strlen(word)) < cap ? QW_OK
                                                                                : QW_ERR_SPACE;
        }
        len = 0;
    }
    return QW_ERR_FORMAT;
}

int child_is_running(struct child *child)
{
    if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == child->pid) {
        child->pid = 0;
    }
    return child->pid > 0;
}

void child_stop(struct child *child)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + 3000;

    if (child_is_running(child)) {
        kill(child->pid, SIGTERM);
    }
    while (child_is_running(child) && qw_clock_monotonic_ms() < deadline_ms) {
        poll(NULL, 0, 10);
    }
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
        child->pid = 0;
    }
    if (child->output > 0) {
        close(child->output);
        child->output = 0;
    }
}
