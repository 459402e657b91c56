/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "link/psk_join.h"

#include "base/file.h"
#include "base/secret.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct joined { /* in secret memory, for as long as it is written */
    size_t len;
    uint8_t text[QW_PSK_JOIN_MAX];
};

bool qw_psk_join_is_part(const char *path)
{
    static const char ending[] = ".psk";
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t len = strlen(name);

    return len >= sizeof ending && strcmp(name + len - (sizeof ending - 1), ending) == 0;
}

static int is_listed(const struct dirent *entry)
{
    return qw_psk_join_is_part(entry->d_name);
}

static qw_err add(struct joined *joined, const uint8_t *part, size_t len)
{
    bool is_ended = len == 0 || part[len - 1] == '\n';

    if (len + (is_ended ? 0 : 1) > sizeof joined->text - joined->len) {
        return QW_ERR_SPACE;
    }
    memcpy(joined->text + joined->len, part, len);
    joined->len += len;
    if (!is_ended) {
        joined->text[joined->len++] = '\n';
    }
    return QW_OK;
}

static qw_err add_part(struct joined *joined, const char *folder, const char *name)
{
    char path[PATH_MAX];
    uint8_t *part = NULL;
    size_t len = 0;
    qw_err err;

    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return QW_ERR_IO;
    }
    err = qw_file_read_private(path, QW_PSK_JOIN_MAX, &part, &len);
    if (err == QW_ERR_NOT_FOUND) { /* taken away since it was listed */
        return QW_OK;
    }
    if (err == QW_OK) {
        err = add(joined, part, len);
    }
    qw_secret_free(part);
    return err;
}

static qw_err join(const char *folder, const char *path)
{
    struct joined *joined = qw_secret_new(sizeof *joined);
    struct dirent **names = NULL;
    int count = joined == NULL ? 0 : scandir(folder, &names, is_listed, alphasort);
    qw_err err = joined == NULL ? QW_ERR_NOMEM : count < 0 ? QW_ERR_IO : QW_OK;

    for (int i = 0; i < count; i++) {
        if (err == QW_OK) {
            err = add_part(joined, folder, names[i]->d_name);
        }
        free(names[i]);
    }
    free(names);
    if (err == QW_OK) {
        err = qw_file_replace(path, joined->text, joined->len);
    }
    qw_secret_free(joined);
    return err;
}

qw_err qw_psk_join(const char *folder, const char *path)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    qw_err err = QW_OK;

    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? QW_ERR_NOT_FOUND : QW_ERR_IO;
    }
    while (err == QW_OK && flock(fd, LOCK_EX) != 0) {
        err = errno == EINTR ? QW_OK : QW_ERR_IO;
    }
    if (err == QW_OK) {
        err = join(folder, path);
    }
    close(fd); /* and with it the lock */
    return err;
}
