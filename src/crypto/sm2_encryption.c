/* SPDX-License-Identifier: Apache-2.0 */
/* The library computes; it speaks the ASN.1 of GM/T 0009: SEQUENCE { INTEGER x, INTEGER y, OCTET
 * STRING C3, OCTET STRING C2 }, which is turned into plain bytes and back here [GB/T 32918.4]. */
#include "crypto/sm2_encryption.h"

#include "base/secret.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <string.h>

enum {
    WORD_LEN = 32, /* a coordinate, and C3 */
    UNCOMPRESSED = 0x04,
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_SEQUENCE = 0x30,
    LONG_LENGTH = 0x81, /* one byte of length follows */
    DER_MAX = 3 + 2 * (2 + 1 + WORD_LEN) + (2 + WORD_LEN) + (2 + QW_SM2_TEXT_MAX)
};
_Static_assert(DER_MAX - 3 <= 255, "a length of one byte");

/* The value of the next element, and what is behind it in *at. */
static bool take(const uint8_t **at, const uint8_t *end, uint8_t tag, struct qw_bytes *value)
{
    const uint8_t *p = *at;

    if (end - p < 2 || p[0] != tag) {
        return false;
    }
    value->len = p[1];
    p += 2;
    if (value->len == LONG_LENGTH && p < end) {
        value->len = *p++;
    } else if (value->len >= 0x80) {
        return false;
    }
    if ((size_t)(end - p) < value->len) {
        return false;
    }
    value->data = p;
    *at = p + value->len;
    return true;
}

static bool take_coordinate(const uint8_t **at, const uint8_t *end, uint8_t out[static WORD_LEN])
{
    struct qw_bytes value;
    const uint8_t *digits;

    if (!take(at, end, TAG_INTEGER, &value) || value.len == 0 || value.len > WORD_LEN + 1) {
        return false;
    }
    digits = value.data;
    if (value.len == WORD_LEN + 1) { /* a zero before a first bit that would be a sign */
        if (digits[0] != 0) {
            return false;
        }
        digits++;
        value.len--;
    }
    memset(out, 0, WORD_LEN);
    memcpy(out + WORD_LEN - value.len, digits, value.len);
    return true;
}

static bool from_der(const uint8_t *der, size_t der_len, size_t len, uint8_t *sealed)
{
    const uint8_t *at = der;
    struct qw_bytes all, hash, text;
    const uint8_t *end;

    if (!take(&at, der + der_len, TAG_SEQUENCE, &all) || at != der + der_len) {
        return false;
    }
    at = all.data;
    end = at + all.len;
    sealed[0] = UNCOMPRESSED;
    if (!take_coordinate(&at, end, sealed + 1) ||
        !take_coordinate(&at, end, sealed + 1 + WORD_LEN) || !take(&at, end, TAG_OCTETS, &hash) ||
        hash.len != WORD_LEN || !take(&at, end, TAG_OCTETS, &text) || text.len != len ||
        at != end) {
        return false;
    }
    memcpy(sealed + QW_SM2_POINT_LEN, hash.data, WORD_LEN);
    memcpy(sealed + QW_SM2_OVERHEAD, text.data, len);
    return true;
}

static uint8_t *put(uint8_t *at, uint8_t tag, const uint8_t *value, size_t len)
{
    *at++ = tag;
    *at++ = (uint8_t)len;
    memcpy(at, value, len);
    return at + len;
}

static uint8_t *put_coordinate(uint8_t *at, const uint8_t value[static WORD_LEN])
{
    uint8_t padded[WORD_LEN + 1] = { 0 };
    size_t first = 0; /* the shortest form that is not negative */

    memcpy(padded + 1, value, WORD_LEN);
    while (first < WORD_LEN && padded[first] == 0 && (padded[first + 1] & 0x80) == 0) {
        first++;
    }
    return put(at, TAG_INTEGER, padded + first, sizeof padded - first);
}

/* Returns its length. */
static size_t to_der(const uint8_t *sealed, size_t text_len, uint8_t der[static DER_MAX])
{
    uint8_t content[DER_MAX];
    uint8_t *at = put_coordinate(content, sealed + 1);
    size_t len;

    at = put_coordinate(at, sealed + 1 + WORD_LEN);
    at = put(at, TAG_OCTETS, sealed + QW_SM2_POINT_LEN, WORD_LEN);
    at = put(at, TAG_OCTETS, sealed + QW_SM2_OVERHEAD, text_len);
    len = (size_t)(at - content);
    der[0] = TAG_SEQUENCE;
    if (len < 0x80) {
        der[1] = (uint8_t)len;
        memcpy(der + 2, content, len);
        return len + 2;
    }
    der[1] = LONG_LENGTH;
    der[2] = (uint8_t)len;
    memcpy(der + 3, content, len);
    return len + 3;
}

qw_err qw_sm2_encrypt(EVP_PKEY *key, const uint8_t *text, size_t len, uint8_t *sealed)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    uint8_t made[QW_SM2_OVERHEAD + QW_SM2_TEXT_MAX];
    uint8_t der[256]; /* the library wants room for what it expects, and a little more */
    size_t der_len = sizeof der;
    qw_err err = QW_OK;

    qw_assert(len >= 1 && len <= QW_SM2_TEXT_MAX);
    if (context == NULL || EVP_PKEY_encrypt_init(context) != 1 ||
        EVP_PKEY_encrypt(context, der, &der_len, text, len) != 1 ||
        !from_der(der, der_len, len, made)) {
        err = QW_ERR_NOMEM;
    }
    if (err == QW_OK) {
        memcpy(sealed, made, len + QW_SM2_OVERHEAD);
    }
    EVP_PKEY_CTX_free(context);
    return err;
}

qw_err qw_sm2_decrypt(EVP_PKEY *key, const uint8_t *sealed, size_t len, uint8_t *text)
{
    EVP_PKEY_CTX *context;
    uint8_t der[DER_MAX];
    uint8_t found[QW_SM2_TEXT_MAX];
    size_t found_len = sizeof found;
    qw_err err = QW_OK;

    if (len <= QW_SM2_OVERHEAD || len > QW_SM2_OVERHEAD + QW_SM2_TEXT_MAX ||
        sealed[0] != UNCOMPRESSED) {
        return QW_ERR_FORMAT;
    }
    context = EVP_PKEY_CTX_new(key, NULL);
    if (context == NULL || EVP_PKEY_decrypt_init(context) != 1) {
        err = QW_ERR_NOMEM;
    } else if (EVP_PKEY_decrypt(context, found, &found_len, der,
                                to_der(sealed, len - QW_SM2_OVERHEAD, der)) != 1 ||
               found_len != len - QW_SM2_OVERHEAD) {
        err = QW_ERR_AUTH;
    }
    if (err == QW_OK) {
        memcpy(text, found, found_len);
    }
    qw_wipe(found, sizeof found);
    EVP_PKEY_CTX_free(context);
    return err;
}
