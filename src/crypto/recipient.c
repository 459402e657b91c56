/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/recipient.h"

#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/sm2_encryption.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_LEN = 32, POINT_LEN = 65, PEM_MAX = 65536 };
_Static_assert((int)QW_RECIPIENT_P256_LEN == (int)POINT_LEN, "a point");
_Static_assert((int)QW_RECIPIENT_SM2_LEN == QW_SM2_OVERHEAD + SECRET_LEN, "a secret, encrypted");

static const struct kind {
    const char *type, *group; /* the library's */
    enum qw_hash hash;
    const char *info;
    size_t wrapped_len;
} kinds[] = {
    [QW_RECIPIENT_P256] = { "EC", "prime256v1", QW_HASH_SHA256, "qwave recipient",
                            QW_RECIPIENT_P256_LEN },
    [QW_RECIPIENT_SM2] = { "SM2", "SM2", QW_HASH_SM3, "qwave recipient sm2", QW_RECIPIENT_SM2_LEN },
};
static const char curve[] = "P-256";

struct qw_recipient {
    EVP_PKEY *key;
    enum qw_recipient_kind kind;
    bool has_private;
    uint8_t point[POINT_LEN];
};

static bool read_point(EVP_PKEY *key, enum qw_recipient_kind kind, uint8_t point[static POINT_LEN])
{
    char group[32] = "";
    size_t len = 0;

    return EVP_PKEY_is_a(key, kinds[kind].type) == 1 &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
           strcmp(group, kinds[kind].group) == 0 &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
                                           POINT_LEN, &len) == 1 &&
           len == POINT_LEN;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *out, int cap, int is_writing, void *self)
{
    (void)out;
    (void)cap;
    (void)is_writing;
    (void)self;
    return -1;
}

static EVP_PKEY *read_pem(const void *pem, size_t len, bool *has_private)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    *has_private = key != NULL;
    if (key == NULL && bio != NULL && BIO_reset(bio) == 1) {
        key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    }
    BIO_free(bio);
    return key;
}

qw_err qw_recipient_read(const void *pem, size_t len, struct qw_recipient **recipient)
{
    struct qw_recipient *r;

    if (len == 0 || len > PEM_MAX) {
        return QW_ERR_FORMAT;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return QW_ERR_NOMEM;
    }
    r->key = read_pem(pem, len, &r->has_private);
    for (int kind = QW_RECIPIENT_P256; r->key != NULL && kind <= QW_RECIPIENT_SM2; kind++) {
        r->kind = (enum qw_recipient_kind)kind;
        if (read_point(r->key, r->kind, r->point)) {
            *recipient = r;
            return QW_OK;
        }
    }
    qw_recipient_free(r);
    return QW_ERR_FORMAT;
}

void qw_recipient_free(struct qw_recipient *recipient)
{
    if (recipient != NULL) {
        EVP_PKEY_free(recipient->key);
        free(recipient);
    }
}

bool qw_recipient_can_open(const struct qw_recipient *recipient)
{
    return recipient->has_private;
}

enum qw_recipient_kind qw_recipient_kind(const struct qw_recipient *recipient)
{
    return recipient->kind;
}

size_t qw_recipient_wrapped_len(enum qw_recipient_kind kind)
{
    return kinds[kind].wrapped_len;
}

void qw_recipient_hash(const struct qw_recipient *recipient,
                       uint8_t hash[static QW_RECIPIENT_HASH_LEN])
{
    struct qw_bytes part = { recipient->point, sizeof recipient->point };
    qw_err err = qw_hash_of(QW_HASH_SHA256, &part, 1, hash);

    qw_assert(err == QW_OK); /* SHA-256 is there: the self-test has used it */
}

/* One private half and the other's public one. */
static bool agree(EVP_PKEY *own, EVP_PKEY *other, uint8_t shared[static SECRET_LEN])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    size_t len = SECRET_LEN;
    bool ok = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer(context, other) == 1 &&
              EVP_PKEY_derive(context, shared, &len) == 1 && len == SECRET_LEN;

    EVP_PKEY_CTX_free(context);
    return ok;
}

