/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link/channel.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/link/message.h"

#include <math.h>
#include <string.h>

enum { BOTH = 2, FRAME_LEN = 1 + 4 };

void qw_qkd_channel_begin(struct qw_qkd_channel *c, uint32_t block)
{
    uint8_t number[4];

    qw_store_u32be(number, block);
    c->block = block;
    c->hashed_len = 1 + QW_QKD_SESSION_ID_LEN + sizeof number;
    c->auth_bits = 0;
    c->messages = 0;
    c->message_bytes = 0;
    for (size_t i = 0; i < BOTH; i++) {
        uint8_t direction = i == 0 ? QW_QKD_UP : QW_QKD_DOWN;

        qw_poly_hash_init(&c->transcript[i], c->pool->hash_key[i]);
        qw_poly_hash_update(&c->transcript[i], &direction, 1); /* S5 */
        qw_poly_hash_update(&c->transcript[i], c->session_id, sizeof c->session_id);
        qw_poly_hash_update(&c->transcript[i], number, sizeof number);
    }
}

void qw_qkd_channel_wipe(struct qw_qkd_channel *c)
{
    qw_wipe(c->transcript, sizeof c->transcript);
}

static void hash_frame(struct qw_poly_hash *hash, uint8_t sender, const void *message, size_t len)
{
    uint8_t frame[FRAME_LEN] = { sender };

    qw_store_u32be(frame + 1, (uint32_t)len);
    qw_poly_hash_update(hash, frame, sizeof frame);
    qw_poly_hash_update(hash, message, len);
}

void qw_qkd_channel_hash(struct qw_qkd_channel *c, uint8_t sender, const void *message, size_t len)
{
    for (size_t i = 0; i < BOTH; i++) {
        hash_frame(&c->transcript[i], sender, message, len);
    }
    c->hashed_len += FRAME_LEN + len;
    c->messages++;
    c->message_bytes += len;
}

qw_err qw_qkd_channel_send(struct qw_qkd_channel *c, const void *message, size_t len)
{
    qw_err err = qw_wire_send(c->wire, message, len);

    if (err == QW_OK) {
        qw_qkd_channel_hash(c, c->sender, message, len);
    }
    return err;
}

static uint8_t peer_of(const struct qw_qkd_channel *c)
{
    return (uint8_t)(QW_QKD_UP + QW_QKD_DOWN - c->sender);
}

qw_err qw_qkd_channel_receive_apart(struct qw_qkd_channel *c, uint8_t *message, size_t *len,
                                    int timeout_ms)
{
    qw_err err = qw_wire_receive(c->wire, message, QW_WIRE_MESSAGE_MAX, len, timeout_ms);

    if (err == QW_OK && qw_qkd_refuse_decode(message, *len, &c->peer_refusal) == QW_OK) {
        return QW_ERR_REFUSED;
    }
    return err;
}

qw_err qw_qkd_channel_receive(struct qw_qkd_channel *c, uint8_t *message, size_t *len,
                              int timeout_ms)
{
    qw_err err = qw_qkd_channel_receive_apart(c, message, len, timeout_ms);

    if (err == QW_OK) {
        qw_qkd_channel_hash(c, peer_of(c), message, *len);
    }
    return err;
}

/* The one-time bytes of the next tag; this is where the end that was behind skips. */
static qw_err take_pad(struct qw_qkd_channel *c, uint8_t direction,
                       uint8_t pad[static QW_ONE_TIME_MAC_PAD_LEN])
{
    struct qw_pad *source = qw_qkd_auth_pad(c->pool, (enum qw_qkd_direction)direction);
    size_t index = direction == QW_QKD_UP ? 0 : 1;
    uint64_t *position = &c->position[index];
    qw_err err = QW_OK;

    if (*position + QW_ONE_TIME_MAC_PAD_LEN > c->limit[index]) {
        return QW_ERR_EXHAUSTED;
    }
    if (*position > qw_qkd_auth_position(c->pool, index)) {
        err = qw_pad_skip_to(source, (size_t)(*position - c->pool->base[index]));
    }
    if (err == QW_OK) {
        err = qw_pad_take(source, pad, QW_ONE_TIME_MAC_PAD_LEN);
    }
    if (err == QW_OK) {
        *position += QW_ONE_TIME_MAC_PAD_LEN;
        c->auth_bits += QW_QKD_TAG_BITS;
    }
    return err;
}

