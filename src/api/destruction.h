/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_DESTRUCTION_H
#define QW_API_DESTRUCTION_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A centre orders a card to erase itself, the card proves that it did, the centre says that it has
 * booked the proof [C8 A4]; docs/protocol/card-destroy.md. Order and proof end in HMAC-SHA-256. */
enum {
    QW_ORDER_NONCE_LEN = 16,
    QW_ORDER_DONE_LEN = 32,
    QW_ORDER_LEN = 4 + 16 + 1 + 4 + 16 + 32 + 32,
    QW_DESTROY_PROOF_LEN = 4 + 16 + 4 + 16 + 3 * 8 + 2 * 4 + 16 + 32,
    QW_ORDER_DONE_MESSAGE_LEN = 4 + 16 + 16 + 32
};

struct qw_destroy_order {
    uint8_t serial[16];
    uint32_t epoch;
    uint8_t nonce[QW_ORDER_NONCE_LEN];
    uint8_t done_hash[32]; /* SHA-256 of the done of this order */
};
qw_err qw_destroy_order_seal(const struct qw_destroy_order *order,
                             const uint8_t order_key[static 32],
                             uint8_t out[static QW_ORDER_LEN]) QW_MUST_USE;
/* QW_ERR_FORMAT, QW_ERR_AUTH; *order is untouched then. */
qw_err qw_destroy_order_open(const uint8_t *data, size_t len, const uint8_t order_key[static 32],
                             struct qw_destroy_order *order) QW_MUST_USE;

struct qw_destroy_proof {
    uint8_t serial[16];
    uint32_t epoch;
    uint8_t nonce[QW_ORDER_NONCE_LEN]; /* of the order */
    uint64_t counter;                  /* of the card's last contact report */
    uint64_t next_index;               /* at least used_keys + erased_keys */
    uint64_t used_keys;
    uint32_t erased_keys, erased_pool; /* keys; bytes of both directions */
    uint8_t last_package[16];
};
qw_err qw_destroy_proof_seal(const struct qw_destroy_proof *proof,
                             const uint8_t proof_key[static 32],
                             uint8_t out[static QW_DESTROY_PROOF_LEN]) QW_MUST_USE;
/* Serial alone, to find the key; nothing is authenticated yet. QW_ERR_FORMAT: it is no proof. */
qw_err qw_destroy_proof_peek(const uint8_t *data, size_t len,
                             uint8_t serial[static 16]) QW_MUST_USE;
/* QW_ERR_FORMAT, QW_ERR_AUTH; *proof is untouched then. */
qw_err qw_destroy_proof_open(const uint8_t *data, size_t len, const uint8_t proof_key[static 32],
                             struct qw_destroy_proof *proof) QW_MUST_USE;

/* What the centre says once the proof is booked; done is what the order's hash is of. */
struct qw_order_done {
    uint8_t serial[16];
    uint8_t nonce[QW_ORDER_NONCE_LEN];
    uint8_t done[QW_ORDER_DONE_LEN];
};
void qw_order_done_encode(const struct qw_order_done *done,
                          uint8_t out[static QW_ORDER_DONE_MESSAGE_LEN]);
/* QW_ERR_FORMAT; QW_ERR_AUTH: done is not what done_hash [32 bytes] is of. */
qw_err qw_order_done_check(const uint8_t *data, size_t len, const uint8_t serial[static 16],
                           const uint8_t nonce[static QW_ORDER_NONCE_LEN],
                           const uint8_t done_hash[static 32]) QW_MUST_USE;

#endif
