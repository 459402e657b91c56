/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_LEAF_H
#define QW_API_CERTIFICATE_LEAF_H

#include "api/certificate.h"
#include "api/certificate/authority.h"
#include "api/certificate/fields.h"

#include <openssl/x509.h>
#include <stdbool.h>

/* Certificates of those who are no authority. */
bool qw_certificate_request_ok(const struct qw_certificate_request *request);

/* A certificate for key, whose owner frees it; NULL: no memory. */
X509 *qw_certificate_leaf_new(const struct qw_certificate_authority *authority,
                              const struct qw_certificate_request *request, EVP_PKEY *key);

struct qw_certificate_made {
    uint8_t der[QW_CERTIFICATE_DER_CAP];
    size_t len;
    uint8_t serial[QW_CERTIFICATE_SERIAL_LEN]; /* big-endian */
    uint8_t hash[32];                          /* SHA-256 of the DER form */
    int64_t not_before_ms, not_after_ms;       /* UTC */
};
/* What a certificate says of itself. QW_ERR_SPACE. */
qw_err qw_certificate_describe(X509 *certificate, struct qw_certificate_made *made) QW_MUST_USE;

/* PEM of a DER certificate, NUL-terminated. QW_ERR_FORMAT, QW_ERR_SPACE. */
enum { QW_CERTIFICATE_PEM_CAP = 3072 };
qw_err qw_certificate_pem(const uint8_t *der, size_t len,
                          char pem[static QW_CERTIFICATE_PEM_CAP]) QW_MUST_USE;

#endif
