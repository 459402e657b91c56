/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed objects of a TPM 2.0 through libtss2-esys. What tss2 decrypts lies in its own heap until
 * the answer is freed: that is wiped here as far as it is given to us. */
#include "crypto/custody/tpm2_inside.h"

#include "base/secret.h"

#include <string.h>
#include <tss2/tss2_mu.h>

/* Salted with the parent: who only listens cannot compute its key. */
static TSS2_RC start_session(struct qw_tpm2 *tpm, TPM2_SE type, TPMA_SESSION attributes,
                             ESYS_TR *session)
{
    const TPMT_SYM_DEF symmetric = { .algorithm = TPM2_ALG_AES,
                                     .keyBits.aes = 128,
                                     .mode.aes = TPM2_ALG_CFB };
    TSS2_RC rc =
        Esys_StartAuthSession(tpm->esys, tpm->parent, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, NULL, type, &symmetric, TPM2_ALG_SHA256, session);

    return rc == TSS2_RC_SUCCESS
               ? Esys_TRSess_SetAttributes(tpm->esys, *session,
                                           attributes | TPMA_SESSION_CONTINUESESSION, 0xff)
               : rc;
}

static TSS2_RC write_object(const TPM2B_PUBLIC *public, const TPM2B_PRIVATE *private,
                            struct qw_tpm2_object *object)
{
    size_t public_len = 0;
    size_t private_len = 0;
    TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Marshal(public, object->public_part,
                                              sizeof object->public_part, &public_len);

    if (rc == TSS2_RC_SUCCESS) {
        rc = Tss2_MU_TPM2B_PRIVATE_Marshal(private, object->private_part,
                                           sizeof object->private_part, &private_len);
    }
    object->public_len = (uint16_t)public_len;
    object->private_len = (uint16_t)private_len;
    return rc;
}

enum qw_tpm2_answer qw_tpm2_seal(struct qw_tpm2 *tpm, const struct qw_tpm2_policy *policy,
                                 const uint8_t secret[static QW_TPM2_SECRET_LEN],
                                 const uint8_t key[static QW_TPM2_KEY_LEN],
                                 struct qw_tpm2_object *object)
{
    TPM2B_SENSITIVE_CREATE sensitive = { .sensitive = { .userAuth.size = QW_TPM2_SECRET_LEN,
                                                        .data.size = QW_TPM2_KEY_LEN } };
    TPM2B_PUBLIC template = { .publicArea = {
                                  .type = TPM2_ALG_KEYEDHASH,
                                  .nameAlg = TPM2_ALG_SHA256,
                                  .objectAttributes = TPMA_OBJECT_FIXEDTPM |
                                                      TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA,
                                  .authPolicy.size = QW_TPM2_DIGEST_LEN,
                                  .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL } };
    const TPM2B_DATA no_data = { .size = 0 };
    const TPML_PCR_SELECTION no_registers = { .count = 0 };
    struct qw_tpm2_object o = { 0 };
    TPM2B_PRIVATE *private = NULL;
    TPM2B_PUBLIC *public = NULL;
    TPM2B_CREATION_DATA *data = NULL;
    TPM2B_DIGEST *hash = NULL;
    TPMT_TK_CREATION *ticket = NULL;
    ESYS_TR session = ESYS_TR_NONE;
    TSS2_RC rc = start_session(tpm, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, &session);

    memcpy(sensitive.sensitive.userAuth.buffer, secret, QW_TPM2_SECRET_LEN);
    memcpy(sensitive.sensitive.data.buffer, key, QW_TPM2_KEY_LEN);
    memcpy(template.publicArea.authPolicy.buffer, policy->either, QW_TPM2_DIGEST_LEN);
    if (rc == TSS2_RC_SUCCESS) {
        rc = Esys_Create(tpm->esys, tpm->parent, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                         &template, &no_data, &no_registers, &private, &public, &data, &hash,
                         &ticket);
    }
    if (rc == TSS2_RC_SUCCESS) {
        rc = write_object(public, private, &o);
    }
    if (rc == TSS2_RC_SUCCESS) {
        *object = o;
    }
    qw_wipe(&sensitive, sizeof sensitive);
    qw_tpm2_flush(tpm, session);
    Esys_Free(private);
    Esys_Free(public);
    Esys_Free(data);
    Esys_Free(hash);
    Esys_Free(ticket);
    return qw_tpm2_answer_of(rc);
}

