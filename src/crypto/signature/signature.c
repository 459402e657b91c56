/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA and SM2 on OpenSSL. SM2 hashes the signer's id and curve in front of the message: the id
 * is set each time, or a signature of another program does not verify. */
#include "crypto/signature/signature.h"

#include "base/secret.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char sm2_id[] = "1234567812345678";
enum { NUMBER_LEN = QW_SIGNATURE_LEN / 2, DER_CAP = 80 };

struct qw_signing_key {
    EVP_PKEY *pkey;
    struct qw_public_key public_half;
};

static const char *const names[] = { "", "p256", "sm2" };
static const char *const curves[] = { "", "P-256", "SM2" };
static const char *const key_types[] = { "", "EC", "SM2" };

static bool is_known(enum qw_signature_algorithm algorithm)
{
    return algorithm == QW_SIGNATURE_P256 || algorithm == QW_SIGNATURE_SM2;
}

const char *qw_signature_name(enum qw_signature_algorithm algorithm)
{
    return is_known(algorithm) ? names[algorithm] : "";
}

enum qw_signature_algorithm qw_signature_by_name(const char *name)
{
    return strcmp(name, names[QW_SIGNATURE_P256]) == 0  ? QW_SIGNATURE_P256
           : strcmp(name, names[QW_SIGNATURE_SM2]) == 0 ? QW_SIGNATURE_SM2
                                                        : QW_SIGNATURE_NONE;
}

/* NULL: no such key. scalar may be NULL: the public half alone. */
static EVP_PKEY *pkey_of(enum qw_signature_algorithm algorithm, const uint8_t *scalar,
                         const uint8_t *point)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, key_types[algorithm], NULL);
    BIGNUM *number = scalar == NULL ? NULL : BN_secure_new();
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *pkey = NULL;
    int selection = scalar == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
    bool ok = builder != NULL && context != NULL &&
              OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME,
                                              curves[algorithm], 0) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                               QW_SIGNATURE_PUBLIC_LEN) == 1;

    if (ok && scalar != NULL) {
        ok = number != NULL && BN_bin2bn(scalar, QW_SIGNATURE_PRIVATE_LEN, number) != NULL &&
             OSSL_PARAM_BLD_push_BN_pad(builder, OSSL_PKEY_PARAM_PRIV_KEY, number,
                                        QW_SIGNATURE_PRIVATE_LEN) == 1;
    }
    parameters = ok ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    if (parameters == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, selection, parameters) != 1) {
        pkey = NULL;
    }
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_clear_free(number);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

/* The two halves belong together, and the scalar is in range. */
static bool pair_ok(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    bool ok = context != NULL && EVP_PKEY_pairwise_check(context) == 1;

    EVP_PKEY_CTX_free(context);
    return ok;
}

static bool read_point(EVP_PKEY *pkey, uint8_t *point)
{
    size_t len = 0;

    /* OpenSSL may be set to give points compressed: nobody has asked it to here */
    return EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                           QW_SIGNATURE_PUBLIC_LEN, &len) == 1 &&
           len == QW_SIGNATURE_PUBLIC_LEN;
}

/* Takes pkey. */
static qw_err own(enum qw_signature_algorithm algorithm, EVP_PKEY *pkey, qw_err otherwise,
                  struct qw_signing_key **key)
{
    struct qw_signing_key *k = pkey == NULL ? NULL : calloc(1, sizeof *k);

    if (k == NULL || !read_point(pkey, k->public_half.point)) {
        EVP_PKEY_free(pkey);
        free(k);
        return pkey == NULL ? otherwise : QW_ERR_NOMEM;
    }
    k->pkey = pkey;
    k->public_half.algorithm = algorithm;
    *key = k;
    return QW_OK;
}

