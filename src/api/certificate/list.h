/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_LIST_H
#define QW_API_CERTIFICATE_LIST_H

#include "api/certificate/fields.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lists of revoked certificates, version 2 [RFC 5280 5], signed as a whole out of a register [C4];
 * api/revocation_list.h reads them. */
struct qw_certificate_authority;

struct qw_certificate_revoked {
    uint8_t serial[QW_CERTIFICATE_SERIAL_LEN];
    int64_t revoked_ms; /* UTC */
    unsigned reason;    /* [RFC 5280 5.3.1] */
};
enum { /* those that an officer can give */
       QW_REVOKED_UNSPECIFIED = 0,
       QW_REVOKED_KEY_COMPROMISE = 1,
       QW_REVOKED_SUPERSEDED = 4,
       QW_REVOKED_CESSATION = 5
};

/* number: higher than that of every list before. days: until the next one, at the latest. PEM, and
 * DER; owned by the caller. QW_ERR_NOMEM. */
struct qw_certificate_list {
    uint8_t *pem, *der;
    size_t pem_len, der_len;
};
qw_err qw_certificate_list_sign(const struct qw_certificate_authority *authority, uint64_t number,
                                unsigned days, const struct qw_certificate_revoked *revoked,
                                size_t count, struct qw_certificate_list *list) QW_MUST_USE;
void qw_certificate_list_free(struct qw_certificate_list *list); /* zeroed is fine */

/* What the newest list of an authority says, of those in a PEM text; lists of others are passed
 * over. Reasons are not read back: QW_REVOKED_UNSPECIFIED. */
struct qw_certificate_list_content {
    int64_t made_ms;                        /* UTC */
    struct qw_certificate_revoked *revoked; /* owned, by serial number */
    size_t count;
};
/* QW_ERR_NOT_FOUND: none is signed by it; QW_ERR_NOMEM. */
qw_err qw_certificate_list_read(const void *pem, size_t len, X509 *authority,
                                struct qw_certificate_list_content *content) QW_MUST_USE;
void qw_certificate_list_content_free(struct qw_certificate_list_content *content);
bool qw_certificate_list_content_has(const struct qw_certificate_list_content *content,
                                     const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN]);

#endif
