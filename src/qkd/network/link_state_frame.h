/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_LINK_STATE_FRAME_H
#define QW_QKD_NETWORK_LINK_STATE_FRAME_H

#include "qkd/auth_pool.h"
#include "qkd/network/link_state_message.h"

/* A link-state body on its way between two neighbours, under a one-time tag
 * (docs/protocol/link-state.md) [Q7]. Both ends hold one authentication pool; each sends in one
 * direction of it. */
enum {
    QW_LINK_STATE_HEADER_LEN = 1 + 4 + 2 + 2 + 8,
    QW_LINK_STATE_FRAME_MAX =
        QW_LINK_STATE_HEADER_LEN + QW_LINK_STATE_BODY_MAX + QW_ONE_TIME_MAC_LEN
};

struct qw_link_state_ends {
    uint32_t network; /* of the topology: frames of another are refused */
    uint16_t from, to;
};

/* Takes the next 12 bytes of the direction's pad, durably, before the frame exists.
 * QW_ERR_EXHAUSTED, QW_ERR_IO as qw_pad_take. */
qw_err qw_link_state_seal(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction,
                          const struct qw_link_state_ends *ends, enum qw_link_state_kind kind,
                          const uint8_t *body, size_t body_len,
                          uint8_t frame[static QW_LINK_STATE_FRAME_MAX],
                          size_t *frame_len) QW_MUST_USE;

/* QW_ERR_AUTH for whatever is wrong with it, and for a frame that was seen or is behind one that
 * was; costs nothing then. A good frame uses up the pad to its number. body points into the frame.
 * QW_ERR_IO: the pad could not be moved on; the frame does not count. */
qw_err qw_link_state_open(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction,
                          const struct qw_link_state_ends *ends, const uint8_t *frame,
                          size_t frame_len, enum qw_link_state_kind *kind, const uint8_t **body,
                          size_t *body_len) QW_MUST_USE;

#endif
