/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_AUTHORITY_H
#define QW_API_CERTIFICATE_AUTHORITY_H

#include "base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* The inside of the authority: what certificate.c and certificate_revoke.c share. */
struct qw_certificate_authority {
    X509 *certificate;
    EVP_PKEY *key;
};

/* The first certificate of a PEM file; the caller frees it. QW_ERR_NOT_FOUND, QW_ERR_FORMAT. */
qw_err qw_certificate_read(const char *path, X509 **certificate) QW_MUST_USE;

#endif
