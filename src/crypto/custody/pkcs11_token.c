/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 2.40 through p11-kit's header; the module is loaded by path. */
#define _GNU_SOURCE
#include "crypto/custody/pkcs11_token.h"

#include "base/secret.h"
#include "crypto/custody/pkcs11_inside.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 64, LABEL_LEN = 32, KEY_LEN = 32 };

qw_err qw_pkcs11_err(enum qw_pkcs11_answer answer)
{
    switch (answer) {
    case QW_PKCS11_FINE:
        return QW_OK;
    case QW_PKCS11_NO_TOKEN:
    case QW_PKCS11_NO_KEY:
        return QW_ERR_NOT_FOUND;
    case QW_PKCS11_SEVERAL:
        return QW_ERR_STATE;
    case QW_PKCS11_WRONG_PIN:
    case QW_PKCS11_PIN_LOCKED:
    case QW_PKCS11_KEY_UNSAFE:
        return QW_ERR_REFUSED;
    case QW_PKCS11_NO_MECHANISM:
        return QW_ERR_UNAVAILABLE;
    case QW_PKCS11_NOT_AUTHENTIC:
        return QW_ERR_AUTH;
    case QW_PKCS11_FULL:
        return QW_ERR_SPACE;
    default:
        return QW_ERR_IO;
    }
}

static enum qw_pkcs11_answer load(struct qw_pkcs11 *token, const char *module)
{
    CK_RV (*get_list)(CK_FUNCTION_LIST * *list);
    CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
    CK_RV rv;

    /* Modules register work for the end of the process: they stay. */
    token->library = dlopen(module, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (token->library == NULL) {
        return QW_PKCS11_NO_MODULE;
    }
    *(void **)&get_list = dlsym(token->library, "C_GetFunctionList");
    if (get_list == NULL || get_list(&token->call) != CKR_OK || token->call == NULL) {
        return QW_PKCS11_NO_MODULE;
    }
    rv = token->call->C_Initialize(&arguments);
    token->is_ours = rv == CKR_OK;
    return rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED ? QW_PKCS11_FINE
                                                                  : QW_PKCS11_NO_MODULE;
}

/* Labels fill their field with spaces. */
static bool has_label(const CK_TOKEN_INFO *info, const char *label)
{
    size_t len = strlen(label);

    if (len > LABEL_LEN || !qw_equal_ct(info->label, label, len)) {
        return false;
    }
    for (size_t i = len; i < LABEL_LEN; i++) {
        if (info->label[i] != ' ') {
            return false;
        }
    }
    return true;
}

static enum qw_pkcs11_answer find_slot(struct qw_pkcs11 *token, const char *label, CK_SLOT_ID *slot)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    unsigned found = 0;

    if (token->call->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;

        if (token->call->C_GetTokenInfo(slots[i], &info) == CKR_OK && has_label(&info, label)) {
            *slot = slots[i];
            found++;
        }
    }
    return found == 0 ? QW_PKCS11_NO_TOKEN : found > 1 ? QW_PKCS11_SEVERAL : QW_PKCS11_FINE;
}

static enum qw_pkcs11_answer check_mechanism(struct qw_pkcs11 *token, CK_SLOT_ID slot)
{
    CK_MECHANISM_INFO info;
    const CK_FLAGS both = CKF_ENCRYPT | CKF_DECRYPT;

    return token->call->C_GetMechanismInfo(slot, CKM_AES_GCM, &info) == CKR_OK &&
                   (info.flags & both) == both
               ? QW_PKCS11_FINE
               : QW_PKCS11_NO_MECHANISM;
}

static enum qw_pkcs11_answer log_in(struct qw_pkcs11 *token, CK_SLOT_ID slot, const uint8_t *pin,
                                    size_t pin_len)
{
    CK_RV rv = token->call->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                          &token->session);

    if (rv != CKR_OK) {
        token->session = CK_INVALID_HANDLE;
        return QW_PKCS11_FAILED;
    }
    rv = token->call->C_Login(token->session, CKU_USER, (CK_UTF8CHAR *)pin, (CK_ULONG)pin_len);
    switch (rv) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
        return QW_PKCS11_FINE;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return QW_PKCS11_WRONG_PIN;
    case CKR_PIN_LOCKED:
    case CKR_PIN_EXPIRED:
        return QW_PKCS11_PIN_LOCKED;
    default:
        return QW_PKCS11_FAILED;
    }
}

