/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_SIGNING_REQUEST_H
#define QW_API_CERTIFICATE_SIGNING_REQUEST_H

#include "api/certificate.h"
#include "api/certificate/fields.h"
#include "api/certificate/profile.h"
#include "base/error.h"

#include <stddef.h>

/* Requests for a certificate [RFC 2986]: the holder makes the key, and it never leaves him [C4]. */
enum { QW_SIGNING_REQUEST_CAP = 4096 };

/* A new key and a request for uri with it, both PEM and NUL-terminated; key is a secret. hosts:
 * DNS names or numeric addresses of a server, else none. QW_ERR_ARG, QW_ERR_NOMEM. */
struct qw_signing_request_made {
    char request[QW_SIGNING_REQUEST_CAP];
    char key[1024];
};
qw_err qw_signing_request_new(enum qw_certificate_profile profile, const char *uri,
                              const char *const *hosts, size_t host_count,
                              struct qw_signing_request_made *made) QW_MUST_USE;

struct qw_signing_request {
    EVP_PKEY *key; /* owned */
    enum qw_certificate_profile profile;
    char uri[QW_CERTIFICATE_URI_CAP]; /* the one SAN URI, else the one common name */
    char hosts[QW_CERTIFICATE_HOSTS_MAX][QW_CERTIFICATE_HOST_CAP];
    size_t host_count;
};
/* Reads and checks a PEM request. Of everything in it only key and names are looked at. *why: what
 * is wrong, static text. QW_ERR_FORMAT: no request, or no usable name; QW_ERR_REFUSED: the key is
 * too weak or of no profile, or the hash is; QW_ERR_AUTH: the signature is not by the key: no proof
 * that the private key is there. */
qw_err qw_signing_request_read(const char *pem, size_t len, struct qw_signing_request *request,
                               const char **why) QW_MUST_USE;
void qw_signing_request_free(
    struct qw_signing_request *request); /* what is inside; zeroed is fine */

#endif
