/* SPDX-License-Identifier: Apache-2.0 */
#include "api/certificate/bundle.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

enum {
    /* Of PBKDF2, for either bag, and of RFC 7292's own derivation for the tag, so that neither is
     * the quicker way to try passphrases; a browser on a phone needs a second for them. */
    ITERATIONS = 100000,
    AUTHORITIES_MAX = 8
};

static BIO *text_of(const char *pem)
{
    return BIO_new_mem_buf(pem, -1);
}

static X509 *read_certificate(const char *pem)
{
    BIO *bio = text_of(pem);
    X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return certificate;
}

/* No passphrase is ever asked for at a terminal. */
static int no_passphrase(char *out, int cap, int is_writing, void *self)
{
    (void)out;
    (void)cap;
    (void)is_writing;
    (void)self;
    return -1;
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *bio = text_of(pem);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    BIO_free(bio);
    return key;
}

static STACK_OF(X509) * read_authorities(const char *pem)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *bio = text_of(pem);
    X509 *one;

    while (all != NULL && bio != NULL && sk_X509_num(all) < AUTHORITIES_MAX &&
           (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(all, one) == 0) {
            X509_free(one);
            break;
        }
    }
    BIO_free(bio);
    return all;
}

static qw_err encode(PKCS12 *made, uint8_t *out, size_t *len)
{
    int size = i2d_PKCS12(made, NULL);
    uint8_t *end = out;

    if (size <= 0 || size > QW_CERTIFICATE_BUNDLE_CAP) {
        return size <= 0 ? QW_ERR_NOMEM : QW_ERR_SPACE;
    }
    *len = (size_t)i2d_PKCS12(made, &end);
    return QW_OK;
}

static qw_err seal(const struct qw_certificate_bundle *bundle, X509 *certificate, EVP_PKEY *key,
                   STACK_OF(X509) * authorities, uint8_t *out, size_t *len)
{
    PKCS12 *made;
    qw_err err;

    if (certificate == NULL || key == NULL || authorities == NULL ||
        sk_X509_num(authorities) == 0) {
        return QW_ERR_FORMAT;
    }
    if (X509_check_private_key(certificate, key) != 1) {
        return QW_ERR_AUTH;
    }
    made = PKCS12_create(bundle->passphrase, bundle->name, key, certificate, authorities,
                         NID_aes_256_cbc, NID_aes_256_cbc, ITERATIONS, -1, 0);
    err = made == NULL ? QW_ERR_NOMEM : QW_OK;
    if (err == QW_OK &&
        PKCS12_set_mac(made, bundle->passphrase, -1, NULL, 0, ITERATIONS, EVP_sha256()) != 1) {
        err = QW_ERR_NOMEM;
    }
    if (err == QW_OK) {
        err = encode(made, out, len);
    }
    PKCS12_free(made);
    return err;
}

qw_err qw_certificate_bundle_seal(const struct qw_certificate_bundle *bundle,
                                  uint8_t out[static QW_CERTIFICATE_BUNDLE_CAP], size_t *len)
{
    X509 *certificate = read_certificate(bundle->certificate);
    EVP_PKEY *key = read_key(bundle->key);
    STACK_OF(X509) *authorities = read_authorities(bundle->authorities);
    qw_err err = seal(bundle, certificate, key, authorities, out, len);

    sk_X509_pop_free(authorities, X509_free);
    EVP_PKEY_free(key);
    X509_free(certificate);
    return err;
}
