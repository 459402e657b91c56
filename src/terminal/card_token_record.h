/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_TOKEN_RECORD_H
#define QW_TERMINAL_CARD_TOKEN_RECORD_H

#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/custody/pkcs11_token.h"

#include <stddef.h>
#include <stdint.h>

/* The data object that holds the state of a card on a token: the body under a key of this one
 * record, and that key under a key of the token, which is of this one record as well. Layout:
 * docs/protocol/card-token.md. */
enum {
    QW_CARD_RECORD_KEY_AT = 4 + 8 + QW_PKCS11_ID_LEN + QW_PKCS11_NONCE_LEN,
    QW_CARD_RECORD_HEAD_LEN = QW_CARD_RECORD_KEY_AT + 32 + QW_PKCS11_TAG_LEN,
    QW_CARD_RECORD_OVERHEAD = QW_CARD_RECORD_HEAD_LEN + QW_AEAD_OVERHEAD
};

struct qw_card_record {
    uint64_t generation; /* of the body */
    uint8_t key_id[QW_PKCS11_ID_LEN];
};

/* Seals len bytes of body under the key that token uses now, whose id record has.
 * out: len + QW_CARD_RECORD_OVERHEAD bytes. QW_ERR_IO: the token failed. */
qw_err qw_card_record_seal(struct qw_pkcs11 *token, const struct qw_card_record *record,
                           const uint8_t *body, size_t len, uint8_t *out) QW_MUST_USE;
/* The head alone, to find the key. QW_ERR_FORMAT: it is no record. */
qw_err qw_card_record_peek(const uint8_t *data, size_t len,
                           struct qw_card_record *record) QW_MUST_USE;
/* body: len - QW_CARD_RECORD_OVERHEAD bytes of secret memory. The key of the record is the one that
 * token uses now. QW_ERR_FORMAT: no record, or altered; QW_ERR_IO. */
qw_err qw_card_record_open(struct qw_pkcs11 *token, const uint8_t *data, size_t len,
                           uint8_t *body) QW_MUST_USE;

#endif
