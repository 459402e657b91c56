/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "qkd/node/disk.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_disk {
    int fd;
};

static qw_err file_read(void *self, uint64_t offset, void *data, size_t len)
{
    const struct file_disk *disk = self;
    size_t at = 0;

    while (at < len) {
        ssize_t got = pread(disk->fd, (uint8_t *)data + at, len - at, (off_t)(offset + at));

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return QW_ERR_IO;
        }
        at += (size_t)got;
    }
    return QW_OK;
}

static qw_err file_write(void *self, uint64_t offset, const void *data, size_t len)
{
    const struct file_disk *disk = self;
    size_t at = 0;

    while (at < len) {
        ssize_t put = pwrite(disk->fd, (const uint8_t *)data + at, len - at, (off_t)(offset + at));

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return QW_ERR_IO;
        }
        at += (size_t)put;
    }
    return QW_OK;
}

static qw_err file_sync(void *self)
{
    const struct file_disk *disk = self;

    return fdatasync(disk->fd) == 0 ? QW_OK : QW_ERR_IO;
}

static void file_close(void *self)
{
    struct file_disk *disk = self;

    close(disk->fd); /* the lock goes with it */
    free(disk);
}

static qw_err check_open_file(int fd)
{
    struct stat info;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return QW_ERR_IO;
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return QW_ERR_REFUSED;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? QW_ERR_CONFLICT : QW_ERR_IO;
    }
    return QW_OK;
}

qw_err qw_node_disk_file_open(const char *path, struct qw_node_disk *out)
{
    struct file_disk *disk = calloc(1, sizeof *disk);
    qw_err err;

    if (disk == NULL) {
        return QW_ERR_NOMEM;
    }
    disk->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hang us */
    if (disk->fd < 0) {
        err = errno == ENOENT || errno == ENOTDIR ? QW_ERR_NOT_FOUND : QW_ERR_IO;
        free(disk);
        return err;
    }
    err = check_open_file(disk->fd);
    if (err != QW_OK) {
        file_close(disk);
        return err;
    }
    *out = (struct qw_node_disk){ disk, file_read, file_write, file_sync, file_close };
    return QW_OK;
}

qw_err qw_node_disk_file_new(const char *path, struct qw_node_disk *disk)
{
    const uint8_t nothing = 0;
    qw_err err = qw_file_create(path, &nothing, 0);

    return err == QW_OK ? qw_node_disk_file_open(path, disk) : err;
}
