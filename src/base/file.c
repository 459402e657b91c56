/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "base/file.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUFFIX_LEN = 7 }; /* ".XXXXXX" of mkostemp */

static qw_err open_for_reading(const char *path, int *fd)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hang us */
    struct stat info;

    if (file < 0) {
        return errno == ENOENT || errno == ENOTDIR ? QW_ERR_NOT_FOUND : QW_ERR_IO;
    }
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(file);
        return QW_ERR_IO;
    }
    *fd = file;
    return QW_OK;
}

/* Reads until cap bytes or the end of the file. */
static qw_err read_up_to(int fd, uint8_t *data, size_t cap, size_t *len)
{
    size_t at = 0;

    while (at < cap) {
        ssize_t got = read(fd, data + at, cap - at);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return QW_ERR_IO;
        }
        if (got == 0) {
            break;
        }
        at += (size_t)got;
    }
    *len = at;
    return QW_OK;
}

/* The content of an open file into secret memory. */
static qw_err read_whole(int fd, size_t max, uint8_t **data, size_t *len)
{
    uint8_t *content = NULL;
    struct stat info;
    size_t size;
    size_t got = 0;
    qw_err err;

    if (fstat(fd, &info) != 0 || info.st_size < 0) {
        return QW_ERR_IO;
    }
    size = (size_t)info.st_size;
    if (size > max) {
        return QW_ERR_SPACE;
    }
    content = qw_secret_new(size + 1); /* one more byte shows a file that grew meanwhile */
    if (content == NULL) {
        return QW_ERR_NOMEM;
    }
    err = read_up_to(fd, content, size + 1, &got);
    if (err == QW_OK && got > size) {
        err = QW_ERR_IO;
    }
    if (err != QW_OK) {
        qw_secret_free(content);
        return err;
    }
    *data = content;
    *len = got;
    return QW_OK;
}

qw_err qw_file_read(const char *path, size_t max, uint8_t **data, size_t *len)
{
    int fd = -1;
    qw_err err = open_for_reading(path, &fd);

    if (err != QW_OK) {
        return err;
    }
    err = read_whole(fd, max, data, len);
    close(fd);
    return err;
}

qw_err qw_file_read_private(const char *path, size_t max, uint8_t **data, size_t *len)
{
    struct stat info;
    int fd = -1;
    qw_err err = open_for_reading(path, &fd);

    if (err != QW_OK) {
        return err;
    }
    /* The open file is asked, not the name: between two looks at a name it may become another. */
    if (fstat(fd, &info) != 0) {
        err = QW_ERR_IO;
    } else if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        err = QW_ERR_REFUSED;
    } else {
        err = read_whole(fd, max, data, len);
    }
    close(fd);
    return err;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    size_t at = 0;

    while (at < len) {
        ssize_t put = write(fd, data + at, len - at);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return false;
        }
        at += (size_t)put;
    }
    return true;
}

/* Writes, syncs and closes; closes also on failure. */
static qw_err fill_and_close(int fd, const uint8_t *data, size_t len)
{
    bool ok = write_all(fd, data, len) && fsync(fd) == 0;

    ok = close(fd) == 0 && ok;
    return ok ? QW_OK : QW_ERR_IO;
}

/* A new name is durable only once its folder is. */
static qw_err sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    int fd;
    bool ok;

    if (slash != NULL) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);

        if (len >= sizeof folder) {
            return QW_ERR_ARG;
        }
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return QW_ERR_IO;
    }
    ok = fsync(fd) == 0;
    close(fd);
    return ok ? QW_OK : QW_ERR_IO;
}

qw_err qw_file_replace(const char *path, const uint8_t *data, size_t len)
{
    char temporary[PATH_MAX];
    qw_err err;
    int fd;

    if (strlen(path) + SUFFIX_LEN >= sizeof temporary) {
        return QW_ERR_ARG;
    }
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        return QW_ERR_IO;
    }
    err = fill_and_close(fd, data, len);
    if (err == QW_OK && rename(temporary, path) != 0) {
        err = QW_ERR_IO;
    }
    if (err != QW_OK) {
        unlink(temporary);
        return err;
    }
    return sync_folder_of(path);
}

qw_err qw_file_create(const char *path, const uint8_t *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    qw_err err;

    if (fd < 0) {
        return errno == EEXIST ? QW_ERR_CONFLICT : QW_ERR_IO;
    }
    err = fill_and_close(fd, data, len);
    if (err == QW_OK) {
        err = sync_folder_of(path);
    }
    if (err != QW_OK) {
        unlink(path);
    }
    return err;
}
