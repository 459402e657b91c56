/* SPDX-License-Identifier: Apache-2.0 */
/* GnuTLS reads the certificate here because GnuTLS has verified it: two parsers could disagree. */
#include "api/certificate_identity.h"

#include "base/bytes.h"
#include "crypto/hash.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

enum { NAME_CAP = 1024, SERIAL_CAP = 64 };

/* Identities are compared and logged: nothing but visible ASCII, and a NUL inside would cut a
 * longer name down to somebody else's. */
static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return len > 0;
}

static void take(char out[static QW_HTTP_IDENTITY_CAP], const char *text, size_t len, bool ok)
{
    if (ok && len < QW_HTTP_IDENTITY_CAP && is_plain(text, len)) {
        memcpy(out, text, len);
        out[len] = '\0';
    } else {
        out[0] = '\0';
    }
}

/* Returns how many SAN URIs there are, 2 also for names that cannot be read: then neither they nor
 * the common name may be believed. out has the first. */
static unsigned read_uri(gnutls_x509_crt_t certificate, char out[static QW_HTTP_IDENTITY_CAP])
{
    unsigned count = 0;

    for (unsigned i = 0;; i++) {
        char text[NAME_CAP];
        size_t len = sizeof text;
        int kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, text, &len, NULL);

        if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) {
            return count;
        }
        if (kind < 0) {
            return 2;
        }
        if (kind == GNUTLS_SAN_URI && count++ == 0) {
            take(out, text, len, true);
        }
    }
}

static void read_common_name(gnutls_x509_crt_t certificate, char out[static QW_HTTP_IDENTITY_CAP])
{
    char text[NAME_CAP];
    char other[NAME_CAP];
    size_t len = sizeof text;
    size_t other_len = sizeof other;
    int first =
        gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, text, &len);
    int second = gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 1, 0,
                                               other, &other_len);

    take(out, text, len, first == 0 && second == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
}

static bool has_client_purpose(gnutls_x509_crt_t certificate)
{
    for (unsigned i = 0;; i++) {
        char oid[64];
        size_t len = sizeof oid;
        int result = gnutls_x509_crt_get_key_purpose_oid(certificate, i, oid, &len, NULL);

        if (result == 0 && strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0) {
            return true;
        }
        if (result < 0 && result != GNUTLS_E_SHORT_MEMORY_BUFFER) {
            return false;
        }
    }
}

qw_err qw_certificate_issue_hash(const uint8_t *issuer, size_t issuer_len, const uint8_t *serial,
                                 size_t serial_len, uint8_t hash[static 32])
{
    uint8_t len[4];
    struct qw_writer w = qw_writer_on(len, sizeof len);
    struct qw_bytes parts[] = { { len, sizeof len },
                                { issuer, issuer_len },
                                { serial, serial_len } };

    qw_write_u32be(&w, (uint32_t)issuer_len);
    return qw_hash_of(QW_HASH_SHA256, parts, 3, hash);
}

static qw_err hash_issue(gnutls_x509_crt_t certificate, uint8_t hash[static 32])
{
    uint8_t serial[SERIAL_CAP];
    size_t len = sizeof serial;
    gnutls_datum_t issuer;
    qw_err err;

    if (gnutls_x509_crt_get_serial(certificate, serial, &len) != 0 ||
        gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer) != 0) {
        return QW_ERR_FORMAT;
    }
    err = qw_certificate_issue_hash(issuer.data, issuer.size, serial, len, hash);
    gnutls_free(issuer.data);
    return err;
}

qw_err qw_certificate_identity_read(const uint8_t *der, size_t len,
                                    struct qw_certificate_identity *identity)
{
    struct qw_certificate_identity found = { .text = "" };
    struct qw_bytes whole = { der, len };
    gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der, (unsigned)len };
    gnutls_x509_crt_t certificate;
    qw_err err = QW_ERR_FORMAT;
    time_t not_after;
    unsigned uris;

    if (len == 0 || len > QW_HTTP_BODY_MAX) {
        return QW_ERR_FORMAT;
    }
    if (gnutls_x509_crt_init(&certificate) != 0) {
        return QW_ERR_NOMEM;
    }
    if (gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) != 0) {
        goto out;
    }
    not_after = gnutls_x509_crt_get_expiration_time(certificate);
    if (not_after == (time_t)-1) {
        goto out;
    }
    err = qw_hash_of(QW_HASH_SHA256, &whole, 1, found.hash);
    if (err == QW_OK) {
        err = hash_issue(certificate, found.issue_hash);
    }
    if (err != QW_OK) {
        goto out;
    }
    uris = read_uri(certificate, found.text);
    if (uris == 0) {
        read_common_name(certificate, found.text);
    } else if (uris > 1) {
        found.text[0] = '\0';
    }
    found.not_after_ms = (int64_t)not_after * 1000;
    found.is_client = has_client_purpose(certificate);
    *identity = found;
out:
    gnutls_x509_crt_deinit(certificate);
    return err;
}
