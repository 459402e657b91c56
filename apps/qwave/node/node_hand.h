/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_HAND_H
#define QWAVE_NODE_NODE_HAND_H

#include "node/node.h"
#include "qkd/handover/frame.h"

/* Keys of batches with one other end to a centre beside this node, qwaved: the node is the L of
 * docs/protocol/link-source.md, and docs/protocol/node-hand.md says what differs. A centre that is
 * away, or slow, costs its half of what comes meanwhile and never holds up the relay. */
enum { NODE_HAND_BATCHES = 8 /* that wait for the centre */ };

struct node_hand_batch {
    struct qw_handover_label label;
    size_t len; /* 0: given up since */
};

struct node_hand {
    uint32_t other; /* end of the batches */
    char path[NODE_PATH_CAP];
    struct qw_handover_hello hello;
    int fd; /* -1: none */
    enum { NODE_HAND_GREETING, NODE_HAND_READY, NODE_HAND_WAITING } state;
    struct qw_handover_inbox inbox; /* answers; nothing in them is secret */
    bool is_missed;                 /* has been said on the log */
    int64_t until_ms;               /* for an answer, or, without a connection, before the next */
    unsigned tries;                 /* of the first batch */
    struct node_hand_batch batch[NODE_HAND_BATCHES]; /* a ring */
    size_t first, count;
    size_t batch_cap;
    uint8_t *keys;                     /* [NODE_HAND_BATCHES * batch_cap] secret */
    uint8_t *outgo;                    /* [QW_HANDOVER_KEY_AT + batch_cap] secret */
    uint64_t taken_bits, dropped_bits; /* of our half */
};

/* "ID=SOCKET", after the ends. Says on the log what is wrong. */
qw_err node_hand_add(struct node *node, const char *text) QW_MUST_USE;
/* When the node's source of keys is there: QW_ERR_REFUSED when keys would be called what they are
 * not. */
qw_err node_hand_check(const struct node *node) QW_MUST_USE;
void node_hand_close(struct node_hand *hand); /* wipes; a zeroed one is fine */

/* A batch that is delivered here; nothing for one with an end that has no centre. */
void node_hand_give(struct node *node, const struct qw_relay_batch *batch, const uint8_t *keys);
/* A batch that is to be given up; what the centre has already stays its half. */
void node_hand_void(struct node *node, const uint8_t id[static QW_RELAY_BATCH_ID_LEN]);

/* Never waits for the centre. */
void node_hand_turn(struct node *node, struct node_hand *hand, int64_t now_ms);

#endif
