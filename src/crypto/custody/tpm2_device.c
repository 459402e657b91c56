/* SPDX-License-Identifier: Apache-2.0 */
/* The connection and the registers; sealed objects are in tpm2_object.c. */
#include "crypto/custody/tpm2_device.h"

#include "crypto/custody/tpm2_inside.h"

#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tctildr.h>

qw_err qw_tpm2_err(enum qw_tpm2_answer answer)
{
    switch (answer) {
    case QW_TPM2_FINE:
        return QW_OK;
    case QW_TPM2_OWNER_LOCKED:
    case QW_TPM2_LOCKED_OUT:
    case QW_TPM2_POLICY_FAILED:
    case QW_TPM2_WRONG_SECRET:
        return QW_ERR_REFUSED;
    case QW_TPM2_NOT_ITS_OWN:
        return QW_ERR_AUTH;
    case QW_TPM2_FULL:
        return QW_ERR_LIMIT;
    case QW_TPM2_NO_BANK:
        return QW_ERR_UNAVAILABLE;
    default:
        return QW_ERR_IO;
    }
}

enum qw_tpm2_answer qw_tpm2_answer_of(TSS2_RC rc)
{
    bool is_of_tpm = (rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER ||
                     (rc & TSS2_RC_LAYER_MASK) == TSS2_RESMGR_TPM_RC_LAYER;
    TSS2_RC code = rc & 0xffffu;

    if (rc == TSS2_RC_SUCCESS) {
        return QW_TPM2_FINE;
    }
    if (!is_of_tpm) {
        return QW_TPM2_FAILED;
    }
    if ((code & TPM2_RC_FMT1) != 0) {
        code &= TPM2_RC_FMT1 | 0x3fu;
    }
    switch (code) {
    case TPM2_RC_POLICY_FAIL:
    case TPM2_RC_PCR_CHANGED:
        return QW_TPM2_POLICY_FAILED;
    case TPM2_RC_AUTH_FAIL:
    case TPM2_RC_BAD_AUTH:
        return QW_TPM2_WRONG_SECRET;
    case TPM2_RC_LOCKOUT:
        return QW_TPM2_LOCKED_OUT;
    case TPM2_RC_OBJECT_MEMORY:
    case TPM2_RC_SESSION_MEMORY:
    case TPM2_RC_OBJECT_HANDLES:
    case TPM2_RC_SESSION_HANDLES:
        return QW_TPM2_FULL;
    default:
        return QW_TPM2_FAILED;
    }
}

/* The same template each time, so that the same TPM makes the same key. */
static TSS2_RC make_parent(struct qw_tpm2 *tpm)
{
    const TPM2B_PUBLIC template = {
        .publicArea = { .type = TPM2_ALG_ECC,
                        .nameAlg = TPM2_ALG_SHA256,
                        .objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED |
                                            TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |
                                            TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA |
                                            TPMA_OBJECT_SENSITIVEDATAORIGIN,
                        .parameters.eccDetail = { .symmetric = { .algorithm = TPM2_ALG_AES,
                                                                 .keyBits.aes = 128,
                                                                 .mode.aes = TPM2_ALG_CFB },
                                                  .scheme.scheme = TPM2_ALG_NULL,
                                                  .curveID = TPM2_ECC_NIST_P256,
                                                  .kdf.scheme = TPM2_ALG_NULL } }
    };
    const TPM2B_SENSITIVE_CREATE no_secret = { .size = 0 };
    const TPM2B_DATA no_data = { .size = 0 };
    const TPML_PCR_SELECTION no_registers = { .count = 0 };
    TPM2B_PUBLIC *public = NULL;
    TPM2B_CREATION_DATA *data = NULL;
    TPM2B_DIGEST *hash = NULL;
    TPMT_TK_CREATION *ticket = NULL;
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_secret, &template, &no_data, &no_registers,
                                    &tpm->parent, &public, &data, &hash, &ticket);

    Esys_Free(public);
    Esys_Free(data);
    Esys_Free(hash);
    Esys_Free(ticket);
    return rc;
}

static TSS2_RC read_name(struct qw_tpm2 *tpm)
{
    TPM2B_NAME *name = NULL;
    TSS2_RC rc = Esys_TR_GetName(tpm->esys, tpm->parent, &name);

    if (rc == TSS2_RC_SUCCESS) {
        rc = name->size == sizeof tpm->name ? rc : TSS2_ESYS_RC_BAD_SIZE;
    }
    if (rc == TSS2_RC_SUCCESS) {
        memcpy(tpm->name, name->name, sizeof tpm->name);
    }
    Esys_Free(name);
    return rc;
}

enum qw_tpm2_answer qw_tpm2_open(const char *tcti, struct qw_tpm2 **tpm)
{
    struct qw_tpm2 *t = calloc(1, sizeof *t);
    enum qw_tpm2_answer answer = QW_TPM2_FAILED;
    TSS2_RC rc;