qw_err qw_signing_key_new(enum qw_signature_algorithm algorithm, struct qw_signing_key **key)
{
    EVP_PKEY_CTX *context;
    EVP_PKEY *pkey = NULL;

    if (!is_known(algorithm)) {
        return QW_ERR_ARG;
    }
    context = EVP_PKEY_CTX_new_from_name(NULL, key_types[algorithm], NULL);
    if (context == NULL || EVP_PKEY_keygen_init(context) != 1 ||
        (algorithm == QW_SIGNATURE_P256 &&
         EVP_PKEY_CTX_set_group_name(context, curves[algorithm]) != 1) ||
        EVP_PKEY_generate(context, &pkey) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return own(algorithm, pkey, QW_ERR_NOMEM, key);
}

qw_err qw_signing_key_load(enum qw_signature_algorithm algorithm,
                           const uint8_t scalar[static QW_SIGNATURE_PRIVATE_LEN],
                           const uint8_t point[static QW_SIGNATURE_PUBLIC_LEN],
                           struct qw_signing_key **key)
{
    EVP_PKEY *pkey;

    if (!is_known(algorithm)) {
        return QW_ERR_ARG;
    }
    pkey = pkey_of(algorithm, scalar, point);
    if (pkey != NULL && !pair_ok(pkey)) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return own(algorithm, pkey, QW_ERR_FORMAT, key);
}

qw_err qw_signing_key_save(const struct qw_signing_key *key,
                           uint8_t scalar[static QW_SIGNATURE_PRIVATE_LEN])
{
    BIGNUM *number = NULL;
    uint8_t bytes[QW_SIGNATURE_PRIVATE_LEN];
    bool ok = EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
              BN_bn2binpad(number, bytes, sizeof bytes) == (int)sizeof bytes;

    BN_clear_free(number);
    if (ok) {
        memcpy(scalar, bytes, sizeof bytes);
    }
    qw_wipe(bytes, sizeof bytes);
    return ok ? QW_OK : QW_ERR_NOMEM;
}

void qw_signing_key_free(struct qw_signing_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->pkey); /* wipes the scalar */
        free(key);
    }
}

enum qw_signature_algorithm qw_signing_key_algorithm(const struct qw_signing_key *key)
{
    return key->public_half.algorithm;
}

const uint8_t *qw_signing_key_point(const struct qw_signing_key *key)
{
    return key->public_half.point;
}

/* A context for one signature or check; NULL: no memory. */
static EVP_MD_CTX *digest_new(enum qw_signature_algorithm algorithm, EVP_PKEY *pkey,
                              EVP_PKEY_CTX **inner)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();

    *inner = EVP_PKEY_CTX_new(pkey, NULL);
    if (digest == NULL || *inner == NULL ||
        (algorithm == QW_SIGNATURE_SM2 &&
         EVP_PKEY_CTX_set1_id(*inner, sm2_id, sizeof sm2_id - 1) != 1)) {
        EVP_MD_CTX_free(digest);
        return NULL;
    }
    EVP_MD_CTX_set_pkey_ctx(digest, *inner);
    return digest;
}

static const EVP_MD *hash_of(enum qw_signature_algorithm algorithm)
{
    return algorithm == QW_SIGNATURE_SM2 ? EVP_sm3() : EVP_sha256();
}

static bool numbers_of(const uint8_t *der, size_t len, uint8_t *out)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool ok = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, NUMBER_LEN) == NUMBER_LEN &&
              BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + NUMBER_LEN, NUMBER_LEN) == NUMBER_LEN;

    ECDSA_SIG_free(pair);
    return ok;
}

qw_err qw_sign(const struct qw_signing_key *key, const struct qw_bytes *parts, size_t count,
               uint8_t signature[static QW_SIGNATURE_LEN])
{
    enum qw_signature_algorithm algorithm = key->public_half.algorithm;
    EVP_PKEY_CTX *inner;
    EVP_MD_CTX *digest = digest_new(algorithm, key->pkey, &inner);
    uint8_t der[DER_CAP];
    uint8_t numbers[QW_SIGNATURE_LEN];
    size_t len = sizeof der;
    bool ok = digest != NULL &&
              EVP_DigestSignInit(digest, NULL, hash_of(algorithm), NULL, key->pkey) == 1;

    for (size_t i = 0; ok && i < count; i++) {
        ok = EVP_DigestSignUpdate(digest, parts[i].data, parts[i].len) == 1;
    }
    ok = ok && EVP_DigestSignFinal(digest, der, &len) == 1 && numbers_of(der, len, numbers);
    EVP_MD_CTX_free(digest);
    EVP_PKEY_CTX_free(inner);
    if (ok) {
        memcpy(signature, numbers, sizeof numbers);
    }
    return ok ? QW_OK : QW_ERR_NOMEM;
}

