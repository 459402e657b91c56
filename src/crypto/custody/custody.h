/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_CUSTODY_H
#define QW_CRYPTO_CUSTODY_CUSTODY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Custody of the master key: it only ever wraps and unwraps the key-encryption key (KEK) of a store
 * [W14]. Bytes, steps and security argument: docs/protocol/custody.md. */
enum { QW_KEK_LEN = 32, QW_WRAPPED_KEK_CAP = 1280 };

struct qw_custody {
    const char *name; /* "passphrase-file", "tpm2", "pkcs11"; static text */
    void *self;
    qw_err (*wrap)(void *self, const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped, size_t cap,
                   size_t *len);
    qw_err (*unwrap)(void *self, const uint8_t *wrapped, size_t len,
                     uint8_t kek[static QW_KEK_LEN]); /* QW_ERR_AUTH: wrong master key;
                                                         QW_ERR_REFUSED: by the device */
    void (*close)(void *self);                        /* wipes */
    /* A KEK under the key that another one was wrapped with, so that nothing but the KEK changes
     * (a TPM's object and its recovery secret stay). Errors of unwrap. NULL: wrap does it. */
    qw_err (*rewrap)(void *self, const uint8_t *before, size_t before_len,
                     const uint8_t kek[static QW_KEK_LEN], uint8_t *wrapped, size_t cap,
                     size_t *len);
    /* One sentence about the last wrap or unwrap that failed, without secrets; "" when there is
     * nothing to say beyond the error. Valid until the next call. NULL: never. */
    const char *(*why)(const void *self);
};

/* The passphrase is the first line of a file that only its owner may read (else QW_ERR_REFUSED).
 * Wrapped form: version u8, cost 3 x u8, salt[16], AES-256-GCM of the KEK. */
qw_err qw_custody_passphrase_file(const char *path, struct qw_custody *custody) QW_MUST_USE;

/* A TPM 2.0 holds the wrapping key and gives it out while its platform registers are as they were
 * at sealing and qwaved and its configuration file are the same, or to the recovery secret. Each
 * call connects anew; one at a time. Of wrap and unwrap: QW_ERR_IO: no TPM, or a file to measure is
 * not there; QW_ERR_REFUSED: the TPM says no, another TPM, its owner has a password, locked out;
 * QW_ERR_UNAVAILABLE: no SHA-256 bank; QW_ERR_STATE (wrap): no recovery secret. */
enum { QW_CUSTODY_RECOVERY_LEN = 32, QW_TPM2_PLATFORM_MAX = 8 };
struct qw_custody_tpm2_config {  /* all copied */
    const char *tcti;            /* "device:/dev/tpmrm0", "swtpm:host=127.0.0.1,port=2321" */
    uint32_t platform_registers; /* bits 0..15, at most QW_TPM2_PLATFORM_MAX of them */
    uint8_t measured_register;   /* 16 or 23: reset and extended at each start */
    const char *binary;          /* measured: the file of qwaved, or "/proc/self/exe" */
    const char *configuration;   /* measured: its settings */
    /* QW_CUSTODY_RECOVERY_LEN bytes: wrap gives the object this recovery secret, unwrap uses it in
     * place of the measurements. NULL: unwrap by measurements only. */
    const uint8_t *recovery;
};
/* QW_ERR_ARG: a value out of range or too long; QW_ERR_NOMEM. */
qw_err qw_custody_tpm2(const struct qw_custody_tpm2_config *config,
                       struct qw_custody *custody) QW_MUST_USE;

/* A key on a token of a PKCS#11 module, made there and never outside, wraps the KEK; docs as above.
 * A wrap makes that key when no key of the token has its label. Each call begins and ends a session
 * of its own; one at a time. Of wrap and unwrap: QW_ERR_IO: no module, or it fails;
 * QW_ERR_NOT_FOUND: no such token or key; QW_ERR_STATE: several; QW_ERR_REFUSED: wrong or locked
 * PIN, a key that could be read out; QW_ERR_UNAVAILABLE: no AES-GCM. */
struct qw_custody_pkcs11_config { /* all copied */
    const char *module;           /* path of the shared object */
    const char *token, *key;      /* labels, 1..32 bytes */
    const char *pin_file;         /* first line, 4..255 bytes; its owner's alone */
};
/* QW_ERR_ARG: a value out of range or too long. Of the PIN file: QW_ERR_REFUSED: others may read
 * it; QW_ERR_FORMAT, QW_ERR_NOT_FOUND, QW_ERR_IO. QW_ERR_NOMEM. */
qw_err qw_custody_pkcs11(const struct qw_custody_pkcs11_config *config,
                         struct qw_custody *custody) QW_MUST_USE;

/* What a custody says about its last failure; never NULL. */
const char *qw_custody_why(const struct qw_custody *custody);
void qw_custody_close(struct qw_custody *custody); /* NULL and zeroed are fine */

#endif
