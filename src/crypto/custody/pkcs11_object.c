/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/custody/pkcs11_object.h"

#include "base/secret.h"
#include "crypto/custody/pkcs11_inside.h"

#include <string.h>

static const char application[] = "qwave card";

enum qw_pkcs11_answer qw_pkcs11_answer_of_make(CK_RV rv)
{
    switch (rv) {
    case CKR_OK:
        return QW_PKCS11_FINE;
    case CKR_DEVICE_MEMORY:
    case CKR_DATA_LEN_RANGE:
    case CKR_ATTRIBUTE_VALUE_INVALID: /* so some say that a value is too long for them */
        return QW_PKCS11_FULL;
    default:
        return QW_PKCS11_FAILED;
    }
}

enum qw_pkcs11_answer qw_pkcs11_find(struct qw_pkcs11 *token, enum qw_pkcs11_kind kind,
                                     const char *label, struct qw_pkcs11_found *found)
{
    CK_OBJECT_CLASS class = kind == QW_PKCS11_DATA ? CKO_DATA : CKO_SECRET_KEY;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof class },
                                { CKA_TOKEN, &yes, sizeof yes },
                                { CKA_LABEL, (void *)label, (CK_ULONG)strlen(label) },
                                { CKA_APPLICATION, (void *)application, sizeof application - 1 } };
    CK_OBJECT_HANDLE handles[QW_PKCS11_FOUND_MAX + 1];
    CK_ULONG count = 0;
    CK_RV rv;

    if (token->call->C_FindObjectsInit(token->session, template, kind == QW_PKCS11_DATA ? 4 : 3) !=
        CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    rv = token->call->C_FindObjects(token->session, handles, QW_PKCS11_FOUND_MAX + 1, &count);
    (void)token->call->C_FindObjectsFinal(token->session);
    if (rv != CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    if (count > QW_PKCS11_FOUND_MAX) {
        return QW_PKCS11_SEVERAL;
    }
    memcpy(found->handle, handles, count * sizeof *handles);
    found->count = count;
    return QW_PKCS11_FINE;
}

enum qw_pkcs11_answer qw_pkcs11_data_read(struct qw_pkcs11 *token, unsigned long handle, size_t max,
                                          uint8_t **data, size_t *len)
{
    CK_ATTRIBUTE wanted = { CKA_VALUE, NULL, 0 };
    uint8_t *value;
    size_t cap;

    if (token->call->C_GetAttributeValue(token->session, handle, &wanted, 1) != CKR_OK ||
        wanted.ulValueLen == 0 || wanted.ulValueLen > max) {
        return QW_PKCS11_FAILED;
    }
    cap = wanted.ulValueLen;
    value = qw_secret_new(cap);
    if (value == NULL) {
        return QW_PKCS11_FAILED;
    }
    wanted.pValue = value;
    if (token->call->C_GetAttributeValue(token->session, handle, &wanted, 1) != CKR_OK ||
        wanted.ulValueLen > cap) {
        qw_secret_free(value);
        return QW_PKCS11_FAILED;
    }
    *data = value;
    *len = wanted.ulValueLen;
    return QW_PKCS11_FINE;
}

enum qw_pkcs11_answer qw_pkcs11_data_make(struct qw_pkcs11 *token, const char *label,
                                          const uint8_t *data, size_t len, unsigned long *handle)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof class },
                                { CKA_TOKEN, &yes, sizeof yes },
                                { CKA_PRIVATE, &yes, sizeof yes },
                                { CKA_MODIFIABLE, &no, sizeof no },
                                { CKA_APPLICATION, (void *)application, sizeof application - 1 },
                                { CKA_LABEL, (void *)label, (CK_ULONG)strlen(label) },
                                { CKA_VALUE, (void *)data, (CK_ULONG)len } };
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_RV rv = token->call->C_CreateObject(token->session, template,
                                           sizeof template / sizeof template[0], &made);

    if (rv == CKR_OK) {
        *handle = made;
    }
    return qw_pkcs11_answer_of_make(rv);
}

enum qw_pkcs11_answer qw_pkcs11_serial(struct qw_pkcs11 *token,
                                       char serial[static QW_PKCS11_SERIAL_LEN + 1])
{
    CK_SESSION_INFO session;
    CK_TOKEN_INFO info;

    if (token->call->C_GetSessionInfo(token->session, &session) != CKR_OK ||
        token->call->C_GetTokenInfo(session.slotID, &info) != CKR_OK) {
        return QW_PKCS11_FAILED;
    }
    memcpy(serial, info.serialNumber, QW_PKCS11_SERIAL_LEN);
    serial[QW_PKCS11_SERIAL_LEN] = '\0';
    return QW_PKCS11_FINE;
}

unsigned long qw_pkcs11_key_handle(const struct qw_pkcs11 *token)
{
    return token->key;
}

enum qw_pkcs11_answer qw_pkcs11_destroy(struct qw_pkcs11 *token, unsigned long handle)
{
    CK_RV rv = token->call->C_DestroyObject(token->session, handle);

    return rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID ? QW_PKCS11_FINE : QW_PKCS11_FAILED;
}
