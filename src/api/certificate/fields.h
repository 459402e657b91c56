/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_FIELDS_H
#define QW_API_CERTIFICATE_FIELDS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What certificates of every profile have in common. */
enum {
    QW_CERTIFICATE_HOST_CAP = 254, /* of a DNS name [RFC 1035 2.3.4], without the final dot; with
                                      NUL */
    QW_CERTIFICATE_SERIAL_LEN = 16 /* 127 random bits */
};

bool qw_certificate_text_ok(const char *text, size_t min, size_t max, bool may_have_space);
bool qw_certificate_uri_ok(const char *uri); /* fits, and cannot leave its place in an extension */
bool qw_certificate_host_ok(const char *host); /* DNS name or numeric address */
bool qw_certificate_host_is_address(const char *host);

/* A version 3 certificate for key with everything but names and usage; NULL: no memory. */
X509 *qw_certificate_begin(EVP_PKEY *key, time_t from, unsigned days);
time_t qw_certificate_five_minutes_ago(void); /* for clocks that are a little behind */
/* A list of revocations: from five minutes ago, and whose key has signed it. false: no memory. */
bool qw_certificate_list_set_times(X509_CRL *list, unsigned days);
bool qw_certificate_list_name_key(X509_CRL *list, X509 *issuer);
bool qw_certificate_set_name(X509 *certificate, const char *name);
/* An extension in OpenSSL's own syntax of configuration files. */
bool qw_certificate_add(X509 *certificate, X509 *issuer, int id, const char *value);

#endif
