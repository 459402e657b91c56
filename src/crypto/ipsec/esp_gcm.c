/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ipsec/esp_gcm.h"

#include "base/secret.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_LEN = 1024, PACKET_MAX = 65535 };

struct qw_esp_gcm {
    EVP_CIPHER_CTX *context; /* holds the expanded key */
    uint8_t salt[QW_ESP_SALT_LEN];
};

qw_err qw_esp_gcm_new(const uint8_t *keymat, size_t key_len, struct qw_esp_gcm **out)
{
    struct qw_esp_gcm *gcm;
    qw_err err = QW_OK;

    if (key_len != 16 && key_len != 32) {
        return QW_ERR_ARG;
    }
    gcm = calloc(1, sizeof *gcm);
    if (gcm == NULL) {
        return QW_ERR_NOMEM;
    }
    gcm->context = EVP_CIPHER_CTX_new();
    if (gcm->context == NULL ||
        EVP_DecryptInit_ex(gcm->context, key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(),
                           NULL, keymat, NULL) != 1) {
        err = QW_ERR_NOMEM;
        goto out;
    }
    memcpy(gcm->salt, keymat + key_len, sizeof gcm->salt);
    *out = gcm;
    gcm = NULL; /* now the caller's */
out:
    qw_esp_gcm_free(gcm);
    return err;
}

void qw_esp_gcm_free(struct qw_esp_gcm *gcm)
{
    if (gcm != NULL) {
        EVP_CIPHER_CTX_free(gcm->context); /* NULL is fine; wipes */
        qw_wipe_free(gcm, sizeof *gcm);
    }
}

bool qw_esp_gcm_opens(struct qw_esp_gcm *gcm, const uint8_t *packet, size_t len)
{
    uint8_t nonce[QW_ESP_SALT_LEN + QW_ESP_IV_LEN]; /* [RFC 4106 4] */
    uint8_t tag[QW_ESP_TAG_LEN];
    uint8_t piece[PIECE_LEN];
    size_t at = QW_ESP_HEAD_LEN + QW_ESP_IV_LEN;
    size_t end;
    int done = 0;
    bool ok;

    if (len < QW_ESP_LEN_MIN || len > PACKET_MAX) {
        return false;
    }
    end = len - QW_ESP_TAG_LEN;
    memcpy(nonce, gcm->salt, QW_ESP_SALT_LEN);
    memcpy(nonce + QW_ESP_SALT_LEN, packet + QW_ESP_HEAD_LEN, QW_ESP_IV_LEN);
    memcpy(tag, packet + end, sizeof tag); /* the control call takes a pointer to non-const */
    ok = EVP_DecryptInit_ex(gcm->context, NULL, NULL, NULL, nonce) == 1 &&
         EVP_DecryptUpdate(gcm->context, NULL, &done, packet, QW_ESP_HEAD_LEN) ==
             1 && /* [RFC 4106 5] */
         EVP_CIPHER_CTX_ctrl(gcm->context, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1;
    while (ok && at < end) {
        size_t step = end - at < PIECE_LEN ? end - at : PIECE_LEN;

        ok = EVP_DecryptUpdate(gcm->context, piece, &done, packet + at, (int)step) == 1;
        at += step;
    }
    ok = ok && EVP_DecryptFinal_ex(gcm->context, piece, &done) == 1; /* compares the tag */
    qw_wipe(piece, sizeof piece);
    return ok;
}
