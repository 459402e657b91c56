/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/link_state_frame.h"

#include "base/bytes.h"
#include "base/secret.h"

static void tag_of(const struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction,
                   const uint8_t *pad, const uint8_t *frame, size_t len,
                   uint8_t tag[static QW_ONE_TIME_MAC_LEN])
{
    const uint8_t prefix = (uint8_t)direction;
    const struct qw_bytes parts[] = { { &prefix, 1 }, { frame, len } };

    qw_one_time_mac(pool->hash_key[direction - 1], pad, parts, 2, tag);
}

qw_err qw_link_state_seal(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction,
                          const struct qw_link_state_ends *ends, enum qw_link_state_kind kind,
                          const uint8_t *body, size_t body_len,
                          uint8_t frame[static QW_LINK_STATE_FRAME_MAX], size_t *frame_len)
{
    struct qw_pad *pad = qw_qkd_auth_pad(pool, direction);
    struct qw_writer w = qw_writer_on(frame, QW_LINK_STATE_FRAME_MAX);
    uint8_t once[QW_ONE_TIME_MAC_PAD_LEN];
    uint8_t tag[QW_ONE_TIME_MAC_LEN];
    uint64_t number = (pad->used + QW_ONE_TIME_MAC_PAD_LEN - 1) / QW_ONE_TIME_MAC_PAD_LEN;
    qw_err err = QW_OK;

    qw_assert(body_len <= QW_LINK_STATE_BODY_MAX);
    if (number * QW_ONE_TIME_MAC_PAD_LEN > pad->used) { /* others take other lengths */
        err = number * QW_ONE_TIME_MAC_PAD_LEN > pad->len
                  ? QW_ERR_EXHAUSTED
                  : qw_pad_skip_to(pad, number * QW_ONE_TIME_MAC_PAD_LEN);
    }
    if (err == QW_OK) {
        err = qw_pad_take(pad, once, sizeof once);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_write_u8(&w, (uint8_t)kind);
    qw_write_u32be(&w, ends->network);
    qw_write_u16be(&w, ends->from);
    qw_write_u16be(&w, ends->to);
    qw_write_u64be(&w, number);
    qw_write_bytes(&w, body, body_len);
    tag_of(pool, direction, once, frame, w.len, tag);
    qw_wipe(once, sizeof once);
    qw_write_bytes(&w, tag, sizeof tag);
    qw_assert(!w.failed);
    *frame_len = w.len;
    return QW_OK;
}

/* Whether the tag is right with the pad's bytes of this number, which are not used up by asking. */
static bool is_tagged(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction,
                      uint64_t number, const uint8_t *frame, size_t len)
{
    const struct qw_pad *pad = qw_qkd_auth_pad(pool, direction);
    const uint8_t *tag = frame + len;
    uint8_t right[QW_ONE_TIME_MAC_LEN];
    bool is_right;

    if (number >= pad->len / QW_ONE_TIME_MAC_PAD_LEN ||
        number * QW_ONE_TIME_MAC_PAD_LEN < pad->used) {
        return false;
    }
    tag_of(pool, direction, pad->bytes + number * QW_ONE_TIME_MAC_PAD_LEN, frame, len, right);
    is_right = qw_equal_ct(tag, right, sizeof right);
    qw_wipe(right, sizeof right);
    return is_right;
}

qw_err qw_link_state_open(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction,
                          const struct qw_link_state_ends *ends, const uint8_t *frame,
                          size_t frame_len, enum qw_link_state_kind *kind, const uint8_t **body,
                          size_t *body_len)
{
    struct qw_pad *pad = qw_qkd_auth_pad(pool, direction);
    struct qw_reader r = qw_reader_on(frame, frame_len);
    uint8_t read_kind = qw_read_u8(&r);
    bool ok = qw_read_u32be(&r) == ends->network;
    uint64_t number;
    qw_err err;

    ok = qw_read_u16be(&r) == ends->from && ok;
    ok = qw_read_u16be(&r) == ends->to && ok;
    number = qw_read_u64be(&r);
    if (!ok || r.failed || qw_reader_left(&r) < QW_ONE_TIME_MAC_LEN ||
        frame_len > QW_LINK_STATE_FRAME_MAX || read_kind < QW_LINK_STATE_ADVERTS ||
        read_kind > QW_LINK_STATE_ASK ||
        !is_tagged(pool, direction, number, frame, frame_len - QW_ONE_TIME_MAC_LEN)) {
        return QW_ERR_AUTH;
    }
    err = qw_pad_skip_to(pad, (number + 1) * QW_ONE_TIME_MAC_PAD_LEN);
    if (err != QW_OK) {
        return err;
    }
    *kind = (enum qw_link_state_kind)read_kind;
    *body = frame + QW_LINK_STATE_HEADER_LEN;
    *body_len = frame_len - QW_LINK_STATE_HEADER_LEN - QW_ONE_TIME_MAC_LEN;
    return QW_OK;
}
