/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "qkd/auth_pool_file.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <stdlib.h>
#include <string.h>

enum { MAGIC_LEN = 8, HEADER_LEN = MAGIC_LEN + 8 + 8 + 4, KEY_LEN = QW_ONE_TIME_MAC_KEY_LEN };
static const char magic[] = "QWQKDP1\n";

struct side { /* what a pad hands back to its file */
    struct qw_qkd_pool_file *file;
    size_t index;
};

struct qw_qkd_pool_file {
    char *path;
    uint8_t *image; /* [image_len] locked: the file as it is on disk, hash keys included */
    size_t image_len;
    uint8_t *bytes; /* [2 x half_len] locked: what the pads are cut from */
    size_t half_len;
    struct side sides[2];
    struct qw_qkd_auth_pool pool;
};

static void write_header(uint8_t *image, uint64_t up, uint64_t down, size_t half_len)
{
    memcpy(image, magic, MAGIC_LEN);
    qw_store_u64be(image + MAGIC_LEN, up);
    qw_store_u64be(image + MAGIC_LEN + 8, down);
    qw_store_u32be(image + MAGIC_LEN + 16, (uint32_t)half_len);
}

qw_err qw_qkd_pool_file_charge(const char *path_a, const char *path_b, size_t len)
{
    uint8_t *image;
    qw_err err;

    if (len < QW_QKD_POOL_FILE_LEN_MIN || len > QW_QKD_POOL_FILE_LEN_MAX || len % 2 != 0) {
        return QW_ERR_ARG;
    }
    image = qw_secret_new(HEADER_LEN + len);
    if (image == NULL) {
        return QW_ERR_NOMEM;
    }
    write_header(image, 0, 0, len / 2);
    err = qw_random_bytes(image + HEADER_LEN, len);
    if (err == QW_OK) {
        err = qw_file_create(path_a, image, HEADER_LEN + len);
    }
    if (err == QW_OK) {
        err = qw_file_create(path_b, image, HEADER_LEN + len);
    }
    qw_secret_free(image);
    return err;
}

/* The used bytes leave the image with the position that says so: one file, one replacement. */
static qw_err commit_used(void *self, size_t used)
{
    struct side *side = self;
    struct qw_qkd_pool_file *f = side->file;
    uint8_t *half = f->image + HEADER_LEN + side->index * f->half_len;

    qw_wipe(half + KEY_LEN, used);
    qw_store_u64be(f->image + MAGIC_LEN + 8 * side->index, used);
    return qw_file_replace(f->path, f->image, f->image_len);
}

static bool header_is_sound(const struct qw_qkd_pool_file *f, uint64_t used[2])
{
    uint64_t half_len;

    if (f->image_len < HEADER_LEN || !qw_equal_ct(f->image, magic, MAGIC_LEN)) {
        return false;
    }
    used[0] = qw_load_u64be(f->image + MAGIC_LEN);
    used[1] = qw_load_u64be(f->image + MAGIC_LEN + 8);
    half_len = qw_load_u32be(f->image + MAGIC_LEN + 16);
    return 2 * half_len >= QW_QKD_POOL_FILE_LEN_MIN && 2 * half_len <= QW_QKD_POOL_FILE_LEN_MAX &&
           f->image_len == HEADER_LEN + 2 * half_len && used[0] <= half_len - KEY_LEN &&
           used[1] <= half_len - KEY_LEN;
}

static qw_err load(struct qw_qkd_pool_file *f)
{
    uint64_t used[2];
    size_t len;
    qw_err err;

    if (!header_is_sound(f, used)) {
        return QW_ERR_FORMAT;
    }
    len = f->image_len - HEADER_LEN;
    f->half_len = len / 2;
    f->bytes = qw_secret_new(len);
    if (f->bytes == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(f->bytes, f->image + HEADER_LEN, len);
    err = qw_qkd_auth_pool_init(&f->pool, f->bytes, len);
    for (size_t i = 0; err == QW_OK && i < 2; i++) {
        f->sides[i] = (struct side){ f, i };
        f->pool.pad[i].used = (size_t)used[i];
        f->pool.pad[i].self = &f->sides[i];
        f->pool.pad[i].commit_used = commit_used;
    }
    return err;
}

qw_err qw_qkd_pool_file_open(const char *path, struct qw_qkd_pool_file **file)
{
    struct qw_qkd_pool_file *f = calloc(1, sizeof *f);
    qw_err err = QW_ERR_NOMEM;

    if (f == NULL) {
        return QW_ERR_NOMEM;
    }
    f->path = strdup(path);
    if (f->path != NULL) {
        err = qw_file_read_private(path, HEADER_LEN + QW_QKD_POOL_FILE_LEN_MAX, &f->image,
                                   &f->image_len);
    }
    if (err == QW_OK) {
        err = load(f);
    }
    if (err != QW_OK) {
        qw_qkd_pool_file_free(f);
        return err;
    }
    *file = f;
    return QW_OK;
}

void qw_qkd_pool_file_free(struct qw_qkd_pool_file *f)
{
    if (f == NULL) {
        return;
    }
    qw_secret_free(f->image);
    qw_secret_free(f->bytes);
    qw_qkd_auth_pool_wipe(&f->pool);
    free(f->path);
    free(f);
}

struct qw_qkd_auth_pool *qw_qkd_pool_file_pool(struct qw_qkd_pool_file *file)
{
    return &file->pool;
}
