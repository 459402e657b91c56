/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_PROFILE_H
#define QW_API_CERTIFICATE_PROFILE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of certificates [C4 S4]: key, signature and hash go together, and an authority signs its
 * own kind only [docs/adr/0095]. */
enum qw_certificate_profile {
    QW_CERTIFICATE_P256,    /* ECDSA with SHA-256 [RFC 5758 3.2] */
    QW_CERTIFICATE_SM2,     /* SM2 with SM3, id "1234567812345678" [GB/T 32918.2] */
    QW_CERTIFICATE_ED25519, /* [RFC 8410] */
    QW_CERTIFICATE_PROFILE_COUNT
};
extern const char *const qw_certificate_profile_names[QW_CERTIFICATE_PROFILE_COUNT]; /* "p256" ...
                                                                                      */
/* _COUNT: no such name. */
enum qw_certificate_profile qw_certificate_profile_by_name(const char *name);
/* Whether the TLS of this project can use it: SM2 is for other programs. */
bool qw_certificate_profile_has_tls(enum qw_certificate_profile profile);

/* A new key; NULL: no memory. */
EVP_PKEY *qw_certificate_key_new(enum qw_certificate_profile profile);
/* The profile that a key belongs to; _COUNT: none, because it is too weak or of another kind. */
enum qw_certificate_profile qw_certificate_profile_of(const EVP_PKEY *key);

/* A context for one signature by X509_sign_ctx and its sisters; NULL: no memory. */
EVP_MD_CTX *qw_certificate_signing_new(enum qw_certificate_profile profile, EVP_PKEY *key);
void qw_certificate_signing_free(EVP_MD_CTX *signing);

/* Whether the public key's holder has signed data, by the profile's own algorithm and hash. */
bool qw_certificate_check(EVP_PKEY *key, const void *data, size_t len, const uint8_t *signature,
                          size_t signature_len);
/* Whether key has signed it, by its profile's own algorithm. */
bool qw_certificate_verify(X509 *certificate, EVP_PKEY *key);
bool qw_certificate_request_verify(X509_REQ *request, EVP_PKEY *key);

#endif
