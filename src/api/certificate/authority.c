/* SPDX-License-Identifier: Apache-2.0 */
#include "api/certificate/authority.h"

#include "api/certificate.h"
#include "api/certificate/fields.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 63 };

static bool complete(const struct qw_certificate_authority *authority, const char *name)
{
    X509 *certificate = authority->certificate;
    EVP_MD_CTX *signing = NULL;
    bool ok = qw_certificate_set_name(certificate, name) &&
              X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
              qw_certificate_add(certificate, certificate, NID_basic_constraints,
                                 "critical,CA:TRUE,pathlen:0") &&
              qw_certificate_add(certificate, certificate, NID_key_usage,
                                 "critical,digitalSignature,keyCertSign,cRLSign") &&
              qw_certificate_add(certificate, certificate, NID_subject_key_identifier, "hash");

    if (ok) {
        signing = qw_certificate_signing_new(authority->profile, authority->key);
        ok = signing != NULL && X509_sign_ctx(certificate, signing) > 0;
    }
    qw_certificate_signing_free(signing);
    return ok;
}

qw_err qw_certificate_authority_new(const char *name, enum qw_certificate_profile profile,
                                    unsigned days, struct qw_certificate_authority **out)
{
    struct qw_certificate_authority *authority;

    if (!qw_certificate_text_ok(name, 1, NAME_MAX_LEN, true) || days > QW_CERTIFICATE_DAYS_MAX ||
        profile < 0 || profile >= QW_CERTIFICATE_PROFILE_COUNT) {
        return QW_ERR_ARG;
    }
    authority = calloc(1, sizeof *authority);
    if (authority == NULL) {
        return QW_ERR_NOMEM;
    }
    authority->profile = profile;
    authority->key = qw_certificate_key_new(profile);
    if (authority->key != NULL) {
        authority->certificate =
            qw_certificate_begin(authority->key, qw_certificate_five_minutes_ago(),
                                 days == 0 ? QW_CERTIFICATE_AUTHORITY_DAYS : days);
    }
    if (authority->certificate == NULL || !complete(authority, name)) {
        qw_certificate_authority_free(authority);
        return QW_ERR_NOMEM;
    }
    *out = authority;
    return QW_OK;
}

void qw_certificate_authority_free(struct qw_certificate_authority *authority)
{
    if (authority == NULL) {
        return;
    }
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key); /* wipes it */
    free(authority);
}

qw_err qw_certificate_authority_pack(const struct qw_certificate_authority *authority,
                                     struct qw_certificate_authority_pack *pack)
{
    PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(authority->key);
    int key_len = key == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(key, NULL);
    int certificate_len = i2d_X509(authority->certificate, NULL);
    qw_err err = key == NULL ? QW_ERR_NOMEM : QW_ERR_SPACE;

    if (key_len > 0 && key_len <= QW_CERTIFICATE_KEY_DER_CAP && certificate_len > 0 &&
        certificate_len <= QW_CERTIFICATE_DER_CAP) {
        unsigned char *at = pack->key;

        pack->key_len = (size_t)i2d_PKCS8_PRIV_KEY_INFO(key, &at);
        at = pack->certificate;
        pack->certificate_len = (size_t)i2d_X509(authority->certificate, &at);
        err = QW_OK;
    }
    PKCS8_PRIV_KEY_INFO_free(key); /* wipes it */
    return err;
}

qw_err qw_certificate_authority_unpack(const struct qw_certificate_authority_pack *pack,
                                       struct qw_certificate_authority **out)
{
    struct qw_certificate_authority *authority = calloc(1, sizeof *authority);
    const unsigned char *at = pack->certificate;
    const unsigned char *key_at = pack->key;
    qw_err err = QW_ERR_FORMAT;

    if (authority == NULL) {
        return QW_ERR_NOMEM;
    }
    authority->certificate = d2i_X509(NULL, &at, (long)pack->certificate_len);
    authority->key = d2i_AutoPrivateKey(NULL, &key_at, (long)pack->key_len);
    if (authority->certificate != NULL && authority->key != NULL) {
        authority->profile = qw_certificate_profile_of(authority->key);
        err = authority->profile == QW_CERTIFICATE_PROFILE_COUNT                    ? QW_ERR_FORMAT
              : X509_check_private_key(authority->certificate, authority->key) != 1 ? QW_ERR_AUTH
                                                                                    : QW_OK;
    }
    if (err != QW_OK) {
        qw_certificate_authority_free(authority);
        return err;
    }
    *out = authority;
    return QW_OK;
}
