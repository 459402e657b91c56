/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of ORDER, PROOF and DONE in docs/protocol/card-destroy.md. */
#include "api/destruction.h"

#include "api/mac_message.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

enum {
    ORDER_MAGIC = 0x51574f01, /* "QWO", version 1 */
    PROOF_MAGIC = 0x51575801, /* "QWX", version 1 */
    DONE_MAGIC = 0x51575a01,  /* "QWZ", version 1 */
    KIND_DESTROY = 1,
    ORDER_BODY_LEN = QW_ORDER_LEN - QW_MAC_MESSAGE_TAG_LEN,
    PROOF_BODY_LEN = QW_DESTROY_PROOF_LEN - QW_MAC_MESSAGE_TAG_LEN
};

qw_err qw_destroy_order_seal(const struct qw_destroy_order *order,
                             const uint8_t order_key[static 32], uint8_t out[static QW_ORDER_LEN])
{
    uint8_t body[ORDER_BODY_LEN];
    struct qw_writer w = qw_writer_on(body, sizeof body);

    qw_write_u32be(&w, ORDER_MAGIC);
    qw_write_bytes(&w, order->serial, sizeof order->serial);
    qw_write_u8(&w, KIND_DESTROY);
    qw_write_u32be(&w, order->epoch);
    qw_write_bytes(&w, order->nonce, sizeof order->nonce);
    qw_write_bytes(&w, order->done_hash, sizeof order->done_hash);
    qw_assert(!w.failed && w.len == sizeof body);
    return qw_mac_message_seal(order_key, body, sizeof body, out);
}

qw_err qw_destroy_order_open(const uint8_t *data, size_t len, const uint8_t order_key[static 32],
                             struct qw_destroy_order *order)
{
    struct qw_destroy_order m = { 0 };
    struct qw_reader r = qw_reader_on(data, ORDER_BODY_LEN);
    qw_err err = qw_mac_message_check(data, len, QW_ORDER_LEN, ORDER_MAGIC, order_key);
    uint8_t kind;

    if (err != QW_OK) {
        return err;
    }
    (void)qw_read_u32be(&r);
    qw_read_bytes(&r, m.serial, sizeof m.serial);
    kind = qw_read_u8(&r);
    m.epoch = qw_read_u32be(&r);
    qw_read_bytes(&r, m.nonce, sizeof m.nonce);
    qw_read_bytes(&r, m.done_hash, sizeof m.done_hash);
    if (!qw_reader_done(&r) || kind != KIND_DESTROY || m.epoch == 0) {
        return QW_ERR_FORMAT;
    }
    *order = m;
    return QW_OK;
}

qw_err qw_destroy_proof_seal(const struct qw_destroy_proof *proof,
                             const uint8_t proof_key[static 32],
                             uint8_t out[static QW_DESTROY_PROOF_LEN])
{
    uint8_t body[PROOF_BODY_LEN];
    struct qw_writer w = qw_writer_on(body, sizeof body);

    qw_write_u32be(&w, PROOF_MAGIC);
    qw_write_bytes(&w, proof->serial, sizeof proof->serial);
    qw_write_u32be(&w, proof->epoch);
    qw_write_bytes(&w, proof->nonce, sizeof proof->nonce);
    qw_write_u64be(&w, proof->counter);
    qw_write_u64be(&w, proof->next_index);
    qw_write_u64be(&w, proof->used_keys);
    qw_write_u32be(&w, proof->erased_keys);
    qw_write_u32be(&w, proof->erased_pool);
    qw_write_bytes(&w, proof->last_package, sizeof proof->last_package);
    qw_assert(!w.failed && w.len == sizeof body);
    return qw_mac_message_seal(proof_key, body, sizeof body, out);
}

qw_err qw_destroy_proof_peek(const uint8_t *data, size_t len, uint8_t serial[static 16])
{
    if (len != QW_DESTROY_PROOF_LEN || qw_load_u32be(data) != PROOF_MAGIC) {
        return QW_ERR_FORMAT;
    }
    memcpy(serial, data + 4, 16);
    return QW_OK;
}

qw_err qw_destroy_proof_open(const uint8_t *data, size_t len, const uint8_t proof_key[static 32],
                             struct qw_destroy_proof *proof)
{
    struct qw_destroy_proof m = { 0 };
    struct qw_reader r = qw_reader_on(data, PROOF_BODY_LEN);
    qw_err err = qw_mac_message_check(data, len, QW_DESTROY_PROOF_LEN, PROOF_MAGIC, proof_key);

    if (err != QW_OK) {
        return err;
    }
    (void)qw_read_u32be(&r);
    qw_read_bytes(&r, m.serial, sizeof m.serial);
    m.epoch = qw_read_u32be(&r);
    qw_read_bytes(&r, m.nonce, sizeof m.nonce);
    m.counter = qw_read_u64be(&r);
    m.next_index = qw_read_u64be(&r);
    m.used_keys = qw_read_u64be(&r);
    m.erased_keys = qw_read_u32be(&r);
    m.erased_pool = qw_read_u32be(&r);
    qw_read_bytes(&r, m.last_package, sizeof m.last_package);
    if (!qw_reader_done(&r) || m.epoch == 0 || m.used_keys > m.next_index ||
        m.next_index - m.used_keys < m.erased_keys) {
        return QW_ERR_FORMAT;
    }
    *proof = m;
    return QW_OK;
}

void qw_order_done_encode(const struct qw_order_done *done,
                          uint8_t out[static QW_ORDER_DONE_MESSAGE_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_ORDER_DONE_MESSAGE_LEN);

    qw_write_u32be(&w, DONE_MAGIC);
    qw_write_bytes(&w, done->serial, sizeof done->serial);
    qw_write_bytes(&w, done->nonce, sizeof done->nonce);
    qw_write_bytes(&w, done->done, sizeof done->done);
    qw_assert(!w.failed && w.len == QW_ORDER_DONE_MESSAGE_LEN);
}

qw_err qw_order_done_check(const uint8_t *data, size_t len, const uint8_t serial[static 16],
                           const uint8_t nonce[static QW_ORDER_NONCE_LEN],
                           const uint8_t done_hash[static 32])
{
    struct qw_order_done m = { 0 };
    struct qw_reader r = qw_reader_on(data, len);
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_bytes part = { m.done, sizeof m.done };
    bool is_done = qw_read_u32be(&r) == DONE_MAGIC;
    qw_err err;

    qw_read_bytes(&r, m.serial, sizeof m.serial);
    qw_read_bytes(&r, m.nonce, sizeof m.nonce);
    qw_read_bytes(&r, m.done, sizeof m.done);
    if (!qw_reader_done(&r) || !is_done) {
        return QW_ERR_FORMAT;
    }
    err = qw_hash_of(QW_HASH_SHA256, &part, 1, digest);
    if (err != QW_OK) {
        return err;
    }
    return qw_equal_ct(m.serial, serial, sizeof m.serial) &&
                   qw_equal_ct(m.nonce, nonce, sizeof m.nonce) && qw_equal_ct(digest, done_hash, 32)
               ? QW_OK
               : QW_ERR_AUTH;
}
