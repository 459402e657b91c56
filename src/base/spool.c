/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE_LEN = 32 * 1024 };

const char *qw_spool_folder(void)
{
    const char *folder = getenv("TMPDIR");

    return folder == NULL || folder[0] == '\0' ? "/var/tmp" : folder;
}

static qw_err make(const char *folder, int *fd)
{
    char path[PATH_MAX];
    int made;

    if (snprintf(path, sizeof path, "%s/qwave-spool-XXXXXX", folder) >= (int)sizeof path) {
        return QW_ERR_NOT_FOUND;
    }
    made = mkostemp(path, O_CLOEXEC); /* mode 0600 */
    if (made < 0) {
        return errno == ENOSPC || errno == EDQUOT ? QW_ERR_SPACE : QW_ERR_NOT_FOUND;
    }
    if (unlink(path) != 0) {
        close(made);
        return QW_ERR_IO;
    }
    *fd = made;
    return QW_OK;
}

static qw_err write_all(int fd, const uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t put = write(fd, data + at, len - at);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) ? QW_ERR_SPACE
                                                                                     : QW_ERR_IO;
        }
        at += (size_t)put;
    }
    return QW_OK;
}

static qw_err copy(int from, int to)
{
    uint8_t piece[PIECE_LEN];
    qw_err err = QW_OK;

    while (err == QW_OK) {
        ssize_t got = read(from, piece, sizeof piece);

        if (got == 0) {
            break;
        }
        if (got > 0) {
            err = write_all(to, piece, (size_t)got);
        } else if (errno != EINTR) {
            err = QW_ERR_IO;
        }
    }
    return err;
}

qw_err qw_spool_fill(int from, const char *folder, int *spool)
{
    int fd = -1;
    qw_err err = make(folder, &fd);

    if (err != QW_OK) {
        return err;
    }
    err = copy(from, fd);
    if (err == QW_OK && lseek(fd, 0, SEEK_SET) != 0) {
        err = QW_ERR_IO;
    }
    if (err != QW_OK) {
        close(fd);
        return err;
    }
    *spool = fd;
    return QW_OK;
}
