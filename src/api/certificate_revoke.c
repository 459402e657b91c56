/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists, version 2 [RFC 5280 5.1]: written as a whole, each with a higher
 * number than the one before. */
#include "api/certificate.h"
#include "api/certificate/authority.h"
#include "api/certificate/fields.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

enum { LIST_MAX = 16 << 20 };

static qw_err read_list(const char *path, X509_CRL **list)
{
    uint8_t *data;
    size_t len;
    BIO *text;
    X509_CRL *found;
    qw_err err = qw_file_read(path, LIST_MAX, &data, &len);

    if (err != QW_OK) {
        return err;
    }
    text = BIO_new_mem_buf(data, (int)len);
    found = text == NULL ? NULL : PEM_read_bio_X509_CRL(text, NULL, NULL, NULL);
    BIO_free(text);
    qw_secret_free(data);
    if (found == NULL) {
        return QW_ERR_FORMAT;
    }
    *list = found;
    return QW_OK;
}

/* One more than the list has, 1 for a new one. */
static bool set_number(X509_CRL *list)
{
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
    int64_t value = 0;
    bool ok = number == NULL || ASN1_INTEGER_get_int64(&value, number) == 1;

    ASN1_INTEGER_free(number);
    number = ASN1_INTEGER_new();
    ok = ok && number != NULL && ASN1_INTEGER_set_int64(number, value + 1) == 1 &&
         X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, X509V3_ADD_REPLACE) == 1;
    ASN1_INTEGER_free(number);
    return ok;
}

static bool complete(const struct qw_certificate_authority *authority, X509_CRL *list)
{
    return set_number(list) && qw_certificate_list_set_times(list, QW_CERTIFICATE_LIST_DAYS) &&
           X509_CRL_sort(list) == 1 && X509_CRL_sign(list, authority->key, EVP_sha256()) > 0;
}

/* Signs the list and gives its text. */
static qw_err sign(const struct qw_certificate_authority *authority, X509_CRL *list, BIO *text,
                   const uint8_t **data, size_t *len)
{
    char *start = NULL;
    long size;

    if (text == NULL || !complete(authority, list) || PEM_write_bio_X509_CRL(text, list) != 1) {
        return QW_ERR_NOMEM;
    }
    size = BIO_get_mem_data(text, &start);
    *data = (const uint8_t *)start;
    *len = (size_t)size;
    return QW_OK;
}

qw_err qw_certificate_list_create(const struct qw_certificate_authority *authority,
                                  const char *list_path)
{
    X509_CRL *list = X509_CRL_new();
    BIO *text = BIO_new(BIO_s_mem());
    const uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = QW_ERR_NOMEM;

    if (list != NULL && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
        X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate)) == 1 &&
        qw_certificate_list_name_key(list, authority->certificate)) {
        err = sign(authority, list, text, &data, &len);
    }
    if (err == QW_OK) {
        err = qw_file_create(list_path, data, len);
    }
    BIO_free(text);
    X509_CRL_free(list);
    return err;
}

/* A list or a certificate of somebody else's is not ours to sign. */
static bool is_ours(const struct qw_certificate_authority *authority, X509 *certificate,
                    X509_CRL *list)
{
    return X509_verify(certificate, authority->key) == 1 &&
           X509_CRL_verify(list, authority->key) == 1;
}

static qw_err add(X509_CRL *list, X509 *certificate)
{
    X509_REVOKED *entry = NULL;
    ASN1_TIME *now;
    bool ok;

    if (X509_CRL_get0_by_cert(list, &entry, certificate) != 0) {
        return QW_ERR_CONFLICT;
    }
    entry = X509_REVOKED_new();
    now = ASN1_TIME_set(NULL, (time_t)(qw_clock_utc_ms() / 1000));
    ok = entry != NULL && now != NULL &&
         X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate)) == 1 &&
         X509_REVOKED_set_revocationDate(entry, now) == 1 &&
         X509_CRL_add0_revoked(list, entry) == 1;
    ASN1_TIME_free(now);
    if (!ok) {
        X509_REVOKED_free(entry);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

qw_err qw_certificate_revoke(const struct qw_certificate_authority *authority,
                             const char *certificate_path, const char *list_path)
{
    X509 *certificate = NULL;
    X509_CRL *list = NULL;
    BIO *text = BIO_new(BIO_s_mem());
    const uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = qw_certificate_read(certificate_path, &certificate);

    if (err == QW_OK) {
        err = read_list(list_path, &list);
    }
    if (err == QW_OK && !is_ours(authority, certificate, list)) {
        err = QW_ERR_AUTH;
    }
    if (err == QW_OK) {
        err = add(list, certificate);
    }
    if (err == QW_OK) {
        err = sign(authority, list, text, &data, &len);
    }
    if (err == QW_OK) {
        err = qw_file_replace(list_path, data, len);
    }
    BIO_free(text);
    X509_CRL_free(list);
    X509_free(certificate);
    return err;
}