    if (t == NULL) {
        return answer;
    }
    t->parent = ESYS_TR_NONE;
    rc = Tss2_TctiLdr_Initialize(tcti, &t->tcti);
    if (rc == TSS2_RC_SUCCESS) {
        rc = Esys_Initialize(&t->esys, t->tcti, NULL);
    }
    if (rc != TSS2_RC_SUCCESS) {
        answer = QW_TPM2_ABSENT;
        goto out;
    }
    rc = make_parent(t);
    if (rc == TSS2_RC_SUCCESS) {
        rc = read_name(t);
    }
    answer = qw_tpm2_answer_of(rc);
    if (answer == QW_TPM2_WRONG_SECRET) {
        answer = QW_TPM2_OWNER_LOCKED; /* we have none to offer */
    }
    if (answer == QW_TPM2_FINE) {
        *tpm = t;
        t = NULL; /* now the caller's */
    }
out:
    qw_tpm2_close(t);
    return answer;
}

void qw_tpm2_flush(struct qw_tpm2 *tpm, ESYS_TR handle)
{
    if (handle != ESYS_TR_NONE) {
        (void)Esys_FlushContext(tpm->esys, handle);
    }
}

void qw_tpm2_close(struct qw_tpm2 *tpm)
{
    if (tpm == NULL) {
        return;
    }
    if (tpm->esys != NULL) {
        qw_tpm2_flush(tpm, tpm->parent);
        Esys_Finalize(&tpm->esys);
    }
    if (tpm->tcti != NULL) {
        Tss2_TctiLdr_Finalize(&tpm->tcti);
    }
    free(tpm);
}

void qw_tpm2_parent_name(const struct qw_tpm2 *tpm, uint8_t name[static QW_TPM2_NAME_LEN])
{
    memcpy(name, tpm->name, QW_TPM2_NAME_LEN);
}

TPML_PCR_SELECTION qw_tpm2_selection_of(const struct qw_tpm2_registers *registers)
{
    TPML_PCR_SELECTION selection = { .count = 1,
                                     .pcrSelections = { { .hash = TPM2_ALG_SHA256,
                                                          .sizeofSelect = QW_TPM2_SELECT_LEN } } };

    qw_tpm2_select(registers, selection.pcrSelections[0].pcrSelect);
    return selection;
}

/* One at a time: an answer holds at most eight. */
enum qw_tpm2_answer qw_tpm2_read(struct qw_tpm2 *tpm, struct qw_tpm2_registers *registers)
{
    for (size_t i = 0; i < registers->count; i++) {
        const struct qw_tpm2_registers one = { .count = 1, .number = { registers->number[i] } };
        const TPML_PCR_SELECTION selection = qw_tpm2_selection_of(&one);
        TPML_PCR_SELECTION *read = NULL;
        TPML_DIGEST *values = NULL;
        enum qw_tpm2_answer answer = qw_tpm2_answer_of(Esys_PCR_Read(
            tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &selection, NULL, &read, &values));

        if (answer == QW_TPM2_FINE &&
            (values->count != 1 || values->digests[0].size != QW_TPM2_DIGEST_LEN)) {
            answer = QW_TPM2_NO_BANK;
        }
        if (answer == QW_TPM2_FINE) {
            memcpy(registers->value[i], values->digests[0].buffer, QW_TPM2_DIGEST_LEN);
        }
        Esys_Free(read);
        Esys_Free(values);
        if (answer != QW_TPM2_FINE) {
            return answer;
        }
    }
    return QW_TPM2_FINE;
}

enum qw_tpm2_answer qw_tpm2_extend(struct qw_tpm2 *tpm, unsigned number,
                                   const uint8_t digest[static QW_TPM2_DIGEST_LEN])
{
    TPML_DIGEST_VALUES values = { .count = 1, .digests = { { .hashAlg = TPM2_ALG_SHA256 } } };

    memcpy(values.digests[0].digest.sha256, digest, QW_TPM2_DIGEST_LEN);
    return qw_tpm2_answer_of(Esys_PCR_Extend(tpm->esys, ESYS_TR_PCR0 + number, ESYS_TR_PASSWORD,
                                             ESYS_TR_NONE, ESYS_TR_NONE, &values));
}

enum qw_tpm2_answer qw_tpm2_measure(struct qw_tpm2 *tpm, unsigned number,
                                    const uint8_t first[static QW_TPM2_DIGEST_LEN],
                                    const uint8_t second[static QW_TPM2_DIGEST_LEN])
{
    enum qw_tpm2_answer answer = qw_tpm2_answer_of(Esys_PCR_Reset(
        tpm->esys, ESYS_TR_PCR0 + number, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE));

    if (answer == QW_TPM2_FINE) {
        answer = qw_tpm2_extend(tpm, number, first);
    }
    return answer == QW_TPM2_FINE ? qw_tpm2_extend(tpm, number, second) : answer;
}
