/* SPDX-License-Identifier: Apache-2.0 */
/* The master key is derived from a passphrase anew for each wrap and unwrap, and wiped after it: a
 * running daemon holds the passphrase only, in locked memory, and only until custody is closed. */
#include "crypto/custody/custody.h"

#include "crypto/aead.h"
#include "crypto/password_key.h"
#include "crypto/random.h"

#include "base/bytes.h"
#include "base/passphrase_file.h"
#include "base/secret.h"

#include <stdlib.h>

/* Wrapped form: version u8, log2_n u8, r u8, p u8, salt[16], sealed KEK[60]. The first 20 bytes are
 * authenticated with the KEK, so nobody can lower the cost unnoticed. */
enum {
    VERSION = 1,
    HEAD_LEN = 4 + QW_PASSWORD_SALT_LEN,
    MASTER_KEY_LEN = 32,
    WRAPPED_LEN = HEAD_LEN + QW_KEK_LEN + QW_AEAD_OVERHEAD
};

struct passphrase {
    uint8_t *text; /* secret memory, owned */
    size_t len;
};

static qw_err master_key(const struct passphrase *passphrase, const uint8_t head[static HEAD_LEN],
                         uint8_t key[static MASTER_KEY_LEN])
{
    const struct qw_password_cost cost = { .log2_n = head[1], .r = head[2], .p = head[3] };

    return qw_password_key(cost, head + 4, passphrase->text, passphrase->len, key, MASTER_KEY_LEN);
}

static qw_err passphrase_wrap(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                              size_t cap, size_t *len)
{
    const struct qw_password_cost cost = qw_password_cost_standard;
    uint8_t out[WRAPPED_LEN] = { VERSION, cost.log2_n, cost.r, cost.p };
    uint8_t key[MASTER_KEY_LEN];
    struct qw_writer writer = qw_writer_on(wrapped, cap);
    qw_err err;

    if (cap < WRAPPED_LEN) {
        return QW_ERR_SPACE;
    }
    err = qw_random_bytes(out + 4, QW_PASSWORD_SALT_LEN);
    if (err == QW_OK) {
        err = master_key(self, out, key);
    }
    if (err == QW_OK) {
        err = qw_aead_seal(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ out, HEAD_LEN }, kek,
                           QW_KEK_LEN, out + HEAD_LEN);
    }
    if (err == QW_OK) {
        qw_write_bytes(&writer, out, sizeof out);
        *len = writer.len;
    }
    qw_wipe(key, sizeof key);
    return err;
}

static qw_err passphrase_unwrap(void *self, const uint8_t *wrapped, size_t len,
                                uint8_t kek[static QW_KEK_LEN])
{
    uint8_t key[MASTER_KEY_LEN];
    qw_err err;

    if (len != WRAPPED_LEN || wrapped[0] != VERSION) {
        return QW_ERR_FORMAT;
    }
    err = master_key(self, wrapped, key);
    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ wrapped, HEAD_LEN },
                           wrapped + HEAD_LEN, len - HEAD_LEN, kek);
    }
    qw_wipe(key, sizeof key);
    return err == QW_ERR_ARG ? QW_ERR_FORMAT : err; /* a cost nobody would write */
}

static void passphrase_close(void *self)
{
    struct passphrase *passphrase = self;

    qw_secret_free(passphrase->text);
    free(passphrase);
}

qw_err qw_custody_passphrase_file(const char *path, struct qw_custody *custody)
{
    struct passphrase *passphrase = calloc(1, sizeof *passphrase);
    qw_err err;

    if (passphrase == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_passphrase_file_read(path, &passphrase->text, &passphrase->len);
    if (err != QW_OK) {
        free(passphrase);
        return err;
    }
    *custody = (struct qw_custody){ .name = "passphrase-file",
                                    .self = passphrase,
                                    .wrap = passphrase_wrap,
                                    .unwrap = passphrase_unwrap,
                                    .close = passphrase_close };
    return QW_OK;
}
