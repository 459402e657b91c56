/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/certificate/signing_request.h"

#include "base/secret.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum {
    COMMON_NAME_MAX = 64, /* [RFC 5280 A.1] */
    NAMES_CAP = 256 + QW_CERTIFICATE_HOSTS_MAX * QW_CERTIFICATE_HOST_CAP
};

static bool add_names(X509_REQ *request, const char *uri, const char *const *hosts, size_t count)
{
    char names[NAMES_CAP];
    char common_name[COMMON_NAME_MAX + 1];
    int at = snprintf(names, sizeof names, "URI:%s", uri);
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    X509_EXTENSION *extension;
    bool ok;

    for (size_t i = 0; i < count; i++) {
        at += snprintf(names + at, sizeof names - (size_t)at, ",%s:%s",
                       qw_certificate_host_is_address(hosts[i]) ? "IP" : "DNS", hosts[i]);
    }
    (void)snprintf(common_name, sizeof common_name, "%s", uri);
    extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    ok = extensions != NULL && extension != NULL &&
         sk_X509_EXTENSION_push(extensions, extension) > 0;
    if (!ok) {
        X509_EXTENSION_free(extension);
    }
    ok = ok && X509_REQ_add_extensions(request, extensions) == 1 &&
         X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                                    (const unsigned char *)common_name, -1, -1, 0) == 1;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return ok;
}

static bool take_text(BIO *bio, char *out, size_t cap)
{
    char *start = NULL;
    long len = BIO_get_mem_data(bio, &start);

    if (len <= 0 || (size_t)len >= cap) {
        return false;
    }
    memcpy(out, start, (size_t)len);
    out[len] = '\0';
    qw_wipe(start, (size_t)len);
    return true;
}

static bool write_out(X509_REQ *request, EVP_PKEY *key, struct qw_signing_request_made *made)
{
    BIO *request_text = BIO_new(BIO_s_mem());
    BIO *key_text = BIO_new(BIO_s_mem());
    bool ok = request_text != NULL && key_text != NULL &&
              PEM_write_bio_X509_REQ(request_text, request) == 1 &&
              PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              take_text(request_text, made->request, sizeof made->request) &&
              take_text(key_text, made->key, sizeof made->key);

    BIO_free(request_text);
    BIO_free(key_text);
    return ok;
}

qw_err qw_signing_request_new(enum qw_certificate_profile profile, const char *uri,
                              const char *const *hosts, size_t host_count,
                              struct qw_signing_request_made *made)
{
    EVP_PKEY *key;
    X509_REQ *request;
    EVP_MD_CTX *signing = NULL;
    bool ok = profile >= 0 && profile < QW_CERTIFICATE_PROFILE_COUNT &&
              qw_certificate_uri_ok(uri) && host_count <= QW_CERTIFICATE_HOSTS_MAX;

    for (size_t i = 0; ok && i < host_count; i++) {
        ok = qw_certificate_host_ok(hosts[i]);
    }
    if (!ok) {
        return QW_ERR_ARG;
    }
    key = qw_certificate_key_new(profile);
    request = X509_REQ_new();
    ok = key != NULL && request != NULL && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
         X509_REQ_set_pubkey(request, key) == 1 && add_names(request, uri, hosts, host_count);
    if (ok) {
        signing = qw_certificate_signing_new(profile, key);
        ok = signing != NULL && X509_REQ_sign_ctx(request, signing) > 0 &&
             write_out(request, key, made);
    }
    qw_certificate_signing_free(signing);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return ok ? QW_OK : QW_ERR_NOMEM;
}

/* A NUL inside would cut a longer name down to somebody else's. */
static bool take_string(const ASN1_STRING *string, char *out, size_t cap)
{
    int len = ASN1_STRING_length(string);
    const unsigned char *data = ASN1_STRING_get0_data(string);

    if (len <= 0 || (size_t)len >= cap || memchr(data, 0, (size_t)len) != NULL) {
        return false;
    }
    memcpy(out, data, (size_t)len);
    out[len] = '\0';
    return true;
}

static bool take_address(const ASN1_OCTET_STRING *address, char out[static QW_CERTIFICATE_HOST_CAP])
{
    int len = ASN1_STRING_length(address);

    return (len == 4 || len == 16) &&
           inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), out,
                     QW_CERTIFICATE_HOST_CAP) != NULL;
}

/* Anything but one URI and some hosts is not for us to certify. */
static bool take_name(const GENERAL_NAME *name, struct qw_signing_request *request)
{
    int kind = 0;
    const void *value = GENERAL_NAME_get0_value(name, &kind);

    if (kind == GEN_URI) {
        return request->uri[0] == '\0' && take_string(value, request->uri, sizeof request->uri);
    }
    if (request->host_count == QW_CERTIFICATE_HOSTS_MAX) {
        return false;
    }
    if (kind == GEN_DNS) {
        return take_string(value, request->hosts[request->host_count], QW_CERTIFICATE_HOST_CAP) &&
               qw_certificate_host_ok(request->hosts[request->host_count++]);
    }
    return kind == GEN_IPADD && take_address(value, request->hosts[request->host_count++]);
}

static bool read_alternative_names(X509_REQ *from, struct qw_signing_request *request)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(from);
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    bool ok = true;

    for (int i = 0; ok && i < sk_GENERAL_NAME_num(names); i++) {
        ok = take_name(sk_GENERAL_NAME_value(names, i), request);
    }
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return ok;
}

static bool read_common_name(X509_REQ *from, struct qw_signing_request *request)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(from);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    return at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0 &&
           take_string(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), request->uri,
                       sizeof request->uri);
}

static qw_err refuse(const char **why, const char *text, qw_err err)
{
    *why = text;
    return err;
}

static qw_err check(X509_REQ *from, struct qw_signing_request *request, const char **why)
{
    if (!read_alternative_names(from, request) ||
        (request->uri[0] == '\0' && !read_common_name(from, request)) ||
        !qw_certificate_uri_ok(request->uri)) {
        return refuse(why, "no usable name in it", QW_ERR_FORMAT);
    }
    request->key = X509_REQ_get_pubkey(from);
    if (request->key == NULL) {
        return refuse(why, "no usable key in it", QW_ERR_REFUSED);
    }
    request->profile = qw_certificate_profile_of(request->key);
    if (request->profile == QW_CERTIFICATE_PROFILE_COUNT) {
        return refuse(why, "its key is weak or of no profile", QW_ERR_REFUSED);
    }
    return qw_certificate_request_verify(from, request->key)
               ? QW_OK
               : refuse(why, "it does not prove the private key", QW_ERR_AUTH);
}

qw_err qw_signing_request_read(const char *pem, size_t len, struct qw_signing_request *out,
                               const char **why)
{
    struct qw_signing_request request = { .key = NULL };
    BIO *text = len > 0 && len <= QW_SIGNING_REQUEST_CAP ? BIO_new_mem_buf(pem, (int)len) : NULL;
    X509_REQ *from = text == NULL ? NULL : PEM_read_bio_X509_REQ(text, NULL, NULL, NULL);
    qw_err err =
        from == NULL ? refuse(why, "no request in PEM", QW_ERR_FORMAT) : check(from, &request, why);

    X509_REQ_free(from);
    BIO_free(text);
    if (err != QW_OK) {
        memcpy(out->uri, request.uri, sizeof out->uri); /* for the journal */
        qw_signing_request_free(&request);
        return err;
    }
    *out = request;
    return QW_OK;
}

void qw_signing_request_free(struct qw_signing_request *request)
{
    EVP_PKEY_free(request->key);
    request->key = NULL;
}
