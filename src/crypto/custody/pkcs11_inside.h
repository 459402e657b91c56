/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_PKCS11_INSIDE_H
#define QW_CRYPTO_CUSTODY_PKCS11_INSIDE_H

#include "crypto/custody/pkcs11_token.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>

/* Shared by pkcs11_token.c and pkcs11_object.c. */
struct qw_pkcs11 {
    void *library;
    CK_FUNCTION_LIST *call;
    bool is_ours; /* initialised by us, so finalised by us */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
};

/* Why an object was not made. */
enum qw_pkcs11_answer qw_pkcs11_answer_of_make(CK_RV rv);

#endif
