/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_TPM2_DEVICE_H
#define QW_CRYPTO_CUSTODY_TPM2_DEVICE_H

#include "base/error.h"
#include "crypto/custody/tpm2_policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A connection to a TPM 2.0 through tss2 ESAPI, with the storage primary key that our objects lie
 * under. Two transient objects and two sessions at most are in the TPM at a time, and none is
 * left at close. One thread at a time. */
enum {
    QW_TPM2_NAME_LEN = 34,
    QW_TPM2_KEY_LEN = 32,
    QW_TPM2_SECRET_LEN = 32,
    QW_TPM2_PUBLIC_MAX = 256,
    QW_TPM2_PRIVATE_MAX = 512
};
struct qw_tpm2;

struct qw_tpm2_object { /* what TPM2_Create gave, as TPM 2.0 Part 2 writes it */
    uint16_t public_len, private_len;
    uint8_t public_part[QW_TPM2_PUBLIC_MAX];
    uint8_t private_part[QW_TPM2_PRIVATE_MAX];
};

/* How a call ended, where qw_err does not say it all. */
enum qw_tpm2_answer {
    QW_TPM2_FINE,
    QW_TPM2_ABSENT,        /* nobody at that address: QW_ERR_IO */
    QW_TPM2_OWNER_LOCKED,  /* the owner hierarchy has a password: QW_ERR_REFUSED */
    QW_TPM2_LOCKED_OUT,    /* dictionary attack lockout: QW_ERR_REFUSED */
    QW_TPM2_POLICY_FAILED, /* registers are not as the policy wants them: QW_ERR_REFUSED */
    QW_TPM2_WRONG_SECRET,  /* QW_ERR_REFUSED */
    QW_TPM2_NOT_ITS_OWN,   /* the object was altered or belongs to another key: QW_ERR_AUTH */
    QW_TPM2_FULL,          /* no room for one more object or session: QW_ERR_LIMIT */
    QW_TPM2_NO_BANK,       /* no SHA-256 registers: QW_ERR_UNAVAILABLE */
    QW_TPM2_FAILED         /* anything else: QW_ERR_IO */
};
qw_err qw_tpm2_err(enum qw_tpm2_answer answer);

/* tcti: "device:/dev/tpmrm0", "swtpm:host=127.0.0.1,port=2321". *tpm only with QW_TPM2_FINE; no
 * memory counts as QW_TPM2_FAILED. */
enum qw_tpm2_answer qw_tpm2_open(const char *tcti, struct qw_tpm2 **tpm);
void qw_tpm2_close(struct qw_tpm2 *tpm); /* NULL is fine */

/* Name of the primary key: the same for one TPM until its owner seed is changed. */
void qw_tpm2_parent_name(const struct qw_tpm2 *tpm, uint8_t name[static QW_TPM2_NAME_LEN]);

/* Values of the registers whose numbers are given. */
enum qw_tpm2_answer qw_tpm2_read(struct qw_tpm2 *tpm, struct qw_tpm2_registers *registers);

/* Resets a register, 16 or 23, and extends it by two digests. */
enum qw_tpm2_answer qw_tpm2_measure(struct qw_tpm2 *tpm, unsigned number,
                                    const uint8_t first[static QW_TPM2_DIGEST_LEN],
                                    const uint8_t second[static QW_TPM2_DIGEST_LEN]);

/* Extends any register by a digest. */
enum qw_tpm2_answer qw_tpm2_extend(struct qw_tpm2 *tpm, unsigned number,
                                   const uint8_t digest[static QW_TPM2_DIGEST_LEN]);

/* A sealed object with the key and the secret in it. Both travel encrypted. */
enum qw_tpm2_answer qw_tpm2_seal(struct qw_tpm2 *tpm, const struct qw_tpm2_policy *policy,
                                 const uint8_t secret[static QW_TPM2_SECRET_LEN],
                                 const uint8_t key[static QW_TPM2_KEY_LEN],
                                 struct qw_tpm2_object *object);

/* The key back: with secret NULL by the registers, else by the secret. */
enum qw_tpm2_answer qw_tpm2_unseal(struct qw_tpm2 *tpm, const struct qw_tpm2_object *object,
                                   const struct qw_tpm2_registers *registers, const uint8_t *secret,
                                   uint8_t key[static QW_TPM2_KEY_LEN]);

#endif