/* Takes the secret and wipes it. */
static qw_err derive(const struct qw_recipient *recipient, uint8_t secret[static SECRET_LEN],
                     const uint8_t *wrapped, uint8_t key[static QW_RECIPIENT_KEY_LEN])
{
    const struct kind *kind = &kinds[recipient->kind];
    uint8_t both[QW_RECIPIENT_WRAPPED_MAX + POINT_LEN];
    qw_err err;

    memcpy(both, wrapped, kind->wrapped_len);
    memcpy(both + kind->wrapped_len, recipient->point, POINT_LEN);
    err = qw_hkdf(kind->hash, (struct qw_bytes){ both, kind->wrapped_len + POINT_LEN },
                  (struct qw_bytes){ secret, SECRET_LEN },
                  (struct qw_bytes){ kind->info, strlen(kind->info) }, key, QW_RECIPIENT_KEY_LEN);
    qw_wipe(secret, SECRET_LEN);
    return err;
}

static qw_err wrap_p256(const struct qw_recipient *recipient, uint8_t *wrapped,
                        uint8_t secret[static SECRET_LEN])
{
    EVP_PKEY *one_time = EVP_EC_gen(curve);
    qw_err err = one_time != NULL && read_point(one_time, QW_RECIPIENT_P256, wrapped) &&
                         agree(one_time, recipient->key, secret)
                     ? QW_OK
                     : QW_ERR_NOMEM;

    EVP_PKEY_free(one_time);
    return err;
}

static qw_err wrap_sm2(const struct qw_recipient *recipient, uint8_t *wrapped,
                       uint8_t secret[static SECRET_LEN])
{
    qw_err err = qw_random_bytes(secret, SECRET_LEN);

    return err == QW_OK ? qw_sm2_encrypt(recipient->key, secret, SECRET_LEN, wrapped) : err;
}

qw_err qw_recipient_wrap(const struct qw_recipient *recipient, uint8_t *wrapped,
                         uint8_t key[static QW_RECIPIENT_KEY_LEN])
{
    uint8_t made[QW_RECIPIENT_WRAPPED_MAX];
    uint8_t secret[SECRET_LEN];
    qw_err err = recipient->kind == QW_RECIPIENT_SM2 ? wrap_sm2(recipient, made, secret)
                                                     : wrap_p256(recipient, made, secret);

    if (err == QW_OK) {
        err = derive(recipient, secret, made, key);
    }
    if (err == QW_OK) {
        memcpy(wrapped, made, kinds[recipient->kind].wrapped_len);
    }
    qw_wipe(secret, sizeof secret);
    return err;
}

/* NULL: not a point of the curve. */
static EVP_PKEY *pkey_of(const uint8_t point[static POINT_LEN])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char name[sizeof curve]; /* the parameters borrow what they do not change */
    uint8_t copy[POINT_LEN];
    EVP_PKEY *key = NULL;
    OSSL_PARAM parameters[3];

    memcpy(name, curve, sizeof name);
    memcpy(copy, point, sizeof copy);
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy);
    parameters[2] = OSSL_PARAM_construct_end();
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

static qw_err unwrap_p256(const struct qw_recipient *recipient, const uint8_t *wrapped,
                          uint8_t secret[static SECRET_LEN])
{
    EVP_PKEY *one_time = pkey_of(wrapped);
    qw_err err = one_time == NULL                          ? QW_ERR_FORMAT
                 : agree(recipient->key, one_time, secret) ? QW_OK
                                                           : QW_ERR_NOMEM;

    EVP_PKEY_free(one_time);
    return err;
}

qw_err qw_recipient_unwrap(const struct qw_recipient *recipient, const uint8_t *wrapped,
                           uint8_t key[static QW_RECIPIENT_KEY_LEN])
{
    uint8_t secret[SECRET_LEN];
    qw_err err;

    if (!recipient->has_private) {
        return QW_ERR_ARG;
    }
    err = recipient->kind == QW_RECIPIENT_SM2
              ? qw_sm2_decrypt(recipient->key, wrapped, QW_RECIPIENT_SM2_LEN, secret)
              : unwrap_p256(recipient, wrapped, secret);
    return err == QW_OK ? derive(recipient, secret, wrapped, key) : err;
}
