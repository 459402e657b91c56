/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ipsec/ike_open.h"

#include "base/secret.h"
#include "crypto/ipsec/prf.h"

#include <openssl/evp.h>
#include <string.h>

enum { TAG_MAX = 32 };

struct parts { /* of a message; all borrowed */
    struct qw_bytes head;
    const uint8_t *iv, *text, *tag;
    size_t text_len, tag_len;
};

/* False for lengths that no message of this suite has. */
static bool divide(struct qw_ipsec_suite suite, const uint8_t *message, size_t len, size_t head_len,
                   struct parts *out)
{
    size_t iv_len = qw_ipsec_iv_len(suite);
    size_t tag_len = qw_ipsec_tag_len(suite);
    size_t around = head_len + iv_len + tag_len;

    if (len > QW_IKE_MESSAGE_MAX || head_len > len || len <= around) {
        return false;
    }
    out->head = (struct qw_bytes){ message, head_len };
    out->iv = message + head_len;
    out->text = out->iv + iv_len;
    out->text_len = len - around;
    out->tag = out->text + out->text_len;
    out->tag_len = tag_len;
    return qw_ipsec_suite_is_aead(suite) || out->text_len % QW_IPSEC_BLOCK_LEN == 0;
}

static qw_err open_aead(EVP_CIPHER_CTX *context, struct qw_ipsec_suite suite,
                        const struct qw_ike_key *key, const struct parts *parts, uint8_t *out)
{
    uint8_t nonce[QW_IPSEC_NONCE_LEN]; /* [RFC 5282 4] [RFC 7634 3] */
    uint8_t tag[TAG_MAX];
    int done = 0;

    memcpy(nonce, key->encryption + suite.key_len, QW_IPSEC_SALT_LEN);
    memcpy(nonce + QW_IPSEC_SALT_LEN, parts->iv, qw_ipsec_iv_len(suite));
    memcpy(tag, parts->tag, parts->tag_len); /* the control call takes a pointer to non-const */
    if (EVP_DecryptInit_ex(context, qw_ipsec_cipher(suite), NULL, key->encryption, nonce) != 1 ||
        EVP_DecryptUpdate(context, NULL, &done, parts->head.data, (int)parts->head.len) != 1 ||
        EVP_DecryptUpdate(context, out, &done, parts->text, (int)parts->text_len) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)parts->tag_len, tag) != 1) {
        return QW_ERR_NOMEM;
    }
    return EVP_DecryptFinal_ex(context, out + done, &done) == 1 ? QW_OK : QW_ERR_AUTH;
}

static qw_err open_cbc(EVP_CIPHER_CTX *context, struct qw_ipsec_suite suite,
                       const struct qw_ike_key *key, const struct parts *parts, uint8_t *out)
{
    uint8_t tag[QW_IPSEC_PRF_LEN_MAX];
    int done = 0;
    qw_err err = qw_ipsec_prf_apply(
        qw_ipsec_suite_digest(suite),
        (struct qw_bytes){ key->integrity, qw_ipsec_integrity_len(suite) },
        (struct qw_bytes){ parts->head.data,
                           (size_t)(parts->tag - (const uint8_t *)parts->head.data) },
        tag);

    if (err != QW_OK) {
        return QW_ERR_NOMEM;
    }
    if (!qw_equal_ct(tag, parts->tag, parts->tag_len)) {
        return QW_ERR_AUTH;
    }
    return EVP_DecryptInit_ex(context, qw_ipsec_cipher(suite), NULL, key->encryption, parts->iv) ==
                       1 &&
                   EVP_CIPHER_CTX_set_padding(context, 0) == 1 && /* its padding is IKE's own */
                   EVP_DecryptUpdate(context, out, &done, parts->text, (int)parts->text_len) == 1
               ? QW_OK
               : QW_ERR_NOMEM;
}

qw_err qw_ike_open(struct qw_ipsec_suite suite, const struct qw_ike_key *key,
                   const uint8_t *message, size_t len, size_t head_len, uint8_t *out,
                   size_t *out_len)
{
    struct parts parts;
    EVP_CIPHER_CTX *context;
    qw_err err = QW_ERR_NOMEM;

    if (!divide(suite, message, len, head_len, &parts)) {
        return QW_ERR_FORMAT;
    }
    context = EVP_CIPHER_CTX_new();
    if (context != NULL) {
        err = qw_ipsec_suite_is_aead(suite) ? open_aead(context, suite, key, &parts, out)
                                            : open_cbc(context, suite, key, &parts, out);
    }
    EVP_CIPHER_CTX_free(context); /* NULL is fine; wipes */
    if (err == QW_OK && out[parts.text_len - 1] >= parts.text_len) {
        err = QW_ERR_FORMAT; /* the last octet counts those of padding before it */
    }
    if (err != QW_OK) {
        qw_wipe(out, parts.text_len);
        return err;
    }
    *out_len = parts.text_len - 1 - out[parts.text_len - 1];
    return QW_OK;
}
