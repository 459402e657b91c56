/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD in scenarios: while the file QW_TWIST_KEY is there, each PPK that the process
 * sends to strongSwan has one bit wrong: what its owner believes to have loaded and what is loaded
 * differ. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    static const char mark[] = "\003\004data\000\040"; /* a value "data" of 32 bytes */
    ssize_t (*real)(int, const void *, size_t, int);
    const char *path = getenv("QW_TWIST_KEY");
    unsigned char copy[1024];
    unsigned char *found;

    *(void **)&real = dlsym(RTLD_NEXT, "send");
    if (path == NULL || len > sizeof copy || access(path, F_OK) != 0) {
        return real(fd, data, len, flags);
    }
    memcpy(copy, data, len);
    found = memmem(copy, len, mark, sizeof mark - 1);
    if (found != NULL && (size_t)(found - copy) + sizeof mark - 1 < len) {
        found[sizeof mark - 1] ^= 1;
    }
    return real(fd, copy, len, flags);
}
