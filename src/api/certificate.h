/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_H
#define QW_API_CERTIFICATE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A certificate authority in files, with keys and certificates in files [C4]: that of a centre is
 * in its books (centre/certificate/certificate.h). Files are PEM, mode 0600, made durably, and
 * never overwritten (QW_ERR_CONFLICT): a half-done initialisation shows. */
enum qw_certificate_purpose { QW_CERTIFICATE_SERVER, QW_CERTIFICATE_CLIENT };
enum {
    QW_CERTIFICATE_LEAF_DAYS = 90,
    QW_CERTIFICATE_AUTHORITY_DAYS = 3650,
    QW_CERTIFICATE_LIST_DAYS = 365, /* a list of revocations names this as its next update */
    QW_CERTIFICATE_DAYS_MAX = 7300,
    QW_CERTIFICATE_HOSTS_MAX = 8,
    QW_CERTIFICATE_URI_CAP = 128, /* with NUL; what http_server takes as an identity */
};

/* Makes a P-256 key and a self-signed certificate for name (printable ASCII, 1..63 characters),
 * valid for days from now (0: QW_CERTIFICATE_AUTHORITY_DAYS). Path length 0: it signs leaves only.
 * QW_ERR_ARG, QW_ERR_CONFLICT, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_certificate_authority_create(const char *name, unsigned days,
                                       const char *certificate_path,
                                       const char *key_path) QW_MUST_USE;

struct qw_certificate_authority;
/* Loads what _create wrote. QW_ERR_NOT_FOUND, QW_ERR_FORMAT, QW_ERR_AUTH: key and certificate do
 * not belong together. One thread at a time. */
qw_err qw_certificate_authority_open(const char *certificate_path, const char *key_path,
                                     struct qw_certificate_authority **authority) QW_MUST_USE;
void qw_certificate_authority_free(struct qw_certificate_authority *authority); /* NULL is fine */

/* purpose: the extended key usage, serverAuth or clientAuth, never both.
 * uri: SAN URI, the identity: "urn:qwave:centre:ID" for a server, "urn:qwave:operator:ID",
 * "urn:qwave:ap:ID" or "urn:qwave:sae:ID" for a client; printable ASCII without space. */
struct qw_certificate_request {
    enum qw_certificate_purpose purpose;
    const char *uri;
    const char *const *hosts; /* server: at least one DNS name or numeric address; client: none */
    size_t host_count;        /* 0..QW_CERTIFICATE_HOSTS_MAX */
    unsigned days;            /* 0: QW_CERTIFICATE_LEAF_DAYS */
    int64_t from_ms;          /* UTC; 0: five minutes ago, for clocks that are a little behind */
    const char *status_url;   /* where OCSP tells about it [RFC 5280 4.2.2.1]; NULL: nowhere */
};
/* Makes a key of the authority's kind and a certificate for it, with a random serial number of 127
 * bits. */
qw_err qw_certificate_issue(struct qw_certificate_authority *authority,
                            const struct qw_certificate_request *request,
                            const char *certificate_path, const char *key_path) QW_MUST_USE;

/* A list of revoked certificates that names nobody yet (api/revocation_list.h reads it).
 * QW_ERR_CONFLICT, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_certificate_list_create(const struct qw_certificate_authority *authority,
                                  const char *list_path) QW_MUST_USE;

/* Puts the first certificate of a PEM file on the list, for good; the file is replaced as a whole.
 * QW_ERR_NOT_FOUND, QW_ERR_FORMAT; QW_ERR_AUTH: certificate or list is not of this authority;
 * QW_ERR_CONFLICT: it is on the list; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_certificate_revoke(const struct qw_certificate_authority *authority,
                             const char *certificate_path, const char *list_path) QW_MUST_USE;

/* SHA-256 of the DER form of the first certificate in a PEM file: what audit records name a
 * certificate by. */
qw_err qw_certificate_hash(const char *certificate_path, uint8_t hash[static 32]) QW_MUST_USE;

#endif
