/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_PKCS11_OBJECT_H
#define QW_CRYPTO_CUSTODY_PKCS11_OBJECT_H

#include "crypto/custody/pkcs11_token.h"

/* Private data objects on a token, and the end of objects. Objects are known by their label; those
 * that are not ours do not have our application name. One thread at a time. */
enum { QW_PKCS11_FOUND_MAX = 16, QW_PKCS11_SERIAL_LEN = 16 };
enum qw_pkcs11_kind { QW_PKCS11_DATA, QW_PKCS11_KEY };

struct qw_pkcs11_found {
    unsigned long handle[QW_PKCS11_FOUND_MAX];
    size_t count;
};

/* Our objects with that label; none is QW_PKCS11_FINE too. QW_PKCS11_SEVERAL: more than fit. */
enum qw_pkcs11_answer qw_pkcs11_find(struct qw_pkcs11 *token, enum qw_pkcs11_kind kind,
                                     const char *label, struct qw_pkcs11_found *found);

/* The content of a data object, at most max bytes, in memory from qw_secret_new. QW_PKCS11_FAILED:
 * longer, empty or not readable. */
enum qw_pkcs11_answer qw_pkcs11_data_read(struct qw_pkcs11 *token, unsigned long handle, size_t max,
                                          uint8_t **data, size_t *len);
/* A new private one, to be changed by nobody. QW_PKCS11_FULL. */
enum qw_pkcs11_answer qw_pkcs11_data_make(struct qw_pkcs11 *token, const char *label,
                                          const uint8_t *data, size_t len, unsigned long *handle);
/* The number that its maker gave the token, as text that may have spaces. */
enum qw_pkcs11_answer qw_pkcs11_serial(struct qw_pkcs11 *token,
                                       char serial[static QW_PKCS11_SERIAL_LEN + 1]);
/* The key that the calls of pkcs11_token.h use now. */
unsigned long qw_pkcs11_key_handle(const struct qw_pkcs11 *token);

/* One that is gone already is destroyed. */
enum qw_pkcs11_answer qw_pkcs11_destroy(struct qw_pkcs11 *token, unsigned long handle);

#endif
