/* SPDX-License-Identifier: Apache-2.0 */
#include "api/certificate/profile.h"

#include <string.h>

const char *const qw_certificate_profile_names[QW_CERTIFICATE_PROFILE_COUNT] = { "p256", "sm2",
                                                                                 "ed25519" };
static const char sm2_id[] = "1234567812345678";

enum qw_certificate_profile qw_certificate_profile_by_name(const char *name)
{
    int i = 0;

    while (i < QW_CERTIFICATE_PROFILE_COUNT && strcmp(name, qw_certificate_profile_names[i]) != 0) {
        i++;
    }
    return (enum qw_certificate_profile)i;
}

bool qw_certificate_profile_has_tls(enum qw_certificate_profile profile)
{
    return profile != QW_CERTIFICATE_SM2;
}

EVP_PKEY *qw_certificate_key_new(enum qw_certificate_profile profile)
{
    switch (profile) {
    case QW_CERTIFICATE_P256:
        return EVP_EC_gen("P-256");
    case QW_CERTIFICATE_SM2:
        return EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    default:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
}

/* A curve that is given by its numbers has no name, and belongs nowhere. */
enum qw_certificate_profile qw_certificate_profile_of(const EVP_PKEY *key)
{
    char curve[32] = "";

    if (EVP_PKEY_is_a(key, "ED25519")) {
        return QW_CERTIFICATE_ED25519;
    }
    if ((!EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_is_a(key, "SM2")) ||
        EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) != 1) {
        return QW_CERTIFICATE_PROFILE_COUNT;
    }
    return strcmp(curve, "prime256v1") == 0 ? QW_CERTIFICATE_P256
           : strcmp(curve, "SM2") == 0      ? QW_CERTIFICATE_SM2
                                            : QW_CERTIFICATE_PROFILE_COUNT;
}

void qw_certificate_signing_free(EVP_MD_CTX *signing)
{
    if (signing != NULL) {
        EVP_PKEY_CTX_free(EVP_MD_CTX_get_pkey_ctx(signing));
        EVP_MD_CTX_free(signing);
    }
}

typedef int init(EVP_MD_CTX *ctx, EVP_PKEY_CTX **inner, const EVP_MD *hash, ENGINE *engine,
                 EVP_PKEY *key);

static EVP_MD_CTX *context_new(enum qw_certificate_profile profile, EVP_PKEY *key, init *begin)
{
    const EVP_MD *hash = profile == QW_CERTIFICATE_P256  ? EVP_sha256()
                         : profile == QW_CERTIFICATE_SM2 ? EVP_sm3()
                                                         : NULL; /* Ed25519 brings its own */
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = EVP_PKEY_CTX_new(key, NULL);

    if (signing == NULL || inner == NULL ||
        (profile == QW_CERTIFICATE_SM2 &&
         EVP_PKEY_CTX_set1_id(inner, sm2_id, sizeof sm2_id - 1) != 1)) {
        EVP_MD_CTX_free(signing);
        EVP_PKEY_CTX_free(inner);
        return NULL;
    }
    EVP_MD_CTX_set_pkey_ctx(signing, inner);
    if (begin(signing, NULL, hash, NULL, key) != 1) {
        qw_certificate_signing_free(signing);
        return NULL;
    }
    return signing;
}

EVP_MD_CTX *qw_certificate_signing_new(enum qw_certificate_profile profile, EVP_PKEY *key)
{
    return context_new(profile, key, EVP_DigestSignInit);
}

bool qw_certificate_check(EVP_PKEY *key, const void *data, size_t len, const uint8_t *signature,
                          size_t signature_len)
{
    enum qw_certificate_profile profile = qw_certificate_profile_of(key);
    EVP_MD_CTX *checking;
    bool ok;

    if (profile == QW_CERTIFICATE_PROFILE_COUNT) {
        return false;
    }
    checking = context_new(profile, key, EVP_DigestVerifyInit);
    ok = checking != NULL && EVP_DigestVerify(checking, signature, signature_len, data, len) == 1;
    qw_certificate_signing_free(checking);
    return ok;
}

/* The id that an SM2 signature is checked with; NULL: no memory. */
static ASN1_OCTET_STRING *new_id(void)
{
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

    if (id != NULL &&
        ASN1_OCTET_STRING_set(id, (const unsigned char *)sm2_id, sizeof sm2_id - 1) != 1) {
        ASN1_OCTET_STRING_free(id);
        id = NULL;
    }
    return id;
}

/* MD5 and SHA-1 are refused [S2]; which hash stands beside which key is left to the holder. */
static bool algorithm_ok(enum qw_certificate_profile profile, int nid)
{
    switch (profile) {
    case QW_CERTIFICATE_P256:
        return nid == NID_ecdsa_with_SHA256 || nid == NID_ecdsa_with_SHA384 ||
               nid == NID_ecdsa_with_SHA512;
    case QW_CERTIFICATE_SM2:
        return nid == NID_SM2_with_SM3;
    case QW_CERTIFICATE_ED25519:
        return nid == NID_ED25519;
    default:
        return false;
    }
}

bool qw_certificate_verify(X509 *certificate, EVP_PKEY *key)
{
    enum qw_certificate_profile profile = qw_certificate_profile_of(key);

    if (!algorithm_ok(profile, X509_get_signature_nid(certificate))) {
        return false;
    }
    if (profile == QW_CERTIFICATE_SM2) {
        ASN1_OCTET_STRING *id = new_id();

        if (id == NULL) {
            return false;
        }
        X509_set0_distinguishing_id(certificate, id);
    }
    return X509_verify(certificate, key) == 1;
}

bool qw_certificate_request_verify(X509_REQ *request, EVP_PKEY *key)
{
    enum qw_certificate_profile profile = qw_certificate_profile_of(key);

    if (!algorithm_ok(profile, X509_REQ_get_signature_nid(request))) {
        return false;
    }
    if (profile == QW_CERTIFICATE_SM2) {
        ASN1_OCTET_STRING *id = new_id();

        if (id == NULL) {
            return false;
        }
        X509_REQ_set0_distinguishing_id(request, id);
    }
    return X509_REQ_verify(request, key) == 1;
}
