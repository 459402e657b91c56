/* SPDX-License-Identifier: Apache-2.0 */
/* Two places that are written in turn, each with a check: a write that is cut short leaves the
 * other one.  0  "QWHM" u32    4  value u64    12  SHA-256 of these, first 8 bytes */
#define _GNU_SOURCE
#include "store/high_mark.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLACE_LEN = 20, CHECKED_LEN = 12, PLACE_STEP = 4096, PLACES = 2, MAGIC = 0x5157484d };

struct qw_high_mark {
    int file;
    uint64_t value;
    int next; /* place */
};

static qw_err encode(uint64_t value, uint8_t out[static PLACE_LEN])
{
    uint8_t digest[32];
    struct qw_bytes part = { out, CHECKED_LEN };
    qw_err err;

    qw_store_u32be(out, MAGIC);
    qw_store_u64be(out + 4, value);
    err = qw_hash_of(QW_HASH_SHA256, &part, 1, digest);
    memcpy(out + CHECKED_LEN, digest, PLACE_LEN - CHECKED_LEN);
    return err;
}

/* False: nothing good stands there. */
static bool read_place(int file, int place, uint64_t *value)
{
    uint8_t found[PLACE_LEN], good[PLACE_LEN];

    if (pread(file, found, sizeof found, (off_t)place * PLACE_STEP) != (ssize_t)sizeof found) {
        return false;
    }
    *value = qw_load_u64be(found + 4);
    return encode(*value, good) == QW_OK && qw_equal_ct(found, good, sizeof good);
}

static qw_err write_place(int file, int place, uint64_t value)
{
    uint8_t bytes[PLACE_LEN];
    qw_err err = encode(value, bytes);

    if (err != QW_OK) {
        return err;
    }
    return pwrite(file, bytes, sizeof bytes, (off_t)place * PLACE_STEP) == (ssize_t)sizeof bytes &&
                   fdatasync(file) == 0
               ? QW_OK
               : QW_ERR_IO;
}

/* A file of no bytes was made and not written: like a new one, nothing was marked yet. */
static qw_err read_file(struct qw_high_mark *mark)
{
    bool has_any = false;
    struct stat status;

    for (int place = 0; place < PLACES; place++) {
        uint64_t value = 0;

        if (read_place(mark->file, place, &value) && (!has_any || value > mark->value)) {
            mark->value = value;
            mark->next = 1 - place;
            has_any = true;
        }
    }
    if (has_any) {
        return QW_OK;
    }
    if (fstat(mark->file, &status) != 0) {
        return QW_ERR_IO;
    }
    mark->next = 1;
    return status.st_size == 0 ? write_place(mark->file, 0, 0) : QW_ERR_FORMAT;
}

/* The name of a new file is durable when its folder is. */
static qw_err sync_folder(const char *path)
{
    char *folder = strdup(path);
    char *end = folder == NULL ? NULL : strrchr(folder, '/');
    qw_err err = QW_ERR_IO;
    int file;

    if (folder == NULL) {
        return QW_ERR_NOMEM;
    }
    if (end != NULL) {
        end[end == folder ? 1 : 0] = '\0';
    }
    file = open(end != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        err = fsync(file) == 0 ? QW_OK : QW_ERR_IO;
        close(file);
    }
    free(folder);
    return err;
}

qw_err qw_high_mark_open(const char *path, struct qw_high_mark **out)
{
    struct qw_high_mark *mark = calloc(1, sizeof *mark);
    qw_err err;

    if (mark == NULL) {
        return QW_ERR_NOMEM;
    }
    mark->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (mark->file < 0) {
        free(mark);
        return QW_ERR_IO;
    }
    err = read_file(mark);
    if (err == QW_OK) {
        err = sync_folder(path);
    }
    if (err != QW_OK) {
        qw_high_mark_close(mark);
        return err;
    }
    *out = mark;
    return QW_OK;
}

uint64_t qw_high_mark_value(const struct qw_high_mark *mark)
{
    return mark->value;
}

qw_err qw_high_mark_raise(struct qw_high_mark *mark, uint64_t value)
{
    qw_err err = QW_OK;

    if (value > mark->value) {
        err = write_place(mark->file, mark->next, value);
        if (err == QW_OK) {
            mark->value = value;
            mark->next = 1 - mark->next;
        }
    }
    return err;
}

void qw_high_mark_close(struct qw_high_mark *mark)
{
    if (mark != NULL) {
        close(mark->file);
        free(mark);
    }
}
