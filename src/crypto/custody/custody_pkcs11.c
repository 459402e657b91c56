/* SPDX-License-Identifier: Apache-2.0 */
/* The custody "pkcs11": a key on a token wraps the KEK [C3 W14]. Bytes in docs/protocol/custody.md.
 */
#define _POSIX_C_SOURCE 200809L
#include "crypto/custody/custody.h"

#include "base/bytes.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "crypto/custody/pkcs11_token.h"
#include "crypto/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORM = 0x50,
    VERSION = 1,
    HEAD_LEN = 2 + QW_PKCS11_ID_LEN,
    NONCE_AT = HEAD_LEN,
    SEALED_AT = NONCE_AT + QW_PKCS11_NONCE_LEN,
    WRAPPED_LEN = SEALED_AT + QW_KEK_LEN + QW_PKCS11_TAG_LEN,
    PATH_CAP = 1024,
    LABEL_CAP = 33,
    WHY_CAP = 256
};

struct pkcs11 {
    char module[PATH_CAP], token[LABEL_CAP], key[LABEL_CAP];
    uint8_t *pin; /* secret memory, owned */
    size_t pin_len;
    char why[WHY_CAP];
};

static qw_err err_of(struct pkcs11 *self, enum qw_pkcs11_answer answer)
{
    static const char *const texts[] = {
        [QW_PKCS11_NO_MODULE] = "no PKCS#11 module to be loaded",
        [QW_PKCS11_NO_TOKEN] = "no token with this label is there",
        [QW_PKCS11_SEVERAL] = "several tokens, or several keys on it, have this label",
        [QW_PKCS11_WRONG_PIN] = "the PIN is not that of the token, which counts wrong ones",
        [QW_PKCS11_PIN_LOCKED] = "the PIN is locked; its security officer can set a new one",
        [QW_PKCS11_NO_KEY] = "the key that wrapped the store's key is not on it",
        [QW_PKCS11_KEY_UNSAFE] = "its key could be read out",
        [QW_PKCS11_NO_MECHANISM] = "it has no AES-GCM",
        [QW_PKCS11_NOT_AUTHENTIC] = "the wrapped key was altered, or is not of its key",
        [QW_PKCS11_FULL] = "it has no room for a key",
        [QW_PKCS11_FAILED] = "unexpected answer",
    };

    if (answer != QW_PKCS11_FINE) {
        (void)snprintf(self->why, sizeof self->why, "%s: token %s, module %.128s", texts[answer],
                       self->token, self->module);
    }
    return qw_pkcs11_err(answer);
}

static qw_err open_token(struct pkcs11 *self, struct qw_pkcs11 **token)
{
    self->why[0] = '\0';
    return err_of(self, qw_pkcs11_open(self->module, self->token, self->pin, self->pin_len, token));
}

/* The key with our label, made when there is none. */
static qw_err take_key(struct pkcs11 *self, struct qw_pkcs11 *token,
                       uint8_t id[static QW_PKCS11_ID_LEN])
{
    enum qw_pkcs11_answer answer = qw_pkcs11_key_by_label(token, self->key, id);

    if (answer == QW_PKCS11_NO_KEY) {
        qw_err err = qw_random_bytes(id, QW_PKCS11_ID_LEN);

        if (err != QW_OK) {
            return err;
        }
        answer = qw_pkcs11_key_make(token, self->key, id);
    }
    return err_of(self, answer);
}

static qw_err pkcs11_wrap(void *custody, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped,
                          size_t cap, size_t *len)
{
    struct pkcs11 *self = custody;
    uint8_t out[WRAPPED_LEN] = { FORM, VERSION };
    const struct qw_pkcs11_gcm gcm = { .nonce = out + NONCE_AT, .head = out, .head_len = HEAD_LEN };
    struct qw_pkcs11 *token = NULL;
    qw_err err;

    if (cap < sizeof out) {
        return QW_ERR_SPACE;
    }
    err = open_token(self, &token);
    if (err == QW_OK) {
        err = take_key(self, token, out + 2);
    }
    if (err == QW_OK) {
        err = qw_random_bytes(out + NONCE_AT, QW_PKCS11_NONCE_LEN);
    }
    if (err == QW_OK) {
        err = err_of(self, qw_pkcs11_seal(token, &gcm, kek, QW_KEK_LEN, out + SEALED_AT));
    }
    if (err == QW_OK) {
        memcpy(wrapped, out, sizeof out);
        *len = sizeof out;
    }
    qw_pkcs11_close(token);
    return err;
}

static qw_err pkcs11_unwrap(void *custody, const uint8_t *wrapped, size_t len,
                            uint8_t kek[static QW_KEK_LEN])
{
    struct pkcs11 *self = custody;
    const struct qw_pkcs11_gcm gcm = { .nonce = wrapped + NONCE_AT,
                                       .head = wrapped,
                                       .head_len = HEAD_LEN };
    struct qw_pkcs11 *token = NULL;
    qw_err err;

    if (len != WRAPPED_LEN || wrapped[0] != FORM || wrapped[1] != VERSION) {
        (void)snprintf(self->why, sizeof self->why, "the store's key is not wrapped by a token");
        return QW_ERR_FORMAT;
    }
    err = open_token(self, &token);
    if (err == QW_OK) {
        err = err_of(self, qw_pkcs11_key_by_id(token, wrapped + 2));
    }
    if (err == QW_OK) {
        err =
            err_of(self, qw_pkcs11_unseal(token, &gcm, wrapped + SEALED_AT, len - SEALED_AT, kek));
    }
    qw_pkcs11_close(token);
    return err;
}

static const char *pkcs11_why(const void *custody)
{
    return ((const struct pkcs11 *)custody)->why;
}

static void pkcs11_close(void *custody)
{
    struct pkcs11 *self = custody;

    qw_secret_free(self->pin);
    free(self);
}

static bool fits(char *out, size_t cap, const char *text)
{
    return text[0] != '\0' && (size_t)snprintf(out, cap, "%s", text) < cap;
}

qw_err qw_custody_pkcs11(const struct qw_custody_pkcs11_config *config, struct qw_custody *custody)
{
    struct pkcs11 *self = calloc(1, sizeof *self);
    qw_err err = QW_ERR_ARG;

    if (self == NULL) {
        return QW_ERR_NOMEM;
    }
    if (fits(self->module, sizeof self->module, config->module) &&
        fits(self->token, sizeof self->token, config->token) &&
        fits(self->key, sizeof self->key, config->key)) {
        err = qw_pin_file_read(config->pin_file, &self->pin, &self->pin_len);
    }
    if (err != QW_OK) {
        free(self);
        return err;
    }
    *custody = (struct qw_custody){ .name = "pkcs11",
                                    .self = self,
                                    .wrap = pkcs11_wrap,
                                    .unwrap = pkcs11_unwrap,
                                    .close = pkcs11_close,
                                    .why = pkcs11_why };
    return QW_OK;
}