/* The one-time MAC of crypto/one_time_mac.h over a transcript that was hashed as it passed. Its
 * hash ends here; the other direction's goes on. */
static qw_err tag_of(struct qw_qkd_channel *c, uint8_t direction, const uint8_t *body, size_t len,
                     uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    struct qw_poly_hash *hash = &c->transcript[direction == QW_QKD_UP ? 0 : 1];
    uint8_t pad[QW_ONE_TIME_MAC_PAD_LEN];
    uint8_t digest[QW_POLY_HASH_LEN];
    qw_err err = take_pad(c, direction, pad);

    if (err != QW_OK) {
        return err;
    }
    hash_frame(hash, direction, body, len);
    qw_poly_hash_final(hash, digest);
    for (size_t i = 0; i < QW_ONE_TIME_MAC_LEN; i++) {
        tag[i] = digest[i] ^ pad[i];
    }
    qw_wipe(pad, sizeof pad);
    qw_wipe(digest, sizeof digest);
    return QW_OK;
}

qw_err qw_qkd_channel_tag(struct qw_qkd_channel *c, uint8_t *message, size_t len)
{
    return tag_of(c, c->sender, message, len, message + len);
}

qw_err qw_qkd_channel_check(struct qw_qkd_channel *c, const uint8_t *message, size_t len)
{
    uint8_t expected[QW_ONE_TIME_MAC_LEN];
    size_t body = len - QW_ONE_TIME_MAC_LEN;
    qw_err err;

    if (len < QW_ONE_TIME_MAC_LEN) {
        return QW_ERR_FORMAT;
    }
    err = tag_of(c, peer_of(c), message, body, expected);
    if (err == QW_OK && !qw_equal_ct(expected, message + body, sizeof expected)) {
        err = QW_ERR_AUTH;
    }
    if (err == QW_OK) {
        memcpy(c->limit, c->end, sizeof c->limit); /* R3 */
    }
    qw_wipe(expected, sizeof expected);
    return err;
}

static qw_err wire_send(void *self, const void *message, size_t len)
{
    return qw_qkd_channel_send(self, message, len);
}

static qw_err wire_receive(void *self, void *message, size_t cap, size_t *len, int timeout_ms)
{
    struct qw_qkd_channel *c = self;
    qw_err err = qw_wire_receive(c->wire, message, cap, len, timeout_ms);

    if (err == QW_OK && qw_qkd_refuse_decode(message, *len, &c->peer_refusal) == QW_OK) {
        return QW_ERR_REFUSED;
    }
    if (err == QW_OK) {
        qw_qkd_channel_hash(c, peer_of(c), message, *len);
    }
    return err;
}

struct qw_wire qw_qkd_channel_wire(struct qw_qkd_channel *channel)
{
    return (struct qw_wire){ .self = channel, .send = wire_send, .receive = wire_receive };
}

void qw_qkd_channel_refuse(struct qw_qkd_channel *c, enum qw_qkd_refusal refusal)
{
    uint8_t message[QW_QKD_REFUSE_LEN];

    qw_qkd_refuse_encode(refusal, message);
    (void)!qw_wire_send(c->wire, message, sizeof message);
}

double qw_qkd_channel_epsilon(const struct qw_qkd_channel *c)
{
    double blocks = ceil((double)c->hashed_len / QW_POLY_HASH_LEN) + 1;

    return BOTH * blocks * 0x1p-96;
}
