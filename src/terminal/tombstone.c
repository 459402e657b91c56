/* SPDX-License-Identifier: Apache-2.0 */
/* Steps K3 to K5 and K7 of docs/protocol/card-destroy.md. */
#define _GNU_SOURCE
#include "terminal/tombstone.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAGIC = 0x51574401,      /* "QWD", version 1 */
    CARD_MAGIC = 0x51574b01, /* "QWK", version 1 */
    PIECE_LEN = 4096,
    TEMPORARY_SUFFIX_LEN = 7 /* ".XXXXXX" of base/file.c */
};
static const char begun_suffix[] = ".destroyed";

void qw_tombstone_encode(const struct qw_tombstone *tombstone, uint8_t out[static QW_TOMBSTONE_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_TOMBSTONE_LEN);

    qw_write_u32be(&w, MAGIC);
    qw_write_u8(&w, tombstone->is_booked ? 1 : 0);
    qw_write_bytes(&w, tombstone->proof, sizeof tombstone->proof);
    qw_write_bytes(&w, tombstone->done_hash, sizeof tombstone->done_hash);
    qw_assert(!w.failed && w.len == QW_TOMBSTONE_LEN);
}

qw_err qw_tombstone_decode(const uint8_t *data, size_t len, struct qw_tombstone *tombstone)
{
    struct qw_tombstone t = { 0 };
    struct qw_reader r = qw_reader_on(data, len);
    uint8_t serial[16];
    uint8_t state;

    if (qw_read_u32be(&r) != MAGIC) {
        return QW_ERR_NOT_FOUND; /* a card, or anything else */
    }
    state = qw_read_u8(&r);
    qw_read_bytes(&r, t.proof, sizeof t.proof);
    qw_read_bytes(&r, t.done_hash, sizeof t.done_hash);
    if (!qw_reader_done(&r) || state > 1 ||
        qw_destroy_proof_peek(t.proof, sizeof t.proof, serial) != QW_OK) {
        return QW_ERR_FORMAT;
    }
    t.is_booked = state == 1;
    *tombstone = t;
    return QW_OK;
}

/* Zeros over the whole file, from its head on, where it stands. */
static qw_err overwrite(int fd)
{
    static const uint8_t zeros[PIECE_LEN];
    struct stat info;
    off_t left;

    if (fstat(fd, &info) != 0) {
        return QW_ERR_IO;
    }
    left = info.st_size;
    while (left > 0) {
        size_t piece = left < PIECE_LEN ? (size_t)left : PIECE_LEN;
        ssize_t put = write(fd, zeros, piece);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return QW_ERR_IO;
        }
        left -= put;
    }
    return fsync(fd) == 0 ? QW_OK : QW_ERR_IO;
}

/* A file that is gone is overwritten. */
static qw_err overwrite_at(int folder, const char *path)
{
    int fd = openat(folder, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    qw_err err;

    if (fd < 0) {
        return errno == ENOENT ? QW_OK : QW_ERR_IO;
    }
    err = overwrite(fd);
    return close(fd) == 0 ? err : QW_ERR_IO;
}

static bool is_card(int folder, const char *name)
{
    uint8_t head[4];
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is;

    if (fd < 0) {
        return false;
    }
    is = read(fd, head, sizeof head) == (ssize_t)sizeof head && qw_load_u32be(head) == CARD_MAGIC;
    close(fd);
    return is;
}

/* A process that was killed between writing and renaming has left a state of the card behind
 * [card-file.md S7]. */
static qw_err remove_leftovers(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t name_len = strlen(name);
    char folder_path[PATH_MAX] = ".";
    DIR *folder;
    qw_err err = QW_OK;

    if (slash != NULL) {
        (void)snprintf(folder_path, sizeof folder_path, "%.*s",
                       slash == path ? 1 : (int)(slash - path), path);
    }
    folder = opendir(folder_path);
    if (folder == NULL) {
        return QW_ERR_IO;
    }
    for (struct dirent *e = readdir(folder); err == QW_OK && e != NULL; e = readdir(folder)) {
        if (strncmp(e->d_name, name, name_len) != 0 || e->d_name[name_len] != '.' ||
            strlen(e->d_name + name_len) != TEMPORARY_SUFFIX_LEN ||
            !is_card(dirfd(folder), e->d_name)) {
            continue;
        }
        err = overwrite_at(dirfd(folder), e->d_name);
        if (err == QW_OK && unlinkat(dirfd(folder), e->d_name, 0) != 0) {
            err = QW_ERR_IO;
        }
    }
    closedir(folder);
    return err;
}

static qw_err begun_path(const char *path, char out[static PATH_MAX])
{
    return (size_t)snprintf(out, PATH_MAX, "%s%s", path, begun_suffix) < PATH_MAX ? QW_OK
                                                                                  : QW_ERR_ARG;
}

static qw_err read_at(const char *path, struct qw_tombstone *tombstone)
{
    uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(path, QW_TOMBSTONE_LEN, &data, &len);

    if (err == QW_ERR_SPACE) {
        return QW_ERR_NOT_FOUND; /* a card is longer */
    }
    if (err == QW_OK) {
        err = qw_tombstone_decode(data, len, tombstone);
    }
    qw_secret_free(data);
    return err;
}

static qw_err write_at(const char *path, const struct qw_tombstone *tombstone)
{
    uint8_t bytes[QW_TOMBSTONE_LEN];

    qw_tombstone_encode(tombstone, bytes);
    return qw_file_replace(path, bytes, sizeof bytes);
}

qw_err qw_tombstone_finish(const char *path)
{
    struct qw_tombstone tombstone, placed;
    char begun[PATH_MAX];
    qw_err err = begun_path(path, begun);

    if (err == QW_OK) {
        err = read_at(begun, &tombstone);
    }
    if (err != QW_OK) {
        return err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    if (read_at(path, &placed) != QW_OK) {
        err = overwrite_at(AT_FDCWD, path); /* K4 */
        if (err == QW_OK) {
            err = remove_leftovers(path);
        }
        if (err == QW_OK) {
            err = write_at(path, &tombstone); /* K5 */
        }
    }
    if (err == QW_OK && unlink(begun) != 0) {
        err = QW_ERR_IO;
    }
    return err;
}

qw_err qw_tombstone_put(const char *path, const struct qw_tombstone *tombstone, bool *is_begun)
{
    char begun[PATH_MAX];
    qw_err err = begun_path(path, begun);

    *is_begun = false;
    if (err == QW_OK) {
        err = write_at(begun, tombstone); /* K3 */
        *is_begun = access(begun, F_OK) == 0;
    }
    return err == QW_OK ? qw_tombstone_finish(path) : err;
}

qw_err qw_tombstone_read(const char *path, struct qw_tombstone *tombstone)
{
    return read_at(path, tombstone);
}

qw_err qw_tombstone_check_done(const struct qw_tombstone *tombstone, const uint8_t *done,
                               size_t len)
{
    enum { SERIAL_AT = 4, NONCE_AT = 24 }; /* in the proof */

    return qw_order_done_check(done, len, tombstone->proof + SERIAL_AT, tombstone->proof + NONCE_AT,
                               tombstone->done_hash);
}

qw_err qw_tombstone_book(const char *path, struct qw_tombstone *tombstone, const uint8_t *done,
                         size_t len)
{
    struct qw_tombstone booked = *tombstone;
    qw_err err = qw_tombstone_check_done(tombstone, done, len);

    if (err != QW_OK) {
        return err;
    }
    booked.is_booked = true;
    err = write_at(path, &booked);
    if (err == QW_OK) {
        *tombstone = booked;
    }
    return err;
}
