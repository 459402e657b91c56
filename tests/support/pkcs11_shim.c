/* SPDX-License-Identifier: Apache-2.0 */
/* A PKCS#11 module for tests: softhsm2 behind a list of functions of which the n-th call fails, or
 * answers to every login with the same value. C_GetTokenInfo does not fail: a slot that does not
 * say what is in it is passed over. Loaded by path, like any module.
 * For programs: QWAVE_SHIM_KILL=n ends the process with SIGKILL at the n-th call; while the file
 * QWAVE_SHIM_AWAY is there, the token is not. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Set by the test, which finds them by dlsym. */
extern int shim_fail_nth, shim_dies, shim_is_away;
extern CK_RV shim_login_answer;
int shim_fail_nth;
int shim_dies;    /* at that call, instead of failing */
int shim_is_away; /* every call fails */
CK_RV shim_login_answer = CKR_OK;

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST list;

static int must_fail(void)
{
    const char *away = getenv("QWAVE_SHIM_AWAY");
    int is_turn = shim_fail_nth > 0 && --shim_fail_nth == 0;

    if (is_turn && shim_dies) {
        raise(SIGKILL);
    }
    return is_turn || shim_is_away || (away != NULL && access(away, F_OK) == 0);
}

#define FORWARD(name, parameters, arguments) \
    static CK_RV fail_##name parameters \
    { \
        return must_fail() ? CKR_DEVICE_ERROR : real->name arguments; \
    }

FORWARD(C_Initialize, (void *init), (init))
FORWARD(C_GetSlotList, (unsigned char present, CK_SLOT_ID *slots, unsigned long *count),
        (present, slots, count))
FORWARD(C_GetMechanismInfo, (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info),
        (slot, type, info))
FORWARD(C_OpenSession,
        (CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
         CK_SESSION_HANDLE *session),
        (slot, flags, application, notify, session))
FORWARD(C_FindObjectsInit, (CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, unsigned long count),
        (session, template, count))
FORWARD(C_FindObjects,
        (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *found, unsigned long max,
         unsigned long *count),
        (session, found, max, count))
FORWARD(C_GetAttributeValue,
        (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
         unsigned long count),
        (session, object, template, count))
FORWARD(C_GenerateKey,
        (CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_ATTRIBUTE *template, unsigned long count,
         CK_OBJECT_HANDLE *key),
        (session, how, template, count, key))
FORWARD(C_EncryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_OBJECT_HANDLE key),
        (session, how, key))
FORWARD(C_Encrypt,
        (CK_SESSION_HANDLE session, unsigned char *data, unsigned long len, unsigned char *out,
         unsigned long *out_len),
        (session, data, len, out, out_len))
FORWARD(C_DecryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *how, CK_OBJECT_HANDLE key),
        (session, how, key))
FORWARD(C_Decrypt,
        (CK_SESSION_HANDLE session, unsigned char *data, unsigned long len, unsigned char *out,
         unsigned long *out_len),
        (session, data, len, out, out_len))

FORWARD(C_CreateObject,
        (CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, unsigned long count,
         CK_OBJECT_HANDLE *object),
        (session, template, count, object))
FORWARD(C_DestroyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object), (session, object))
FORWARD(C_GetSessionInfo, (CK_SESSION_HANDLE session, CK_SESSION_INFO *info), (session, info))

static CK_RV fail_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin,
                          unsigned long len)
{
    if (shim_login_answer != CKR_OK) {
        return shim_login_answer;
    }
    return must_fail() ? CKR_DEVICE_ERROR : real->C_Login(session, user, pin, len);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
    CK_RV (*get)(CK_FUNCTION_LIST * *functions);
    void *library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        return CKR_GENERAL_ERROR;
    }
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK) {
        return CKR_GENERAL_ERROR;
    }
    if (getenv("QWAVE_SHIM_KILL") != NULL && shim_fail_nth == 0) {
        shim_fail_nth = atoi(getenv("QWAVE_SHIM_KILL"));
        shim_dies = 1;
    }
    list = *real;
    list.C_Initialize = fail_C_Initialize;
    list.C_GetSlotList = fail_C_GetSlotList;
    list.C_GetMechanismInfo = fail_C_GetMechanismInfo;
    list.C_OpenSession = fail_C_OpenSession;
    list.C_Login = fail_C_Login;
    list.C_FindObjectsInit = fail_C_FindObjectsInit;
    list.C_FindObjects = fail_C_FindObjects;
    list.C_GetAttributeValue = fail_C_GetAttributeValue;
    list.C_GenerateKey = fail_C_GenerateKey;
    list.C_EncryptInit = fail_C_EncryptInit;
    list.C_Encrypt = fail_C_Encrypt;
    list.C_DecryptInit = fail_C_DecryptInit;
    list.C_Decrypt = fail_C_Decrypt;
    list.C_CreateObject = fail_C_CreateObject;
    list.C_DestroyObject = fail_C_DestroyObject;
    list.C_GetSessionInfo = fail_C_GetSessionInfo;
    *out = &list;
    return CKR_OK;
}
