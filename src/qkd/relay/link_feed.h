/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_LINK_FEED_H
#define QW_QKD_RELAY_LINK_FEED_H

#include "qkd/handover/mark.h"
#include "qkd/handover/message.h"
#include "qkd/relay/hop.h"

/* Keys of a QKD link into the pools of both its nodes: each key at the same place at both, or at
 * neither (docs/protocol/link-feed.md). The node beside Alice says which key is next. Needs no
 * socket and no clock; one thread, that of the hop. */
struct qw_link_feed;

enum {
    QW_LINK_FEED_KEYS_MAX = 4,      /* that wait here for the neighbour */
    QW_LINK_FEED_KEY_MAX = 1 << 17, /* bytes of a key; longer ones have no room */
    QW_LINK_FEED_GIVE = QW_HOP_FEED_MIN,
    QW_LINK_FEED_GIVEN = QW_HOP_FEED_MAX,
    QW_LINK_FEED_GIVE_LEN = QW_HANDOVER_SESSION_LEN + 4 + 4 + 4,
    QW_LINK_FEED_GIVEN_LEN = QW_HANDOVER_SESSION_LEN + 4 + 1
};

struct qw_link_feed_config {
    struct qw_hop *hop;    /* borrowed; down until the first session */
    const char *mark_path; /* file of the newest key that was taken; borrowed */
    void *self;
    /* A key goes into the pool: called before at the node beside Bob, after at that beside Alice,
     * so that whatever Alice's node has written down Bob's has, too. */
    void (*fed)(void *self, const struct qw_handover_label *label, size_t len, uint32_t errors_ppm);
};

/* Copies config; reads the mark. QW_ERR_FORMAT: it is none; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_link_feed_new(const struct qw_link_feed_config *config,
                        struct qw_link_feed **feed) QW_MUST_USE;
void qw_link_feed_free(struct qw_link_feed *feed); /* wipes; NULL is fine */

/* A process of the link has come: of which end (enum qw_qkd_end). */
void qw_link_feed_begin(struct qw_link_feed *feed, uint8_t end);
/* A key of it [C2]. The mark is durable before the key is kept. QW_ERR_IO, QW_ERR_NOMEM: it was not
 * kept. Copies. */
qw_err qw_link_feed_take(struct qw_link_feed *feed, const struct qw_handover_key *key,
                         enum qw_handover_result *result) QW_MUST_USE;

/* A GIVE or GIVEN that the hop has opened; settles it. Any error: drop the session. QW_ERR_FORMAT,
 * also when both say that they are beside Alice; others of pool and hop. */
qw_err qw_link_feed_receive(struct qw_link_feed *feed, const struct qw_hop_message *message,
                            int64_t utc_ms) QW_MUST_USE;
/* Says and answers what is due, when the hop is up. Errors as above. */
qw_err qw_link_feed_turn(struct qw_link_feed *feed, int64_t utc_ms) QW_MUST_USE;
/* The session is over: what was said in it is forgotten. */
void qw_link_feed_down(struct qw_link_feed *feed);

#endif
