/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_key_file.h"

#include "base/file.h"
#include "base/secret.h"

#include <string.h>

enum {
    POINT_UNCOMPRESSED = 4, /* the form of a point that is written; libraries take others */
    MAGIC_LEN = 8,
    SCALAR_AT = MAGIC_LEN + 1,
    POINT_AT = SCALAR_AT + QW_SIGNATURE_PRIVATE_LEN,
    FILE_LEN = POINT_AT + QW_SIGNATURE_PUBLIC_LEN
};
static const char magic[] = "QWNODEK1";

struct qw_public_key node_key_public(const struct qw_signing_key *key)
{
    struct qw_public_key public = { .algorithm = qw_signing_key_algorithm(key) };

    memcpy(public.point, qw_signing_key_point(key), sizeof public.point);
    return public;
}

qw_err node_key_file_make(const char *path, enum qw_signature_algorithm algorithm,
                          struct qw_public_key *out)
{
    struct qw_signing_key *key = NULL;
    uint8_t *image = qw_secret_new(FILE_LEN);
    qw_err err = image == NULL ? QW_ERR_NOMEM : qw_signing_key_new(algorithm, &key);

    if (err == QW_OK) {
        memcpy(image, magic, MAGIC_LEN);
        image[MAGIC_LEN] = (uint8_t)algorithm;
        memcpy(image + POINT_AT, qw_signing_key_point(key), QW_SIGNATURE_PUBLIC_LEN);
        err = qw_signing_key_save(key, image + SCALAR_AT);
    }
    if (err == QW_OK) {
        err = qw_file_create(path, image, FILE_LEN);
    }
    if (err == QW_OK) {
        *out = node_key_public(key);
    }
    qw_signing_key_free(key);
    qw_secret_free(image);
    return err;
}

/* Whether the two halves belong together: a signature that nobody can check is worse than none. */
static qw_err try_key(const struct qw_signing_key *key)
{
    const struct qw_bytes part = { .data = magic, .len = MAGIC_LEN };
    const struct qw_public_key public = node_key_public(key);
    uint8_t signature[QW_SIGNATURE_LEN];
    qw_err err = qw_sign(key, &part, 1, signature);

    return err == QW_OK ? qw_signature_check(&public, &part, 1, signature) : err;
}

qw_err node_key_file_read(const char *path, struct qw_signing_key **out)
{
    struct qw_signing_key *key = NULL;
    uint8_t *image = NULL;
    size_t len = 0;
    qw_err err = qw_file_read_private(path, FILE_LEN, &image, &len);

    if (err != QW_OK) {
        return err == QW_ERR_SPACE ? QW_ERR_FORMAT : err; /* longer than any of ours */
    }
    err = len == FILE_LEN && qw_equal_ct(image, magic, MAGIC_LEN) &&
                  image[POINT_AT] == POINT_UNCOMPRESSED
              ? qw_signing_key_load((enum qw_signature_algorithm)image[MAGIC_LEN],
                                    image + SCALAR_AT, image + POINT_AT, &key)
              : QW_ERR_FORMAT;
    qw_secret_free(image);
    if (err == QW_OK) {
        err = try_key(key);
    }
    if (err != QW_OK) {
        qw_signing_key_free(key);
        return err == QW_ERR_ARG || err == QW_ERR_AUTH ? QW_ERR_FORMAT : err;
    }
    *out = key;
    return QW_OK;
}
