/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_IDENTITY_H
#define QW_API_CERTIFICATE_IDENTITY_H

#include "api/http_server.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who a certificate says its holder is; whether it is to be believed is the chain's business. */
struct qw_certificate_identity {
    char text[QW_HTTP_IDENTITY_CAP]; /* the one SAN URI; without any, the one common name; else "":
                                        two of a kind, over-long, or not printable ASCII */
    uint8_t hash[32];                /* SHA-256 of the DER form */
    uint8_t issue_hash[32];          /* qw_certificate_issue_hash: what a revocation names */
    int64_t not_after_ms;            /* UTC */
    bool is_client;                  /* names the purpose clientAuth explicitly */
};

/* QW_ERR_FORMAT: not one DER certificate; identity is then untouched. */
qw_err qw_certificate_identity_read(const uint8_t *der, size_t len,
                                    struct qw_certificate_identity *identity) QW_MUST_USE;

/* SHA-256 over the length (u32) and bytes of the issuer's name in DER, then the serial number:
 * which certificate of which authority [RFC 5280 4.1.2.2]. QW_ERR_NOMEM. */
qw_err qw_certificate_issue_hash(const uint8_t *issuer, size_t issuer_len, const uint8_t *serial,
                                 size_t serial_len, uint8_t hash[static 32]) QW_MUST_USE;

#endif
