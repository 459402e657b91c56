/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "qkd/auth_pool_file.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAGIC_LEN = 8,
    SIDE_AT = MAGIC_LEN + 4 + 8, /* of what is said of up, then of down */
    SIDE_LEN = 8 + 4 + 4,
    HEADER_LEN = SIDE_AT + QW_QKD_DIRECTIONS * SIDE_LEN,
    KEY_LEN = QW_ONE_TIME_MAC_KEY_LEN
};
static const char magic[] = "QWQKDP2\n";
static const double epsilon_max = 1;

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
    struct side sides[QW_QKD_DIRECTIONS];
    struct qw_qkd_auth_pool pool;
};

static uint8_t *side_of(uint8_t *image, size_t index)
{
    return image + SIDE_AT + index * SIDE_LEN;
}

static uint8_t *half_of(const struct qw_qkd_pool_file *f, size_t index)
{
    return f->image + HEADER_LEN + index * f->half_len;
}

static void write_side(uint8_t *side, uint64_t base, size_t used, size_t len)
{
    qw_store_u64be(side, base);
    qw_store_u32be(side + 8, (uint32_t)used);
    qw_store_u32be(side + 12, (uint32_t)len);
}

static void write_epsilon(uint8_t *image, double epsilon)
{
    uint64_t bits;

    _Static_assert(sizeof bits == sizeof epsilon, "the bits of a double");
    memcpy(&bits, &epsilon, sizeof bits);
    qw_store_u64be(image + MAGIC_LEN + 4, bits);
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
    memcpy(image, magic, MAGIC_LEN);
    qw_store_u32be(image + MAGIC_LEN, (uint32_t)(len / QW_QKD_DIRECTIONS));
    write_epsilon(image, 0);
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        write_side(side_of(image, i), 0, 0, len / QW_QKD_DIRECTIONS - KEY_LEN);
    }
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

    qw_wipe(half_of(f, side->index) + KEY_LEN, used);
    qw_store_u32be(side_of(f->image, side->index) + 8, (uint32_t)used);
    return qw_file_replace(f->path, f->image, f->image_len);
}

/* Both directions after a refill. */
static qw_err commit(void *self)
{
    struct qw_qkd_pool_file *f = self;

    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        const struct qw_pad *pad = &f->pool.pad[i];

        write_side(side_of(f->image, i), f->pool.base[i], pad->used, pad->len);
        memcpy(half_of(f, i) + KEY_LEN, pad->bytes, f->pool.capacity);
    }
    write_epsilon(f->image, f->pool.epsilon);
    return qw_file_replace(f->path, f->image, f->image_len);
}

static bool is_sound(const struct qw_qkd_pool_file *f)
{
    uint64_t half_len;

    if (f->image_len < HEADER_LEN || !qw_equal_ct(f->image, magic, MAGIC_LEN)) {
        return false;
    }
    half_len = qw_load_u32be(f->image + MAGIC_LEN);
    return 2 * half_len >= QW_QKD_POOL_FILE_LEN_MIN && 2 * half_len <= QW_QKD_POOL_FILE_LEN_MAX &&
           f->image_len == HEADER_LEN + 2 * half_len;
}

static bool read_epsilon(struct qw_qkd_pool_file *f)
{
    uint64_t bits = qw_load_u64be(f->image + MAGIC_LEN + 4);

    memcpy(&f->pool.epsilon, &bits, sizeof bits);
    return f->pool.epsilon >= 0 && f->pool.epsilon <= epsilon_max; /* and a number */
}

static bool read_side(struct qw_qkd_pool_file *f, size_t index)
{
    const uint8_t *side = side_of(f->image, index);
    struct qw_pad *pad = &f->pool.pad[index];

    f->pool.base[index] = qw_load_u64be(side);
    pad->used = qw_load_u32be(side + 8);
    pad->len = qw_load_u32be(side + 12);
    f->sides[index] = (struct side){ f, index };
    pad->self = &f->sides[index];
    pad->commit_used = commit_used;
    return f->pool.base[index] <= UINT64_MAX / 2 && pad->used <= pad->len &&
           pad->len <= f->pool.capacity;
}

static qw_err load(struct qw_qkd_pool_file *f)
{
    size_t len;
    qw_err err;

    if (!is_sound(f)) {
        return QW_ERR_FORMAT;
    }
    len = f->image_len - HEADER_LEN;
    f->half_len = len / QW_QKD_DIRECTIONS;
    f->bytes = qw_secret_new(len);
    if (f->bytes == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(f->bytes, f->image + HEADER_LEN, len);
    err = qw_qkd_auth_pool_init(&f->pool, f->bytes, len);
    if (err == QW_OK && (!read_epsilon(f) || !read_side(f, 0) || !read_side(f, 1))) {
        err = QW_ERR_FORMAT;
    }
    f->pool.self = f;
    f->pool.commit = commit;
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
