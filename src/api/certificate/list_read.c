/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of revocations read back [RFC 5280 5]: after a restore they say what a centre has forgotten
 * [C7]. */
#define _DEFAULT_SOURCE
#include "api/certificate/list.h"
#include "api/certificate/profile.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t ms_of(const ASN1_TIME *time)
{
    struct tm utc = { 0 };

    return time != NULL && ASN1_TIME_to_tm(time, &utc) == 1 ? (int64_t)timegm(&utc) * 1000 : 0;
}

static bool is_signed_by(X509_CRL *list, X509 *authority)
{
    const ASN1_BIT_STRING *signature = NULL;
    unsigned char *text = NULL;
    int len = i2d_re_X509_CRL_tbs(list, &text);
    bool ok;

    X509_CRL_get0_signature(list, &signature, NULL);
    ok =
        len > 0 && signature != NULL &&
        /* The outer name of the algorithm is not signed; an authority signs itself as its lists. */
        X509_CRL_get_signature_nid(list) == X509_get_signature_nid(authority) &&
        X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(authority)) == 0 &&
        qw_certificate_check(X509_get0_pubkey(authority), text, (size_t)len, signature->data,
                             (size_t)signature->length);
    OPENSSL_free(text);
    return ok;
}

static int compare(const void *a, const void *b)
{
    const struct qw_certificate_revoked *x = a;
    const struct qw_certificate_revoked *y = b;

    for (size_t i = 0; i < sizeof x->serial; i++) { /* public */
        if (x->serial[i] != y->serial[i]) {
            return x->serial[i] < y->serial[i] ? -1 : 1;
        }
    }
    return 0;
}

/* Serial numbers that none of ours has are passed over. */
static bool take_one(const X509_REVOKED *entry, struct qw_certificate_revoked *revoked)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(entry), NULL);
    bool ok = number != NULL && BN_is_negative(number) == 0 &&
              BN_bn2binpad(number, revoked->serial, sizeof revoked->serial) > 0;

    BN_free(number);
    revoked->revoked_ms = ms_of(X509_REVOKED_get0_revocationDate(entry));
    revoked->reason = QW_REVOKED_UNSPECIFIED;
    return ok;
}

static qw_err take(X509_CRL *list, struct qw_certificate_list_content *content)
{
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
    int count = entries == NULL ? 0 : sk_X509_REVOKED_num(entries);
    struct qw_certificate_list_content c = { .made_ms = ms_of(X509_CRL_get0_lastUpdate(list)) };

    c.revoked = calloc(count > 0 ? (size_t)count : 1, sizeof *c.revoked);
    if (c.revoked == NULL) {
        return QW_ERR_NOMEM;
    }
    for (int i = 0; i < count; i++) {
        c.count += take_one(sk_X509_REVOKED_value(entries, i), &c.revoked[c.count]) ? 1 : 0;
    }
    qsort(c.revoked, c.count, sizeof *c.revoked, compare);
    qw_certificate_list_content_free(content);
    *content = c;
    return QW_OK;
}

qw_err qw_certificate_list_read(const void *pem, size_t len, X509 *authority,
                                struct qw_certificate_list_content *out)
{
    BIO *bio = len > INT32_MAX ? NULL : BIO_new_mem_buf(pem, (int)len);
    struct qw_certificate_list_content newest = { .made_ms = 0 };
    X509_CRL *list = NULL;
    qw_err err = bio == NULL ? QW_ERR_NOMEM : QW_OK;

    while (err == QW_OK && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        if (ms_of(X509_CRL_get0_lastUpdate(list)) > newest.made_ms &&
            is_signed_by(list, authority)) {
            err = take(list, &newest);
        }
        X509_CRL_free(list);
    }
    BIO_free(bio);
    if (err == QW_OK && newest.revoked == NULL) {
        err = QW_ERR_NOT_FOUND;
    }
    if (err != QW_OK) {
        qw_certificate_list_content_free(&newest);
        return err;
    }
    *out = newest;
    return QW_OK;
}

void qw_certificate_list_content_free(struct qw_certificate_list_content *content)
{
    free(content->revoked);
    *content = (struct qw_certificate_list_content){ .made_ms = 0 };
}

bool qw_certificate_list_content_has(const struct qw_certificate_list_content *content,
                                     const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN])
{
    struct qw_certificate_revoked wanted = { .reason = 0 };

    memcpy(wanted.serial, serial, sizeof wanted.serial);
    return content->count > 0 &&
           bsearch(&wanted, content->revoked, content->count, sizeof wanted, compare) != NULL;
}
