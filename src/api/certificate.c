/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/certificate.h"

#include "api/certificate/authority.h"
#include "api/certificate/leaf.h"
#include "base/file.h"
#include "base/secret.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MAX = 64 * 1024 };

static qw_err write_bio(BIO *bio, const char *path)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    qw_err err = len > 0 ? qw_file_create(path, (const uint8_t *)data, (size_t)len) : QW_ERR_NOMEM;

    if (len > 0) {
        qw_wipe(data, (size_t)len);
    }
    return err;
}

/* The key goes first: a certificate without its key would look complete. */
static qw_err write_files(X509 *certificate, EVP_PKEY *key, const char *certificate_path,
                          const char *key_path)
{
    BIO *key_text = BIO_new(BIO_s_mem());
    BIO *certificate_text = BIO_new(BIO_s_mem());
    qw_err err = QW_ERR_NOMEM;

    if (key_text != NULL && certificate_text != NULL &&
        PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) == 1 &&
        PEM_write_bio_X509(certificate_text, certificate) == 1) {
        err = write_bio(key_text, key_path);
        if (err == QW_OK) {
            err = write_bio(certificate_text, certificate_path);
        }
    }
    BIO_free(key_text);
    BIO_free(certificate_text);
    return err;
}

qw_err qw_certificate_authority_create(const char *name, unsigned days,
                                       const char *certificate_path, const char *key_path)
{
    struct qw_certificate_authority *authority = NULL;
    qw_err err = qw_certificate_authority_new(name, QW_CERTIFICATE_P256, days, &authority);

    if (err == QW_OK) {
        err = write_files(authority->certificate, authority->key, certificate_path, key_path);
    }
    qw_certificate_authority_free(authority);
    return err;
}

static BIO *text_of(const uint8_t *data, size_t len)
{
    return BIO_new_mem_buf(data, (int)len);
}

static int no_passphrase(char *buffer, int size, int is_writing, void *self)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)self;
    return -1; /* else OpenSSL asks at the terminal */
}

qw_err qw_certificate_read(const char *path, X509 **certificate)
{
    uint8_t *data;
    size_t len;
    BIO *text;
    X509 *found;
    qw_err err = qw_file_read(path, PEM_MAX, &data, &len);

    if (err != QW_OK) {
        return err;
    }
    text = text_of(data, len);
    found = text == NULL ? NULL : PEM_read_bio_X509(text, NULL, no_passphrase, NULL);
    BIO_free(text);
    qw_secret_free(data);
    if (found == NULL) {
        return QW_ERR_FORMAT;
    }
    *certificate = found;
    return QW_OK;
}

static qw_err read_key(const char *path, EVP_PKEY **key)
{
    uint8_t *data;
    size_t len;
    BIO *text;
    EVP_PKEY *found;
    qw_err err = qw_file_read(path, PEM_MAX, &data, &len);

    if (err != QW_OK) {
        return err;
    }
    text = text_of(data, len);
    found = text == NULL ? NULL : PEM_read_bio_PrivateKey(text, NULL, no_passphrase, NULL);
    BIO_free(text);
    qw_secret_free(data);
    if (found == NULL) {
        return QW_ERR_FORMAT;
    }
    *key = found;
    return QW_OK;
}

qw_err qw_certificate_authority_open(const char *certificate_path, const char *key_path,
                                     struct qw_certificate_authority **authority_out)
{
    struct qw_certificate_authority *authority = calloc(1, sizeof *authority);
    qw_err err;

    if (authority == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_certificate_read(certificate_path, &authority->certificate);
    if (err == QW_OK) {
        err = read_key(key_path, &authority->key);
    }
    if (err == QW_OK && X509_check_private_key(authority->certificate, authority->key) != 1) {
        err = QW_ERR_AUTH;
    }
    if (err == QW_OK) {
        authority->profile = qw_certificate_profile_of(authority->key);
        err = authority->profile == QW_CERTIFICATE_PROFILE_COUNT ? QW_ERR_FORMAT : QW_OK;
    }
    if (err != QW_OK) {
        qw_certificate_authority_free(authority);
        return err;
    }
    *authority_out = authority;
    return QW_OK;
}

qw_err qw_certificate_issue(struct qw_certificate_authority *authority,
                            const struct qw_certificate_request *request,
                            const char *certificate_path, const char *key_path)
{
    EVP_PKEY *key;
    X509 *leaf = NULL;
    qw_err err = QW_ERR_NOMEM;

    if (!qw_certificate_request_ok(request)) {
        return QW_ERR_ARG;
    }
    key = qw_certificate_key_new(authority->profile);
    if (key != NULL) {
        leaf = qw_certificate_leaf_new(authority, request, key);
    }
    if (leaf != NULL) {
        err = write_files(leaf, key, certificate_path, key_path);
    }
    X509_free(leaf);
    EVP_PKEY_free(key);
    return err;
}

qw_err qw_certificate_hash(const char *certificate_path, uint8_t hash[static 32])
{
    X509 *certificate;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    qw_err err = qw_certificate_read(certificate_path, &certificate);

    if (err != QW_OK) {
        return err;
    }
    if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1 || len != 32) {
        err = QW_ERR_NOMEM;
    } else {
        memcpy(hash, digest, len);
    }
    X509_free(certificate);
    return err;
}
