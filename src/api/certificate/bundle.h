/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_BUNDLE_H
#define QW_API_CERTIFICATE_BUNDLE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A certificate, its key and the authorities above it in one file that browsers take, encrypted to
 * a passphrase: PKCS #12 [RFC 7292] with PBES2, AES-256-CBC and HMAC-SHA-256. */
enum { QW_CERTIFICATE_BUNDLE_CAP = 16384 };

/* certificate, authorities: PEM, the first certificate, all certificates; key: PEM, a secret; each
 * NUL-terminated. name: how the browser's list calls it. *len bytes of out, which are as secret as
 * the passphrase is. QW_ERR_FORMAT; QW_ERR_AUTH: key and certificate do not belong together;
 * QW_ERR_SPACE, QW_ERR_NOMEM; out is untouched then. */
struct qw_certificate_bundle {
    const char *certificate, *key, *authorities;
    const char *name;
    const char *passphrase; /* UTF-8, not empty */
};
qw_err qw_certificate_bundle_seal(const struct qw_certificate_bundle *bundle,
                                  uint8_t out[static QW_CERTIFICATE_BUNDLE_CAP],
                                  size_t *len) QW_MUST_USE;

#endif
