/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CHILD_H
#define QWAVE_CHILD_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/* A program started as a real process. It dies when we die. */
struct child {
    const char *name; /* static text */
    pid_t pid;        /* 0: not running */
    int output;       /* its standard output */
};

/* Path of folder-of-this-program/program, or what an absolute path names. QW_ERR_NOT_FOUND. */
qw_err child_program_find(const char *program, char *path, size_t cap) QW_MUST_USE;

/* Starts folder-of-this-program/program, or what an absolute path names, with argv (NULL-ended,
 * argv[0] included), standard error appended to log_path. */
qw_err child_start(const char *program, char *const argv[], const char *log_path,
                   struct child *child) QW_MUST_USE;

/* Waits for its line "ready REST" and copies REST. QW_ERR_TIMEOUT, QW_ERR_CLOSED when it ended
 * before. */
qw_err child_wait_ready(struct child *child, int timeout_ms, char *rest, size_t cap) QW_MUST_USE;

/* The same for another first word, with the space behind it. */
qw_err child_wait_word(struct child *child, const char *word, int timeout_ms, char *rest,
                       size_t cap) QW_MUST_USE;

/* True while it has not ended by itself. */
int child_is_running(struct child *child);

/* SIGTERM, and SIGKILL after three seconds; collects it. Fine for one that is not running. */
void child_stop(struct child *child);

#endif
