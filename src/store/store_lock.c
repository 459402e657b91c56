/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct qw_store_lock {
    int file; /* locked while it is open */
    char path[PATH_MAX];
};

static qw_err take(struct qw_store_lock *lock)
{
    for (;;) {
        int file = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        struct stat is;

        if (file < 0) {
            return errno == ENOENT ? QW_ERR_NOT_FOUND : QW_ERR_IO;
        }
        if (flock(file, LOCK_EX | LOCK_NB) != 0 || fstat(file, &is) != 0) {
            qw_err err = errno == EWOULDBLOCK ? QW_ERR_CONFLICT : QW_ERR_IO;

            (void)close(file);
            return err;
        }
        if (is.st_nlink > 0) {
            lock->file = file;
            return QW_OK;
        }
        (void)close(file); /* who had it has just removed it: the next one is another file */
    }
}

qw_err qw_store_lock_take(const char *database, struct qw_store_lock **lock)
{
    struct qw_store_lock *made = calloc(1, sizeof *made);
    int len = made == NULL ? 0 : snprintf(made->path, sizeof made->path, "%s.lock", database);
    qw_err err = made == NULL                       ? QW_ERR_NOMEM
                 : (size_t)len >= sizeof made->path ? QW_ERR_ARG
                                                    : take(made);

    if (err != QW_OK) {
        free(made);
        return err;
    }
    *lock = made;
    return QW_OK;
}

void qw_store_lock_give(struct qw_store_lock *lock)
{
    if (lock != NULL) {
        (void)unlink(lock->path); /* first: nobody else can have it yet */
        (void)close(lock->file);
        free(lock);
    }
}
