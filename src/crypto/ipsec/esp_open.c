/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ipsec/esp_open.h"

#include "base/secret.h"
#include "crypto/ipsec/prf.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_LEN = 1024, PACKET_MAX = 65535, WORD_LEN = 4, TAG_MAX = 32 };

struct qw_esp_opener {
    struct qw_ipsec_suite suite;
    EVP_CIPHER_CTX *context;                   /* of an AEAD: holds the expanded key; else NULL */
    uint8_t salt[QW_IPSEC_SALT_LEN];           /* of an AEAD */
    uint8_t integrity[QW_IPSEC_INTEGRITY_MAX]; /* of an HMAC */
};

size_t qw_esp_key_len(struct qw_ipsec_suite suite)
{
    return qw_ipsec_encryption_len(suite) + qw_ipsec_integrity_len(suite);
}

static qw_err key_aead(struct qw_esp_opener *opener, const uint8_t *keymat)
{
    opener->context = EVP_CIPHER_CTX_new();
    if (opener->context == NULL ||
        EVP_DecryptInit_ex(opener->context, qw_ipsec_cipher(opener->suite), NULL, keymat, NULL) !=
            1) {
        return QW_ERR_NOMEM;
    }
    memcpy(opener->salt, keymat + opener->suite.key_len, sizeof opener->salt);
    return QW_OK;
}

qw_err qw_esp_opener_new(struct qw_ipsec_suite suite, const uint8_t *keymat,
                         struct qw_esp_opener **out)
{
    struct qw_esp_opener *opener;
    qw_err err = QW_OK;

    if (!qw_ipsec_suite_is_known(suite)) {
        return QW_ERR_ARG;
    }
    opener = calloc(1, sizeof *opener);
    if (opener == NULL) {
        return QW_ERR_NOMEM;
    }
    opener->suite = suite;
    if (qw_ipsec_suite_is_aead(suite)) {
        err = key_aead(opener, keymat);
    } else { /* whether a packet was made under the key, its tag alone tells */
        memcpy(opener->integrity, keymat + suite.key_len, qw_ipsec_integrity_len(suite));
    }
    if (err != QW_OK) {
        qw_esp_opener_free(opener);
        return err;
    }
    *out = opener;
    return QW_OK;
}

void qw_esp_opener_free(struct qw_esp_opener *opener)
{
    if (opener != NULL) {
        EVP_CIPHER_CTX_free(opener->context); /* NULL is fine; wipes */
        qw_wipe_free(opener, sizeof *opener);
    }
}

/* begin, end: of the ciphertext. */
static bool opens_aead(struct qw_esp_opener *opener, const uint8_t *packet, size_t begin,
                       size_t end)
{
    uint8_t nonce[QW_IPSEC_NONCE_LEN]; /* [RFC 4106 4] [RFC 7634 2] */
    uint8_t tag[TAG_MAX];
    uint8_t piece[PIECE_LEN];
    size_t tag_len = qw_ipsec_tag_len(opener->suite);
    int done = 0;
    bool ok;

    memcpy(nonce, opener->salt, QW_IPSEC_SALT_LEN);
    memcpy(nonce + QW_IPSEC_SALT_LEN, packet + QW_ESP_HEAD_LEN, begin - QW_ESP_HEAD_LEN);
    memcpy(tag, packet + end, tag_len); /* the control call takes a pointer to non-const */
    ok = EVP_DecryptInit_ex(opener->context, NULL, NULL, NULL, nonce) == 1 &&
         EVP_DecryptUpdate(opener->context, NULL, &done, packet, QW_ESP_HEAD_LEN) ==
             1 && /* [RFC 4106 5] [RFC 7634 2.1] */
         EVP_CIPHER_CTX_ctrl(opener->context, EVP_CTRL_AEAD_SET_TAG, (int)tag_len, tag) == 1;
    for (size_t at = begin; ok && at < end;) {
        size_t step = end - at < PIECE_LEN ? end - at : PIECE_LEN;

        ok = EVP_DecryptUpdate(opener->context, piece, &done, packet + at, (int)step) == 1;
        at += step;
    }
    ok = ok && EVP_DecryptFinal_ex(opener->context, piece, &done) == 1; /* compares the tag */
    qw_wipe(piece, sizeof piece);
    return ok;
}

static bool opens_hmac(const struct qw_esp_opener *opener, const uint8_t *packet, size_t end)
{
    uint8_t tag[QW_IPSEC_PRF_LEN_MAX];

    return qw_ipsec_prf_apply(
               qw_ipsec_suite_digest(opener->suite),
               (struct qw_bytes){ opener->integrity, qw_ipsec_integrity_len(opener->suite) },
               (struct qw_bytes){ packet, end }, tag) == QW_OK &&
           qw_equal_ct(tag, packet + end, qw_ipsec_tag_len(opener->suite));
}

bool qw_esp_opens(struct qw_esp_opener *opener, const uint8_t *packet, size_t len)
{
    bool is_aead = qw_ipsec_suite_is_aead(opener->suite);
    size_t begin = QW_ESP_HEAD_LEN + qw_ipsec_iv_len(opener->suite);
    size_t tag_len = qw_ipsec_tag_len(opener->suite);
    size_t text_len;

    if (len < begin + WORD_LEN + tag_len || len > PACKET_MAX) {
        return false;
    }
    text_len = len - begin - tag_len;
    if (!is_aead && text_len % QW_IPSEC_BLOCK_LEN != 0) {
        return false;
    }
    return is_aead ? opens_aead(opener, packet, begin, len - tag_len)
                   : opens_hmac(opener, packet, len - tag_len);
}