/* DER of r and s; 0: no memory. */
static size_t der_of(const uint8_t *numbers, uint8_t der[static DER_CAP])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(numbers, NUMBER_LEN, NULL);
    BIGNUM *s = BN_bin2bn(numbers + NUMBER_LEN, NUMBER_LEN, NULL);
    uint8_t *at = der;
    int len = 0;

    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        len = i2d_ECDSA_SIG(pair, &at);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

qw_err qw_signature_check(const struct qw_public_key *key, const struct qw_bytes *parts,
                          size_t count, const uint8_t signature[static QW_SIGNATURE_LEN])
{
    EVP_PKEY *pkey = is_known(key->algorithm) ? pkey_of(key->algorithm, NULL, key->point) : NULL;
    EVP_PKEY_CTX *inner = NULL;
    EVP_MD_CTX *digest = pkey == NULL ? NULL : digest_new(key->algorithm, pkey, &inner);
    uint8_t der[DER_CAP];
    size_t len = der_of(signature, der);
    bool ok = digest != NULL && len > 0 &&
              EVP_DigestVerifyInit(digest, NULL, hash_of(key->algorithm), NULL, pkey) == 1;

    for (size_t i = 0; ok && i < count; i++) {
        ok = EVP_DigestVerifyUpdate(digest, parts[i].data, parts[i].len) == 1;
    }
    ok = ok && EVP_DigestVerifyFinal(digest, der, len) == 1;
    EVP_MD_CTX_free(digest);
    EVP_PKEY_CTX_free(inner);
    EVP_PKEY_free(pkey);
    return ok ? QW_OK : QW_ERR_AUTH;
}

qw_err qw_public_key_write(const struct qw_public_key *key, char pem[static QW_SIGNATURE_PEM_CAP])
{
    EVP_PKEY *pkey = is_known(key->algorithm) ? pkey_of(key->algorithm, NULL, key->point) : NULL;
    BIO *memory = BIO_new(BIO_s_mem());
    int len = 0;
    char text[QW_SIGNATURE_PEM_CAP];

    if (pkey != NULL && memory != NULL && PEM_write_bio_PUBKEY(memory, pkey) == 1) {
        len = BIO_read(memory, text, (int)sizeof text - 1);
    }
    BIO_free(memory);
    EVP_PKEY_free(pkey);
    if (len <= 0) {
        return QW_ERR_FORMAT;
    }
    text[len] = '\0';
    memcpy(pem, text, (size_t)len + 1);
    return QW_OK;
}

qw_err qw_public_key_read(const char *pem, size_t len, struct qw_public_key *key)
{
    BIO *memory = len <= 65536 ? BIO_new_mem_buf(pem, (int)len) : NULL;
    EVP_PKEY *pkey = memory == NULL ? NULL : PEM_read_bio_PUBKEY(memory, NULL, NULL, NULL);
    struct qw_public_key k = { .algorithm = QW_SIGNATURE_NONE };
    char curve[32] = "";

    if (pkey != NULL && EVP_PKEY_get_group_name(pkey, curve, sizeof curve, NULL) == 1) {
        k.algorithm = strcmp(curve, "prime256v1") == 0 ? QW_SIGNATURE_P256
                      : strcmp(curve, "SM2") == 0      ? QW_SIGNATURE_SM2
                                                       : QW_SIGNATURE_NONE;
    }
    if (k.algorithm != QW_SIGNATURE_NONE && !read_point(pkey, k.point)) {
        k.algorithm = QW_SIGNATURE_NONE;
    }
    EVP_PKEY_free(pkey);
    BIO_free(memory);
    if (k.algorithm == QW_SIGNATURE_NONE) {
        return QW_ERR_FORMAT;
    }
    *key = k;
    return QW_OK;
}