/* Whatever is wrong with the two parts, they are not what this parent made. */
static enum qw_tpm2_answer load(struct qw_tpm2 *tpm, const struct qw_tpm2_object *object,
                                ESYS_TR *handle)
{
    TPM2B_PUBLIC public = { .size = 0 };
    TPM2B_PRIVATE private = { .size = 0 };
    size_t at = 0;
    enum qw_tpm2_answer answer;
    TSS2_RC rc =
        Tss2_MU_TPM2B_PUBLIC_Unmarshal(object->public_part, object->public_len, &at, &public);

    if (rc != TSS2_RC_SUCCESS || at != object->public_len) {
        return QW_TPM2_NOT_ITS_OWN;
    }
    at = 0;
    rc = Tss2_MU_TPM2B_PRIVATE_Unmarshal(object->private_part, object->private_len, &at, &private);
    if (rc != TSS2_RC_SUCCESS || at != object->private_len) {
        return QW_TPM2_NOT_ITS_OWN;
    }
    rc = Esys_Load(tpm->esys, tpm->parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private,
                   &public, handle);
    answer = qw_tpm2_answer_of(rc);
    return answer == QW_TPM2_FAILED && (rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER &&
                   (rc & TPM2_RC_FMT1) != 0
               ? QW_TPM2_NOT_ITS_OWN
               : answer;
}

/* Brings the session's policy to the digest of the object. A branch that ends elsewhere is refused
 * by PolicyOR already, as a wrong value. */
static enum qw_tpm2_answer walk_policy(struct qw_tpm2 *tpm, ESYS_TR session,
                                       const struct qw_tpm2_registers *registers, bool by_secret)
{
    const TPML_PCR_SELECTION selection = qw_tpm2_selection_of(registers);
    const TPM2B_DIGEST as_they_are = { .size = 0 };
    TPML_DIGEST branches = { .count = QW_TPM2_BRANCHES };
    struct qw_tpm2_policy policy;
    TSS2_RC rc;

    if (qw_tpm2_policy_of(registers, &policy) != QW_OK) {
        return QW_TPM2_FAILED;
    }
    for (size_t i = 0; i < QW_TPM2_BRANCHES; i++) {
        branches.digests[i].size = QW_TPM2_DIGEST_LEN;
        memcpy(branches.digests[i].buffer, policy.branch[i], QW_TPM2_DIGEST_LEN);
    }
    rc = by_secret
             ? Esys_PolicyAuthValue(tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE)
             : Esys_PolicyPCR(tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              &as_they_are, &selection);
    if (rc != TSS2_RC_SUCCESS) {
        return qw_tpm2_answer_of(rc);
    }
    rc = Esys_PolicyOR(tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &branches);
    return (rc & (TPM2_RC_FMT1 | 0x3fu)) == TPM2_RC_VALUE && rc != TSS2_RC_SUCCESS
               ? QW_TPM2_POLICY_FAILED
               : qw_tpm2_answer_of(rc);
}

/* The answer is encrypted by a session of its own: one that authorises would mix the secret of the
 * object into its key, which who comes with measurements does not know. */
static enum qw_tpm2_answer take_key(struct qw_tpm2 *tpm, ESYS_TR object, ESYS_TR policy,
                                    uint8_t key[static QW_TPM2_KEY_LEN])
{
    TPM2B_SENSITIVE_DATA *data = NULL;
    ESYS_TR envelope = ESYS_TR_NONE;
    enum qw_tpm2_answer answer =
        qw_tpm2_answer_of(start_session(tpm, TPM2_SE_HMAC, TPMA_SESSION_ENCRYPT, &envelope));

    if (answer == QW_TPM2_FINE) {
        answer = qw_tpm2_answer_of(
            Esys_Unseal(tpm->esys, object, policy, envelope, ESYS_TR_NONE, &data));
    }
    if (answer == QW_TPM2_FINE && data->size != QW_TPM2_KEY_LEN) {
        answer = QW_TPM2_NOT_ITS_OWN;
    }
    if (answer == QW_TPM2_FINE) {
        memcpy(key, data->buffer, QW_TPM2_KEY_LEN);
    }
    if (data != NULL) {
        qw_wipe(data, sizeof *data);
    }
    Esys_Free(data);
    qw_tpm2_flush(tpm, envelope);
    return answer;
}

enum qw_tpm2_answer qw_tpm2_unseal(struct qw_tpm2 *tpm, const struct qw_tpm2_object *object,
                                   const struct qw_tpm2_registers *registers, const uint8_t *secret,
                                   uint8_t key[static QW_TPM2_KEY_LEN])
{
    TPM2B_AUTH auth = { .size = QW_TPM2_SECRET_LEN };
    ESYS_TR handle = ESYS_TR_NONE;
    ESYS_TR policy = ESYS_TR_NONE;
    enum qw_tpm2_answer answer = load(tpm, object, &handle);

    if (answer == QW_TPM2_FINE && secret != NULL) {
        memcpy(auth.buffer, secret, QW_TPM2_SECRET_LEN);
        answer = qw_tpm2_answer_of(Esys_TR_SetAuth(tpm->esys, handle, &auth));
    }
    if (answer == QW_TPM2_FINE) {
        answer = qw_tpm2_answer_of(start_session(tpm, TPM2_SE_POLICY, 0, &policy));
    }
    if (answer == QW_TPM2_FINE) {
        answer = walk_policy(tpm, policy, registers, secret != NULL);
    }
    if (answer == QW_TPM2_FINE) {
        answer = take_key(tpm, handle, policy, key);
    }
    qw_wipe(&auth, sizeof auth);
    qw_tpm2_flush(tpm, policy);
    qw_tpm2_flush(tpm, handle);
    return answer;
}