enum qw_pkcs11_answer qw_pkcs11_open(const char *module, const char *label, const uint8_t *pin,
                                     size_t pin_len, struct qw_pkcs11 **token)
{
    struct qw_pkcs11 *t = calloc(1, sizeof *t);
    enum qw_pkcs11_answer answer;
    CK_SLOT_ID slot = 0;

    if (t == NULL) {
        return QW_PKCS11_FAILED;
    }
    t->session = CK_INVALID_HANDLE;
    answer = load(t, module);
    if (answer == QW_PKCS11_FINE) {
        answer = find_slot(t, label, &slot);
    }
    if (answer == QW_PKCS11_FINE) {
        answer = check_mechanism(t, slot);
    }
    if (answer == QW_PKCS11_FINE) {
        answer = log_in(t, slot, pin, pin_len);
    }
    if (answer == QW_PKCS11_FINE) {
        *token = t;
        t = NULL; /* now the caller's */
    }
    qw_pkcs11_close(t);
    return answer;
}

void qw_pkcs11_close(struct qw_pkcs11 *token)
{
    if (token == NULL) {
        return;
    }
    if (token->session != CK_INVALID_HANDLE) {
        (void)token->call->C_CloseSession(token->session); /* the last one logs out */
    }
    if (token->is_ours) {
        (void)token->call->C_Finalize(NULL);
    }
    if (token->library != NULL) {
        (void)dlclose(token->library);
    }
    free(token);
}

/* A key that can be read out would make the token a file with a longer name. */
static enum qw_pkcs11_answer check_key(struct qw_pkcs11 *token)
{
    CK_BBOOL sensitive = CK_FALSE;
    CK_BBOOL extractable = CK_TRUE;
    CK_ATTRIBUTE wanted[] = { { CKA_SENSITIVE, &sensitive, sizeof sensitive },
                              { CKA_EXTRACTABLE, &extractable, sizeof extractable } };

