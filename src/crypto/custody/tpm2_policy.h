/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_TPM2_POLICY_H
#define QW_CRYPTO_CUSTODY_TPM2_POLICY_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Policies of TPM 2.0 as digests: what a TPM would compute in a trial session, computed here, so
 * that a key can be sealed to measurements that are not in the registers yet. SHA-256. */
enum { QW_TPM2_DIGEST_LEN = 32, QW_TPM2_REGISTERS_MAX = 9, QW_TPM2_BRANCHES = 2 };

struct qw_tpm2_registers {
    size_t count;                          /* 1..QW_TPM2_REGISTERS_MAX */
    uint8_t number[QW_TPM2_REGISTERS_MAX]; /* 0..23, increasing */
    uint8_t value[QW_TPM2_REGISTERS_MAX][QW_TPM2_DIGEST_LEN];
};

struct qw_tpm2_policy {
    uint8_t branch[QW_TPM2_BRANCHES][QW_TPM2_DIGEST_LEN]; /* PolicyPCR; PolicyAuthValue */
    uint8_t either[QW_TPM2_DIGEST_LEN];                   /* PolicyOR of the two */
};
qw_err qw_tpm2_policy_of(const struct qw_tpm2_registers *registers,
                         struct qw_tpm2_policy *policy) QW_MUST_USE;

/* Value of a register after a reset and one extend by each of two digests. */
qw_err qw_tpm2_value_after(const uint8_t first[static QW_TPM2_DIGEST_LEN],
                           const uint8_t second[static QW_TPM2_DIGEST_LEN],
                           uint8_t value[static QW_TPM2_DIGEST_LEN]) QW_MUST_USE;

/* Bit mask of the registers as TPM commands carry it: register 0 is bit 0 of byte 0. */
enum { QW_TPM2_SELECT_LEN = 3 };
void qw_tpm2_select(const struct qw_tpm2_registers *registers,
                    uint8_t select[static QW_TPM2_SELECT_LEN]);

#endif
