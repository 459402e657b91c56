/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_TPM2_INSIDE_H
#define QW_CRYPTO_CUSTODY_TPM2_INSIDE_H

#include "crypto/custody/tpm2_device.h"

#include <tss2/tss2_esys.h>

/* What tpm2_device.c and tpm2_object.c share; nobody else knows tss2. */
struct qw_tpm2 {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR parent;
    uint8_t name[QW_TPM2_NAME_LEN];
};

/* A response code of format one carries the number of the parameter, handle or session that it is
 * about: these bits are taken off. */
enum qw_tpm2_answer qw_tpm2_answer_of(TSS2_RC rc);

/* An object or session that is no longer wanted; failing to flush it harms nobody but the TPM. */
void qw_tpm2_flush(struct qw_tpm2 *tpm, ESYS_TR handle);

TPML_PCR_SELECTION qw_tpm2_selection_of(const struct qw_tpm2_registers *registers);

#endif
