/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD in scenarios: the file QW_KILL_AT_RENAME holds a digit n; right after its n-th
 * rename(2) from then on the process removes the file and dies by SIGKILL. What is durable there is
 * replaced by rename, so this hits every state exactly, where a kill from outside hits one by luck.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* True when the count in the file has come to its end. */
static int is_time(const char *path)
{
    char digit = 0;
    int file = open(path, O_RDWR | O_CLOEXEC);
    int is = 0;

    if (file < 0) {
        return 0;
    }
    if (pread(file, &digit, 1, 0) == 1 && digit > '0') {
        digit--;
        is = digit == '0' || pwrite(file, &digit, 1, 0) != 1;
    }
    (void)close(file);
    return is;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    const char *path = getenv("QW_KILL_AT_RENAME");
    int result;

    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    result = real(from, to);
    if (path != NULL && is_time(path)) {
        (void)unlink(path);
        (void)kill(getpid(), SIGKILL);
    }
    return result;
}
