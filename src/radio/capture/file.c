/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "radio/capture/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_CAP = 1 << 16 };

static qw_err map_file(int fd, size_t len, struct qw_capture_file *file)
{
    void *data;

    if (len == 0) {
        *file = (struct qw_capture_file){ 0 };
        return QW_OK;
    }
    data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        return errno == ENOMEM ? QW_ERR_NOMEM : QW_ERR_IO;
    }
    *file = (struct qw_capture_file){ .data = data, .len = len, .is_mapped = true };
    return QW_OK;
}

static qw_err read_stream(int fd, struct qw_capture_file *file)
{
    uint8_t *data = NULL;
    size_t cap = 0;
    size_t len = 0;
    qw_err err = QW_OK;

    for (;;) {
        ssize_t got;

        if (len == cap) {
            size_t larger = cap == 0 ? FIRST_CAP : 2 * cap;
            uint8_t *grown = larger <= QW_CAPTURE_STREAM_MAX ? realloc(data, larger) : NULL;

            if (grown == NULL) {
                err = larger <= QW_CAPTURE_STREAM_MAX ? QW_ERR_NOMEM : QW_ERR_SPACE;
                break;
            }
            data = grown;
            cap = larger;
        }
        got = read(fd, data + len, cap - len);
        if (got > 0) {
            len += (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            err = got == 0 ? QW_OK : QW_ERR_IO;
            break;
        }
    }
    if (err != QW_OK || len == 0) {
        free(data);
        data = NULL;
    }
    if (err == QW_OK) {
        *file = (struct qw_capture_file){ .data = data, .len = len };
    }
    return err;
}

qw_err qw_capture_file_open(const char *path, struct qw_capture_file *file)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    qw_err err;

    if (fd < 0) {
        return errno == ENOENT ? QW_ERR_NOT_FOUND : QW_ERR_IO;
    }
    if (fstat(fd, &status) != 0) {
        err = QW_ERR_IO;
    } else if (S_ISREG(status.st_mode)) {
        err = map_file(fd, (size_t)status.st_size, file);
    } else {
        err = read_stream(fd, file);
    }
    close(fd);
    return err;
}

void qw_capture_file_close(struct qw_capture_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->is_mapped) {
        munmap((void *)(uintptr_t)file->data, file->len);
    } else {
        free((void *)(uintptr_t)file->data);
    }
    memset(file, 0, sizeof *file);
}
