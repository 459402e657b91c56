/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_AUTHORITY_H
#define QW_API_CERTIFICATE_AUTHORITY_H

#include "api/certificate/profile.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* An authority that lives in memory: made, packed for a sealed record, and opened from it [C4]. */
struct qw_certificate_authority {
    X509 *certificate;
    EVP_PKEY *key;
    enum qw_certificate_profile profile;
};

/* A key of the profile and a self-signed certificate for name (printable ASCII, 1..63 characters),
 * for days from now (0: QW_CERTIFICATE_AUTHORITY_DAYS). Path length 0: it signs leaves only.
 * QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_certificate_authority_new(const char *name, enum qw_certificate_profile profile,
                                    unsigned days,
                                    struct qw_certificate_authority **authority) QW_MUST_USE;

enum { QW_CERTIFICATE_DER_CAP = 2048, QW_CERTIFICATE_KEY_DER_CAP = 256 };
struct qw_certificate_authority_pack {           /* holds a secret: wiped by its owner */
    uint8_t certificate[QW_CERTIFICATE_DER_CAP]; /* DER */
    size_t certificate_len;
    uint8_t key[QW_CERTIFICATE_KEY_DER_CAP]; /* DER of PKCS #8 */
    size_t key_len;
};
/* QW_ERR_SPACE. */
qw_err qw_certificate_authority_pack(const struct qw_certificate_authority *authority,
                                     struct qw_certificate_authority_pack *pack) QW_MUST_USE;
/* QW_ERR_FORMAT, QW_ERR_AUTH: key and certificate do not belong together. */
qw_err qw_certificate_authority_unpack(const struct qw_certificate_authority_pack *pack,
                                       struct qw_certificate_authority **authority) QW_MUST_USE;

/* The first certificate of a PEM file; the caller frees it. QW_ERR_NOT_FOUND, QW_ERR_FORMAT. */
qw_err qw_certificate_read(const char *path, X509 **certificate) QW_MUST_USE;

#endif
