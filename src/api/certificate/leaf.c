/* SPDX-License-Identifier: Apache-2.0 */
#include "api/certificate/leaf.h"

#include "api/certificate/authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { EXTENSION_CAP = 2048, COMMON_NAME_CAP = 65 };

bool qw_certificate_request_ok(const struct qw_certificate_request *request)
{
    bool is_server = request->purpose == QW_CERTIFICATE_SERVER;

    if (!is_server && request->purpose != QW_CERTIFICATE_CLIENT) {
        return false;
    }
    if (!qw_certificate_uri_ok(request->uri) || request->host_count > QW_CERTIFICATE_HOSTS_MAX ||
        is_server != (request->host_count > 0) || request->days > QW_CERTIFICATE_DAYS_MAX ||
        (request->status_url != NULL && !qw_certificate_uri_ok(request->status_url))) {
        return false;
    }
    for (size_t i = 0; i < request->host_count; i++) {
        if (!qw_certificate_host_ok(request->hosts[i])) {
            return false;
        }
    }
    return true;
}

static bool add_names(X509 *leaf, X509 *issuer, const struct qw_certificate_request *request)
{
    char names[EXTENSION_CAP + QW_CERTIFICATE_HOSTS_MAX * QW_CERTIFICATE_HOST_CAP];
    int at = snprintf(names, sizeof names, "URI:%s", request->uri);

    for (size_t i = 0; i < request->host_count; i++) {
        at += snprintf(names + at, sizeof names - (size_t)at, ",%s:%s",
                       qw_certificate_host_is_address(request->hosts[i]) ? "IP" : "DNS",
                       request->hosts[i]);
    }
    return qw_certificate_add(leaf, issuer, NID_subject_alt_name, names);
}

static bool add_status(X509 *leaf, X509 *issuer, const struct qw_certificate_request *request)
{
    char text[EXTENSION_CAP];

    if (request->status_url == NULL) {
        return true;
    }
    (void)snprintf(text, sizeof text, "OCSP;URI:%s", request->status_url);
    return qw_certificate_add(leaf, issuer, NID_info_access, text);
}

/* The common name repeats the URI as far as it fits, for people and for peers that show nothing
 * else; we read the URI. */
static bool add_all(X509 *leaf, X509 *issuer, const struct qw_certificate_request *request)
{
    bool is_server = request->purpose == QW_CERTIFICATE_SERVER;
    char common_name[COMMON_NAME_CAP];

    (void)snprintf(common_name, sizeof common_name, "%s", request->uri);
    return qw_certificate_set_name(leaf, common_name) &&
           X509_set_issuer_name(leaf, X509_get_subject_name(issuer)) == 1 &&
           qw_certificate_add(leaf, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           qw_certificate_add(leaf, issuer, NID_key_usage, "critical,digitalSignature") &&
           qw_certificate_add(leaf, issuer, NID_ext_key_usage,
                              is_server ? "serverAuth" : "clientAuth") &&
           qw_certificate_add(leaf, issuer, NID_subject_key_identifier, "hash") &&
           qw_certificate_add(leaf, issuer, NID_authority_key_identifier, "keyid") &&
           add_names(leaf, issuer, request) && add_status(leaf, issuer, request);
}

X509 *qw_certificate_leaf_new(const struct qw_certificate_authority *authority,
                              const struct qw_certificate_request *request, EVP_PKEY *key)
{
    X509 *leaf =
        qw_certificate_begin(key,
                             request->from_ms == 0 ? qw_certificate_five_minutes_ago()
                                                   : (time_t)(request->from_ms / 1000),
                             request->days == 0 ? QW_CERTIFICATE_LEAF_DAYS : request->days);
    EVP_MD_CTX *signing = NULL;
    bool ok = leaf != NULL && add_all(leaf, authority->certificate, request);

    if (ok) {
        signing = qw_certificate_signing_new(authority->profile, authority->key);
        ok = signing != NULL && X509_sign_ctx(leaf, signing) > 0;
    }
    qw_certificate_signing_free(signing);
    if (!ok) {
        X509_free(leaf);
        return NULL;
    }
    return leaf;
}

static bool time_of(const ASN1_TIME *time, int64_t *ms)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool ok = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;

    ASN1_TIME_free(epoch);
    *ms = ((int64_t)days * 86400 + seconds) * 1000;
    return ok;
}

qw_err qw_certificate_describe(X509 *certificate, struct qw_certificate_made *out)
{
    struct qw_certificate_made made = { .len = 0 };
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    int serial_len = ASN1_STRING_length(serial);
    int len = i2d_X509(certificate, NULL);
    unsigned hash_len = 0;
    unsigned char *at = made.der;

    if (len <= 0 || len > QW_CERTIFICATE_DER_CAP || serial_len > QW_CERTIFICATE_SERIAL_LEN) {
        return QW_ERR_SPACE;
    }
    made.len = (size_t)i2d_X509(certificate, &at);
    memcpy(made.serial + QW_CERTIFICATE_SERIAL_LEN - serial_len, ASN1_STRING_get0_data(serial),
           (size_t)serial_len);
    if (X509_digest(certificate, EVP_sha256(), made.hash, &hash_len) != 1 ||
        !time_of(X509_get0_notBefore(certificate), &made.not_before_ms) ||
        !time_of(X509_get0_notAfter(certificate), &made.not_after_ms)) {
        return QW_ERR_NOMEM;
    }
    *out = made;
    return QW_OK;
}

qw_err qw_certificate_pem(const uint8_t *der, size_t len, char pem[static QW_CERTIFICATE_PEM_CAP])
{
    const unsigned char *at = der;
    X509 *certificate = d2i_X509(NULL, &at, (long)len);
    BIO *text = BIO_new(BIO_s_mem());
    char *start = NULL;
    long size = 0;
    qw_err err = certificate == NULL ? QW_ERR_FORMAT : QW_ERR_NOMEM;

    if (certificate != NULL && text != NULL && PEM_write_bio_X509(text, certificate) == 1) {
        size = BIO_get_mem_data(text, &start);
        err = size > 0 && size < QW_CERTIFICATE_PEM_CAP ? QW_OK : QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        memcpy(pem, start, (size_t)size);
        pem[size] = '\0';
    }
    BIO_free(text);
    X509_free(certificate);
    return err;
}
