/* SPDX-License-Identifier: Apache-2.0 */
/* Programs are megabytes and no secrets: they are read into ordinary memory. */
#define _POSIX_C_SOURCE 200809L
#include "crypto/custody/measurement.h"

#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const off_t len_max = (off_t)1 << 30;

/* Exactly len bytes and then the end, or QW_ERR_IO. */
static qw_err read_all(int fd, uint8_t *data, size_t len)
{
    size_t at = 0;
    uint8_t one_more;

    while (at < len) {
        ssize_t got = read(fd, data + at, len - at);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return QW_ERR_IO;
        }
        at += (size_t)got;
    }
    return read(fd, &one_more, 1) == 0 ? QW_OK : QW_ERR_IO;
}

qw_err qw_measure_file(const char *path, uint8_t digest[static QW_MEASUREMENT_LEN])
{
    uint8_t *data = NULL;
    struct stat about;
    qw_err err = QW_ERR_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        return errno == ENOENT ? QW_ERR_NOT_FOUND : QW_ERR_IO;
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > len_max) {
        goto out;
    }
    data = malloc((size_t)about.st_size + 1);
    if (data == NULL) {
        err = QW_ERR_NOMEM;
        goto out;
    }
    err = read_all(fd, data, (size_t)about.st_size);
    if (err == QW_OK) {
        err = qw_hash_of(QW_HASH_SHA256, &(struct qw_bytes){ data, (size_t)about.st_size }, 1,
                         digest);
    }
out:
    free(data);
    (void)close(fd);
    return err;
}
