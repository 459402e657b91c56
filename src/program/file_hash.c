/* SPDX-License-Identifier: Apache-2.0 */
#include "program/file_hash.h"

#include "base/file.h"
#include "base/secret.h"
#include "crypto/hash.h"

enum { FILE_MAX = 1 << 20 };

qw_err qw_file_hash(const char *path, uint8_t hash[static 32])
{
    uint8_t *text = NULL;
    size_t len = 0;
    struct qw_bytes part;
    qw_err err = qw_file_read(path, FILE_MAX, &text, &len);

    if (err != QW_OK) {
        return err;
    }
    part = (struct qw_bytes){ .data = text, .len = len };
    err = qw_hash_of(QW_HASH_SHA256, &part, 1, hash);
    qw_secret_free(text);
    return err;
}
