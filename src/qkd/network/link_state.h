/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_LINK_STATE_H
#define QW_QKD_NETWORK_LINK_STATE_H

#include "qkd/network/link_state_message.h"

/* What one node knows of everybody's links, and how it spreads that [Q4]:
 * docs/protocol/link-state.md. Frames and their tags are the caller's; times are of the caller's
 * monotonic clock, in ms, and never go back. Memory is fixed at new. */
struct qw_link_state;

enum {
    QW_LINK_STATE_REFRESH_MS = 20000,
    QW_LINK_STATE_PAUSE_MS = 50,       /* between adverts of its own, but for a cut */
    QW_LINK_STATE_AGAIN_MS = 100,      /* what was not acknowledged is sent again, */
    QW_LINK_STATE_AGAIN_MAX_MS = 3200, /* doubled up to this */
    QW_LINK_STATE_NODES_MAX = 512
};

struct qw_link_state_config {
    size_t nodes;  /* of the topology, 1..QW_LINK_STATE_NODES_MAX */
    uint16_t self; /* < nodes */
    uint32_t start;
    size_t neighbour_count;                  /* 0..QW_ADVERT_LINKS_MAX */
    uint16_t neighbour[QW_ADVERT_LINKS_MAX]; /* increasing, < nodes, not self */
};

/* All links are down. start is larger than at every start before (durable, the caller's).
 * QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_link_state_new(const struct qw_link_state_config *config, uint64_t now_ms,
                         struct qw_link_state **state) QW_MUST_USE;
void qw_link_state_free(struct qw_link_state *state); /* NULL is fine */

/* The link to neighbour [index of the configuration] as others shall know it (damped:
 * qkd/network/price.h). */
void qw_link_state_set(struct qw_link_state *state, size_t neighbour,
                       const struct qw_advert_link *link, uint64_t now_ms);

/* A body that came from that neighbour, its frame opened. QW_ERR_FORMAT: dropped. */
qw_err qw_link_state_receive(struct qw_link_state *state, size_t neighbour,
                             enum qw_link_state_kind kind, const uint8_t *body, size_t len,
                             uint64_t now_ms) QW_MUST_USE;

/* The next body to send, and to whom; false: nothing now. To be called until it says so, after
 * every other call and every 10 ms. */
bool qw_link_state_next(struct qw_link_state *state, uint64_t now_ms, size_t *neighbour,
                        enum qw_link_state_kind *kind, uint8_t body[static QW_LINK_STATE_BODY_MAX],
                        size_t *len);

/* What is known of a node; NULL: nothing, or nothing that is young enough. */
const struct qw_advert *qw_link_state_find(const struct qw_link_state *state, size_t origin);

/* A link as both ends tell it: lower level, lower rate; false: it is down, one end says so or is
 * not known. */
bool qw_link_state_link(const struct qw_link_state *state, size_t a, size_t b,
                        struct qw_advert_link *link);

/* The start number in use: larger than configured when others remembered a later life. */
uint32_t qw_link_state_start(const struct qw_link_state *state);

#endif
