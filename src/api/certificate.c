/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/certificate.h"

#include "api/certificate_authority.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PEM_MAX = 64 * 1024,
    EXTENSION_CAP = 2048,
    NAME_MAX_LEN = 63,
    HOST_MAX_LEN = 253, /* of a DNS name [RFC 1035 2.3.4], without the final dot */
    SERIAL_LEN = 16,
    BACKDATE_S = 300
};

static bool is_printable(const char *text, size_t min, size_t max, bool may_have_space)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] > '~' || text[i] < ' ' || (text[i] == ' ' && !may_have_space)) {
            return false;
        }
    }
    return len >= min && len <= max;
}

/* Extensions are written in OpenSSL's configuration syntax, where a comma starts the next name:
 * whatever could leave its place is refused. */
static bool uri_ok(const char *uri)
{
    return is_printable(uri, 1, QW_CERTIFICATE_URI_CAP - 1, false) &&
           strpbrk(uri, ",;\"\\") == NULL;
}

static bool is_address(const char *host)
{
    unsigned char binary[16];

    return inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1;
}

static bool host_ok(const char *host)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

    return is_address(host) || (host[0] != '\0' && strlen(host) <= HOST_MAX_LEN &&
                                strspn(host, allowed) == strlen(host));
}

static bool request_ok(const struct qw_certificate_request *request)
{
    bool is_server = request->purpose == QW_CERTIFICATE_SERVER;

    if (!is_server && request->purpose != QW_CERTIFICATE_CLIENT) {
        return false;
    }
    if (!uri_ok(request->uri) || request->host_count > QW_CERTIFICATE_HOSTS_MAX ||
        is_server != (request->host_count > 0) || request->days > QW_CERTIFICATE_DAYS_MAX) {
        return false;
    }
    for (size_t i = 0; i < request->host_count; i++) {
        if (!host_ok(request->hosts[i])) {
            return false;
        }
    }
    return true;
}

/* 127 random bits, never negative and never zero [RFC 5280 4.1.2.2]. */
static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_LEN];
    BIGNUM *number;
    bool ok;

    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] &= 0x7F;
    bytes[SERIAL_LEN - 1] |= 1;
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return ok;
}

static bool set_validity(X509 *certificate, time_t from, unsigned days)
{
    return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), from + (time_t)days * 86400) != NULL;
}

static bool set_common_name(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)name, -1, -1, 0) == 1;
}

static bool add_extension(X509 *certificate, X509 *issuer, int id, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
    ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool add_names(X509 *certificate, X509 *issuer, const struct qw_certificate_request *request)
{
    char names[EXTENSION_CAP + QW_CERTIFICATE_HOSTS_MAX * HOST_MAX_LEN];
    int at = snprintf(names, sizeof names, "URI:%s", request->uri);

    for (size_t i = 0; i < request->host_count; i++) {
        at += snprintf(names + at, sizeof names - (size_t)at, ",%s:%s",
                       is_address(request->hosts[i]) ? "IP" : "DNS", request->hosts[i]);
    }
    return add_extension(certificate, issuer, NID_subject_alt_name, names);
}

/* A version 3 certificate for key with everything but names and usage. */
static X509 *begin_certificate(EVP_PKEY *key, time_t from, unsigned days)
{
    X509 *certificate = X509_new();

    if (certificate == NULL || X509_set_version(certificate, X509_VERSION_3) != 1 ||
        !set_serial(certificate) || !set_validity(certificate, from, days) ||
        X509_set_pubkey(certificate, key) != 1) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

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

static time_t five_minutes_ago(void)
{
    return (time_t)(qw_clock_utc_ms() / 1000) - BACKDATE_S;
}

qw_err qw_certificate_authority_create(const char *name, unsigned days,
                                       const char *certificate_path, const char *key_path)
{
    EVP_PKEY *key;
    X509 *certificate = NULL;
    qw_err err = QW_ERR_NOMEM;

    if (!is_printable(name, 1, NAME_MAX_LEN, true) || days > QW_CERTIFICATE_DAYS_MAX) {
        return QW_ERR_ARG;
    }
    key = EVP_EC_gen("P-256");
    if (key != NULL) {
        certificate = begin_certificate(key, five_minutes_ago(),
                                        days == 0 ? QW_CERTIFICATE_AUTHORITY_DAYS : days);
    }
    if (certificate != NULL && set_common_name(certificate, name) &&
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
        add_extension(certificate, certificate, NID_basic_constraints,
                      "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
        X509_sign(certificate, key, EVP_sha256()) > 0) {
        err = write_files(certificate, key, certificate_path, key_path);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
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
    if (err != QW_OK) {
        qw_certificate_authority_free(authority);
        return err;
    }
    *authority_out = authority;
    return QW_OK;
}

void qw_certificate_authority_free(struct qw_certificate_authority *authority)
{
    if (authority == NULL) {
        return;
    }
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free(authority);
}

/* Names, usage and signature of a leaf. The common name repeats the URI as far as it fits, for
 * people and for peers that show nothing else; we read the URI. */
static bool complete_leaf(X509 *leaf, struct qw_certificate_authority *authority,
                          const struct qw_certificate_request *request)
{
    bool is_server = request->purpose == QW_CERTIFICATE_SERVER;
    char common_name[NAME_MAX_LEN + 2];

    snprintf(common_name, sizeof common_name, "%s", request->uri);
    return set_common_name(leaf, common_name) &&
           X509_set_issuer_name(leaf, X509_get_subject_name(authority->certificate)) == 1 &&
           add_extension(leaf, authority->certificate, NID_basic_constraints,
                         "critical,CA:FALSE") &&
           add_extension(leaf, authority->certificate, NID_key_usage,
                         "critical,digitalSignature") &&
           add_extension(leaf, authority->certificate, NID_ext_key_usage,
                         is_server ? "serverAuth" : "clientAuth") &&
           add_extension(leaf, authority->certificate, NID_subject_key_identifier, "hash") &&
           add_extension(leaf, authority->certificate, NID_authority_key_identifier, "keyid") &&
           add_names(leaf, authority->certificate, request) &&
           X509_sign(leaf, authority->key, EVP_sha256()) > 0;
}

qw_err qw_certificate_issue(struct qw_certificate_authority *authority,
                            const struct qw_certificate_request *request,
                            const char *certificate_path, const char *key_path)
{
    EVP_PKEY *key;
    X509 *leaf = NULL;
    qw_err err = QW_ERR_NOMEM;

    if (!request_ok(request)) {
        return QW_ERR_ARG;
    }
    key = EVP_EC_gen("P-256");
    if (key != NULL) {
        leaf = begin_certificate(
            key, request->from_ms == 0 ? five_minutes_ago() : (time_t)(request->from_ms / 1000),
            request->days == 0 ? QW_CERTIFICATE_LEAF_DAYS : request->days);
    }
    if (leaf != NULL && complete_leaf(leaf, authority, request)) {
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