    if (token->call->C_GetAttributeValue(token->session, token->key, wanted, 2) != CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    return sensitive == CK_TRUE && extractable == CK_FALSE ? QW_PKCS11_FINE : QW_PKCS11_KEY_UNSAFE;
}

/* The one AES key with one more attribute. */
static enum qw_pkcs11_answer find_key(struct qw_pkcs11 *token, CK_ATTRIBUTE which)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof class },
                                { CKA_KEY_TYPE, &type, sizeof type },
                                which };
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    CK_RV rv;

    if (token->call->C_FindObjectsInit(token->session, template, 3) != CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    rv = token->call->C_FindObjects(token->session, found, 2, &count);
    (void)token->call->C_FindObjectsFinal(token->session);
    if (rv != CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    if (count != 1) {
        return count == 0 ? QW_PKCS11_NO_KEY : QW_PKCS11_SEVERAL;
    }
    token->key = found[0];
    return check_key(token);
}

enum qw_pkcs11_answer qw_pkcs11_key_by_id(struct qw_pkcs11 *token,
                                          const uint8_t id[static QW_PKCS11_ID_LEN])
{
    return find_key(token, (CK_ATTRIBUTE){ CKA_ID, (void *)id, QW_PKCS11_ID_LEN });
}

enum qw_pkcs11_answer qw_pkcs11_key_by_label(struct qw_pkcs11 *token, const char *label,
                                             uint8_t id[static QW_PKCS11_ID_LEN])
{
    uint8_t bytes[QW_PKCS11_ID_LEN];
    CK_ATTRIBUTE wanted = { CKA_ID, bytes, sizeof bytes };
    enum qw_pkcs11_answer answer =
        find_key(token, (CK_ATTRIBUTE){ CKA_LABEL, (void *)label, (CK_ULONG)strlen(label) });

    if (answer != QW_PKCS11_FINE) {
        return answer;
    }
    if (token->call->C_GetAttributeValue(token->session, token->key, &wanted, 1) != CKR_OK ||
        wanted.ulValueLen != sizeof bytes) {
        return QW_PKCS11_FAILED; /* not one that qw_pkcs11_key_make has made */
    }
    memcpy(id, bytes, sizeof bytes);
    return QW_PKCS11_FINE;
}

enum qw_pkcs11_answer qw_pkcs11_key_make(struct qw_pkcs11 *token, const char *label,
                                         const uint8_t id[static QW_PKCS11_ID_LEN])
{
    CK_MECHANISM how = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ULONG len = KEY_LEN;
    CK_ATTRIBUTE template[] = { { CKA_TOKEN, &yes, sizeof yes },
                                { CKA_PRIVATE, &yes, sizeof yes },
                                { CKA_SENSITIVE, &yes, sizeof yes },
                                { CKA_EXTRACTABLE, &no, sizeof no },
                                { CKA_MODIFIABLE, &no, sizeof no },
                                { CKA_ENCRYPT, &yes, sizeof yes },
                                { CKA_DECRYPT, &yes, sizeof yes },
                                { CKA_WRAP, &no, sizeof no },
                                { CKA_UNWRAP, &no, sizeof no },
                                { CKA_SIGN, &no, sizeof no },
                                { CKA_VERIFY, &no, sizeof no },
                                { CKA_DERIVE, &no, sizeof no },
                                { CKA_VALUE_LEN, &len, sizeof len },
                                { CKA_ID, (void *)id, QW_PKCS11_ID_LEN },
                                { CKA_LABEL, (void *)label, (CK_ULONG)strlen(label) } };
    CK_RV rv = token->call->C_GenerateKey(token->session, &how, template,
                                          sizeof template / sizeof template[0], &token -> key);

    return rv == CKR_OK ? check_key(token) : qw_pkcs11_answer_of_make(rv);
}

static CK_GCM_PARAMS parameters_of(const struct qw_pkcs11_gcm *gcm)
{
    return (CK_GCM_PARAMS){ .pIv = (uint8_t *)gcm->nonce,
                            .ulIvLen = QW_PKCS11_NONCE_LEN,
                            .ulIvBits = 8 * QW_PKCS11_NONCE_LEN,
                            .pAAD = (uint8_t *)gcm->head,
                            .ulAADLen = (CK_ULONG)gcm->head_len,
                            .ulTagBits = 8 * QW_PKCS11_TAG_LEN };
}

enum qw_pkcs11_answer qw_pkcs11_seal(struct qw_pkcs11 *token, const struct qw_pkcs11_gcm *gcm,
                                     const uint8_t *plain, size_t len, uint8_t *out)
{
    uint8_t sealed[QW_PKCS11_PLAIN_MAX + 2 * QW_PKCS11_TAG_LEN];
    CK_GCM_PARAMS parameters = parameters_of(gcm);
    CK_MECHANISM how = { CKM_AES_GCM, &parameters, sizeof parameters };
    CK_ULONG sealed_len = sizeof sealed;
    CK_RV rv = token->call->C_EncryptInit(token->session, &how, token->key);

    qw_assert(len <= QW_PKCS11_PLAIN_MAX);
    if (rv == CKR_OK) {
        rv = token->call->C_Encrypt(token->session, (CK_BYTE *)plain, (CK_ULONG)len, sealed,
                                    &sealed_len);
    }
    if (rv != CKR_OK || sealed_len != len + QW_PKCS11_TAG_LEN) {
        return QW_PKCS11_FAILED;
    }
    memcpy(out, sealed, sealed_len);
    return QW_PKCS11_FINE;
}

/* Modules differ in what they answer to a wrong tag. */
static enum qw_pkcs11_answer answer_of_decrypt(CK_RV rv)
{
    switch (rv) {
    case CKR_DEVICE_ERROR:
    case CKR_DEVICE_MEMORY:
    case CKR_DEVICE_REMOVED:
    case CKR_HOST_MEMORY:
    case CKR_SESSION_CLOSED:
    case CKR_USER_NOT_LOGGED_IN:
        return QW_PKCS11_FAILED;
    default:
        return QW_PKCS11_NOT_AUTHENTIC;
    }
}

enum qw_pkcs11_answer qw_pkcs11_unseal(struct qw_pkcs11 *token, const struct qw_pkcs11_gcm *gcm,
                                       const uint8_t *sealed, size_t len, uint8_t *out)
{
    uint8_t plain[QW_PKCS11_PLAIN_MAX + 2 * QW_PKCS11_TAG_LEN];
    CK_GCM_PARAMS parameters = parameters_of(gcm);
    CK_MECHANISM how = { CKM_AES_GCM, &parameters, sizeof parameters };
    CK_ULONG plain_len = sizeof plain;
    enum qw_pkcs11_answer answer = QW_PKCS11_FINE;
    CK_RV rv = token->call->C_DecryptInit(token->session, &how, token->key);

    qw_assert(len >= QW_PKCS11_TAG_LEN && len <= QW_PKCS11_PLAIN_MAX + QW_PKCS11_TAG_LEN);
    if (rv != CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    rv =
        token->call->C_Decrypt(token->session, (CK_BYTE *)sealed, (CK_ULONG)len, plain, &plain_len);
    if (rv != CKR_OK || plain_len != len - QW_PKCS11_TAG_LEN) {
        answer = answer_of_decrypt(rv);
    } else {
        memcpy(out, plain, plain_len);
    }
    qw_wipe(plain, sizeof plain);
    return answer;
}
