/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD in scenarios: counts what a program makes durable (statements to PostgreSQL,
 * fsync, rename) from the statement on that has the words QW_TROUBLE_AFTER, and has trouble right
 * before the one with the number QW_TROUBLE_AT: QW_TROUBLE is "kill" (SIGKILL), "stop" (SIGSTOP,
 * until somebody lets it go on) or "fail" (that one fails). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int steps = -1; /* -1: that statement has not come yet */

/* True when this one is to fail. */
static int has_trouble(void)
{
    const char *at = getenv("QW_TROUBLE_AT");
    const char *what = getenv("QW_TROUBLE");

    if (at == NULL || what == NULL || steps < 0 || strtol(at, NULL, 10) != ++steps) {
        return 0;
    }
    if (strcmp(what, "fail") != 0) {
        (void)kill(getpid(), strcmp(what, "kill") == 0 ? SIGKILL : SIGSTOP);
    }
    return strcmp(what, "fail") == 0;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);

    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    if (has_trouble()) {
        errno = EIO;
        return -1;
    }
    return real(from, to);
}

int fsync(int file)
{
    int (*real)(int);

    *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    if (has_trouble()) {
        errno = ENOSPC;
        return -1;
    }
    return real(file);
}

int PQsendQuery(PGconn *connection, const char *query)
{
    int (*real)(PGconn *, const char *);
    const char *after = getenv("QW_TROUBLE_AFTER");

    *(void **)&real = dlsym(RTLD_NEXT, "PQsendQuery");
    if (has_trouble()) {
        return 0;
    }
    if (after != NULL && steps < 0 && strstr(query, after) != NULL) {
        steps = 0;
    }
    return real(connection, query);
}

int PQpipelineSync(PGconn *connection)
{
    int (*real)(PGconn *);

    *(void **)&real = dlsym(RTLD_NEXT, "PQpipelineSync");
    return has_trouble() ? 0 : real(connection);
}
