/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_PKCS11_TOKEN_H
#define QW_CRYPTO_CUSTODY_PKCS11_TOKEN_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A session with a token of a PKCS#11 module, and AES-256 keys on it that never leave it. The
 * module is any shared object by path; it is initialised at open, unless somebody else in the
 * process has done so, and then left as it was. So a process that forks begins anew in the child.
 * One thread at a time. */
enum { QW_PKCS11_ID_LEN = 16, QW_PKCS11_NONCE_LEN = 12, QW_PKCS11_TAG_LEN = 16 };
enum { QW_PKCS11_PLAIN_MAX = 64 };
struct qw_pkcs11;

/* How a call ended, where qw_err does not say it all. */
enum qw_pkcs11_answer {
    QW_PKCS11_FINE,
    QW_PKCS11_NO_MODULE,     /* it cannot be loaded or is none: QW_ERR_IO */
    QW_PKCS11_NO_TOKEN,      /* none with that label: QW_ERR_NOT_FOUND */
    QW_PKCS11_SEVERAL,       /* tokens, or keys, with that label: QW_ERR_STATE */
    QW_PKCS11_WRONG_PIN,     /* QW_ERR_REFUSED */
    QW_PKCS11_PIN_LOCKED,    /* QW_ERR_REFUSED */
    QW_PKCS11_NO_KEY,        /* QW_ERR_NOT_FOUND */
    QW_PKCS11_KEY_UNSAFE,    /* it could be read out: QW_ERR_REFUSED */
    QW_PKCS11_NO_MECHANISM,  /* no AES-GCM: QW_ERR_UNAVAILABLE */
    QW_PKCS11_NOT_AUTHENTIC, /* what is to be opened was altered: QW_ERR_AUTH */
    QW_PKCS11_FULL,          /* no room for another object: QW_ERR_SPACE */
    QW_PKCS11_FAILED         /* anything else: QW_ERR_IO */
};
qw_err qw_pkcs11_err(enum qw_pkcs11_answer answer);

/* Logs in as the user. *token only with QW_PKCS11_FINE; no memory counts as QW_PKCS11_FAILED. A
 * wrong PIN is tried once: the token counts. */
enum qw_pkcs11_answer qw_pkcs11_open(const char *module, const char *label, const uint8_t *pin,
                                     size_t pin_len, struct qw_pkcs11 **token);
void qw_pkcs11_close(struct qw_pkcs11 *token); /* NULL is fine; logs out */

/* The key that the next calls use: by its id, or by its label, which gives its id. */
enum qw_pkcs11_answer qw_pkcs11_key_by_id(struct qw_pkcs11 *token,
                                          const uint8_t id[static QW_PKCS11_ID_LEN]);
enum qw_pkcs11_answer qw_pkcs11_key_by_label(struct qw_pkcs11 *token, const char *label,
                                             uint8_t id[static QW_PKCS11_ID_LEN]);
/* A new one, made by the token: sensitive, not extractable, private. */
enum qw_pkcs11_answer qw_pkcs11_key_make(struct qw_pkcs11 *token, const char *label,
                                         const uint8_t id[static QW_PKCS11_ID_LEN]);

struct qw_pkcs11_gcm {
    const uint8_t *nonce; /* QW_PKCS11_NONCE_LEN bytes, never the same for one key */
    const uint8_t *head;  /* authenticated only */
    size_t head_len;
};
/* out: len + QW_PKCS11_TAG_LEN bytes; len at most QW_PKCS11_PLAIN_MAX. */
enum qw_pkcs11_answer qw_pkcs11_seal(struct qw_pkcs11 *token, const struct qw_pkcs11_gcm *gcm,
                                     const uint8_t *plain, size_t len, uint8_t *out);
/* out: len - QW_PKCS11_TAG_LEN bytes. */
enum qw_pkcs11_answer qw_pkcs11_unseal(struct qw_pkcs11 *token, const struct qw_pkcs11_gcm *gcm,
                                       const uint8_t *sealed, size_t len, uint8_t *out);

#endif
