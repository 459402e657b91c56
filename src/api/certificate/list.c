/* SPDX-License-Identifier: Apache-2.0 */
#include "api/certificate/list.h"

#include "api/certificate/authority.h"
#include "api/certificate/fields.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static bool set_reason(X509_REVOKED *entry, unsigned reason)
{
    ASN1_ENUMERATED *value;
    bool ok;

    if (reason == QW_REVOKED_UNSPECIFIED) { /* should then be absent [RFC 5280 5.3.1] */
        return true;
    }
    value = ASN1_ENUMERATED_new();
    ok = value != NULL && ASN1_ENUMERATED_set(value, (long)reason) == 1 &&
         X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, X509V3_ADD_DEFAULT) == 1;
    ASN1_ENUMERATED_free(value);
    return ok;
}

static bool add(X509_CRL *list, const struct qw_certificate_revoked *revoked)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *since = ASN1_TIME_set(NULL, (time_t)(revoked->revoked_ms / 1000));
    BIGNUM *number = BN_bin2bn(revoked->serial, sizeof revoked->serial, NULL);
    ASN1_INTEGER *serial = number == NULL ? NULL : BN_to_ASN1_INTEGER(number, NULL);
    bool ok = entry != NULL && since != NULL && serial != NULL &&
              X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
              X509_REVOKED_set_revocationDate(entry, since) == 1 &&
              set_reason(entry, revoked->reason) && X509_CRL_add0_revoked(list, entry) == 1;

    if (!ok) {
        X509_REVOKED_free(entry);
    }
    ASN1_INTEGER_free(serial);
    BN_free(number);
    ASN1_TIME_free(since);
    return ok;
}

static bool set_number(X509_CRL *list, uint64_t value)
{
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    bool ok = number != NULL && ASN1_INTEGER_set_uint64(number, value) == 1 &&
              X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, X509V3_ADD_REPLACE) == 1;

    ASN1_INTEGER_free(number);
    return ok;
}

static bool sign(const struct qw_certificate_authority *authority, X509_CRL *list)
{
    EVP_MD_CTX *signing = qw_certificate_signing_new(authority->profile, authority->key);
    bool ok = signing != NULL && X509_CRL_sort(list) == 1 && X509_CRL_sign_ctx(list, signing) > 0;

    qw_certificate_signing_free(signing);
    return ok;
}

static bool keep(BIO *bio, uint8_t **out, size_t *len)
{
    char *start = NULL;
    long size = BIO_get_mem_data(bio, &start);

    *out = size <= 0 ? NULL : malloc((size_t)size);
    if (*out == NULL) {
        return false;
    }
    memcpy(*out, start, (size_t)size);
    *len = (size_t)size;
    return true;
}

static bool write_out(X509_CRL *list, struct qw_certificate_list *out)
{
    BIO *pem = BIO_new(BIO_s_mem());
    BIO *der = BIO_new(BIO_s_mem());
    bool ok = pem != NULL && der != NULL && PEM_write_bio_X509_CRL(pem, list) == 1 &&
              i2d_X509_CRL_bio(der, list) == 1 && keep(pem, &out->pem, &out->pem_len) &&
              keep(der, &out->der, &out->der_len);

    BIO_free(pem);
    BIO_free(der);
    return ok;
}

qw_err qw_certificate_list_sign(const struct qw_certificate_authority *authority, uint64_t number,
                                unsigned days, const struct qw_certificate_revoked *revoked,
                                size_t count, struct qw_certificate_list *out)
{
    X509_CRL *list = X509_CRL_new();
    struct qw_certificate_list made = { .pem = NULL };
    bool ok = list != NULL && X509_CRL_set_version(list, 1) == 1 &&
              X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate)) == 1 &&
              qw_certificate_list_name_key(list, authority->certificate) &&
              set_number(list, number) && qw_certificate_list_set_times(list, days);

    for (size_t i = 0; ok && i < count; i++) {
        ok = add(list, &revoked[i]);
    }
    ok = ok && sign(authority, list) && write_out(list, &made);
    X509_CRL_free(list);
    if (!ok) {
        qw_certificate_list_free(&made);
        return QW_ERR_NOMEM;
    }
    *out = made;
    return QW_OK;
}

void qw_certificate_list_free(struct qw_certificate_list *list)
{
    free(list->pem);
    free(list->der);
    *list = (struct qw_certificate_list){ .pem = NULL };
}
