/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_CUSTODY_H
#define QW_CRYPTO_CUSTODY_CUSTODY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Custody of the master key: it only ever wraps and unwraps the key-encryption key (KEK) of a store
 * [W14]. */
enum { QW_KEK_LEN = 32, QW_WRAPPED_KEK_CAP = 256 };

struct qw_custody {
    const char *name; /* "passphrase-file", later "tpm2", "pkcs11" */
    void *self;
    qw_err (*wrap)(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped, size_t cap,
                   size_t *len);
    qw_err (*unwrap)(void *self, const uint8_t *wrapped, size_t len,
                     uint8_t kek[static QW_KEK_LEN]); /* QW_ERR_AUTH: wrong master key */
    void (*close)(void *self);                        /* wipes */
};

/* The passphrase is the first line of a file that only its owner may read (else QW_ERR_REFUSED).
 * Wrapped form: version u8, cost 3 x u8, salt[16], AES-256-GCM of the KEK. */
qw_err qw_custody_passphrase_file(const char *path, struct qw_custody *custody) QW_MUST_USE;
void qw_custody_close(struct qw_custody *custody); /* NULL and zeroed are fine */

#endif
