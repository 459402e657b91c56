/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/recipient.h"

#include "base/secret.h"
#include "crypto/hash.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { SHARED_LEN = 32, PEM_MAX = 65536 };
static const char info[] = "qwave recipient";
static const char curve[] = "P-256";

struct qw_recipient {
    EVP_PKEY *key;
    bool has_private;
    uint8_t point[QW_RECIPIENT_POINT_LEN];
};

static bool read_point(EVP_PKEY *key, uint8_t point[static QW_RECIPIENT_POINT_LEN])
{
    char group[32] = "";
    size_t len = 0;

    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
           strcmp(group, "prime256v1") == 0 &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
                                           QW_RECIPIENT_POINT_LEN, &len) == 1 &&
           len == QW_RECIPIENT_POINT_LEN;
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
    if (r->key == NULL || !read_point(r->key, r->point)) {
        qw_recipient_free(r);
        return QW_ERR_FORMAT;
    }
    *recipient = r;
    return QW_OK;
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

void qw_recipient_hash(const struct qw_recipient *recipient,
                       uint8_t hash[static QW_RECIPIENT_HASH_LEN])
{
    struct qw_bytes part = { recipient->point, sizeof recipient->point };
    qw_err err = qw_hash_of(QW_HASH_SHA256, &part, 1, hash);

    qw_assert(err == QW_OK); /* SHA-256 is there: the self-test has used it */
}

/* One private half and the other's public one. */
static bool agree(EVP_PKEY *own, EVP_PKEY *other, uint8_t shared[static SHARED_LEN])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    size_t len = SHARED_LEN;
    bool ok = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer(context, other) == 1 &&
              EVP_PKEY_derive(context, shared, &len) == 1 && len == SHARED_LEN;

    EVP_PKEY_CTX_free(context);
    return ok;
}

/* Both points are in the key: one that was exchanged gives another key. */
static qw_err derive(EVP_PKEY *own, EVP_PKEY *other, const uint8_t *one_time, const uint8_t *reader,
                     uint8_t key[static QW_RECIPIENT_KEY_LEN])
{
    uint8_t shared[SHARED_LEN];
    uint8_t points[2 * QW_RECIPIENT_POINT_LEN];
    qw_err err = agree(own, other, shared) ? QW_OK : QW_ERR_NOMEM;

    memcpy(points, one_time, QW_RECIPIENT_POINT_LEN);
    memcpy(points + QW_RECIPIENT_POINT_LEN, reader, QW_RECIPIENT_POINT_LEN);
    if (err == QW_OK) {
        err = qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ points, sizeof points },
                      (struct qw_bytes){ shared, sizeof shared },
                      (struct qw_bytes){ info, sizeof info - 1 }, key, QW_RECIPIENT_KEY_LEN);
    }
    qw_wipe(shared, sizeof shared);
    return err;
}

qw_err qw_recipient_wrap(const struct qw_recipient *recipient,
                         uint8_t point[static QW_RECIPIENT_POINT_LEN],
                         uint8_t key[static QW_RECIPIENT_KEY_LEN])
{
    EVP_PKEY *one_time = EVP_EC_gen(curve);
    uint8_t public_half[QW_RECIPIENT_POINT_LEN];
    qw_err err = one_time != NULL && read_point(one_time, public_half) ? QW_OK : QW_ERR_NOMEM;

    if (err == QW_OK) {
        err = derive(one_time, recipient->key, public_half, recipient->point, key);
    }
    if (err == QW_OK) {
        memcpy(point, public_half, sizeof public_half);
    }
    EVP_PKEY_free(one_time);
    return err;
}

/* NULL: not a point of the curve. */
static EVP_PKEY *pkey_of(const uint8_t point[static QW_RECIPIENT_POINT_LEN])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char name[sizeof curve]; /* the parameters borrow what they do not change */
    uint8_t copy[QW_RECIPIENT_POINT_LEN];
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

qw_err qw_recipient_unwrap(const struct qw_recipient *recipient,
                           const uint8_t point[static QW_RECIPIENT_POINT_LEN],
                           uint8_t key[static QW_RECIPIENT_KEY_LEN])
{
    EVP_PKEY *one_time;
    qw_err err;

    if (!recipient->has_private) {
        return QW_ERR_ARG;
    }
    one_time = pkey_of(point);
    err = one_time == NULL ? QW_ERR_FORMAT
                           : derive(recipient->key, one_time, point, recipient->point, key);
    EVP_PKEY_free(one_time);
    return err;
}
