/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/certificate/fields.h"

#include "api/certificate.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

enum {
    HOST_MAX_LEN = QW_CERTIFICATE_HOST_CAP - 1,
    SERIAL_LEN = QW_CERTIFICATE_SERIAL_LEN,
    BACKDATE_S = 300
};

bool qw_certificate_text_ok(const char *text, size_t min, size_t max, bool may_have_space)
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
bool qw_certificate_uri_ok(const char *uri)
{
    return qw_certificate_text_ok(uri, 1, QW_CERTIFICATE_URI_CAP - 1, false) &&
           strpbrk(uri, ",;\"\\") == NULL;
}

bool qw_certificate_host_is_address(const char *host)
{
    unsigned char binary[16];

    return inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1;
}

bool qw_certificate_host_ok(const char *host)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

    return qw_certificate_host_is_address(host) ||
           (host[0] != '\0' && strlen(host) <= HOST_MAX_LEN &&
            strspn(host, allowed) == strlen(host));
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

/* Five minutes ago, for clocks that are behind ours: even time() of this machine is, by a tick. */
bool qw_certificate_list_set_times(X509_CRL *list, unsigned days)
{
    time_t start = qw_certificate_five_minutes_ago();
    ASN1_TIME *from = ASN1_TIME_set(NULL, start);
    ASN1_TIME *to = ASN1_TIME_set(NULL, start + (time_t)days * 86400);
    bool ok = from != NULL && to != NULL && X509_CRL_set1_lastUpdate(list, from) == 1 &&
              X509_CRL_set1_nextUpdate(list, to) == 1;

    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return ok;
}

bool qw_certificate_list_name_key(X509_CRL *list, X509 *issuer)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid");
    ok = extension != NULL && X509_CRL_add_ext(list, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

bool qw_certificate_set_name(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)name, -1, -1, 0) == 1;
}

bool qw_certificate_add(X509 *certificate, X509 *issuer, int id, const char *value)
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

/* A version 3 certificate for key with everything but names and usage. */
X509 *qw_certificate_begin(EVP_PKEY *key, time_t from, unsigned days)
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

time_t qw_certificate_five_minutes_ago(void)
{
    return (time_t)(qw_clock_utc_ms() / 1000) - BACKDATE_S;
}
