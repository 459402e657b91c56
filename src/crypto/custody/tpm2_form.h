/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_TPM2_FORM_H
#define QW_CRYPTO_CUSTODY_TPM2_FORM_H

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/custody/tpm2_device.h"
#include "crypto/custody/tpm2_policy.h"

#include <stddef.h>
#include <stdint.h>

/* Wrapped form of the custody "tpm2" [W14]; bytes in docs/protocol/custody.md. */
enum { QW_TPM2_SEALED_KEK_LEN = 60 };

struct qw_tpm2_form {
    uint8_t measured_register; /* 16 or 23 */
    uint8_t parent[QW_TPM2_NAME_LEN];
    uint8_t binary[QW_TPM2_DIGEST_LEN];
    uint8_t configuration[QW_TPM2_DIGEST_LEN];
    struct qw_tpm2_registers platform; /* count 0..QW_TPM2_PLATFORM_MAX, numbers 0..15 */
    struct qw_tpm2_object object;
};

/* All but the sealed KEK. */
void qw_tpm2_form_encode(const struct qw_tpm2_form *form, struct qw_writer *writer);

/* *sealed: where the QW_TPM2_SEALED_KEK_LEN bytes of the KEK begin; what stands before is what they
 * authenticate. QW_ERR_FORMAT. */
qw_err qw_tpm2_form_decode(const uint8_t *wrapped, size_t len, struct qw_tpm2_form *form,
                           size_t *sealed) QW_MUST_USE;

/* The registers that the object was sealed to: those of the platform and the measured one, with the
 * values of the record. */
qw_err qw_tpm2_form_registers(const struct qw_tpm2_form *form,
                              struct qw_tpm2_registers *registers) QW_MUST_USE;

#endif
