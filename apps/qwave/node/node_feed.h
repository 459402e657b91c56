/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_FEED_H
#define QWAVE_NODE_NODE_FEED_H

#include "node/node.h"
#include "qkd/handover/frame.h"
#include "qkd/relay/link_feed.h"

/* The socket on which the process of a QKD link, qwave qkd alice|bob --centre, gives this node the
 * keys of one of its links: the node is the C of docs/protocol/link-source.md, and link-feed.md
 * goes on from there. */
enum { NODE_FEED_REASON_CAP = 128 };

struct node_feed {
    struct node_link *link;
    char path[NODE_PATH_CAP], mark_path[NODE_PATH_CAP + sizeof ".mark"];
    char name[QW_HANDOVER_NAME_CAP]; /* of the link, "LOW-HIGH" by the nodes' ids */
    int listener, fd;                /* -1: none */
    struct qw_handover_inbox inbox;  /* of fd */
    bool has_greeted;                /* the process on fd has */
    int64_t since_ms;                /* it is connected */
    struct qw_link_feed *keys;
    uint64_t bits;                     /* that went into the pool since this node started */
    uint32_t errors_ppm;               /* of the light, in the newest of them */
    char reason[NODE_FEED_REASON_CAP]; /* why no process is there; "" */
};

/* "ID=SOCKET", after the links. Says on the log what is wrong. */
qw_err node_feed_add(struct node *node, const char *text) QW_MUST_USE;
/* All of these are fine for a link without a feed. */
void node_feed_close(struct node_link *link);
int node_feed_fd(const struct node_link *link); /* to wait for; -1: none */
void node_feed_turn(struct node_link *link);
void node_feed_down(struct node_link *link); /* the session of the hop is over */

/* A message that the link's hop opened; settles it. An error: drop the link. */
qw_err node_feed_take(struct node_link *link, const struct qw_hop_message *message) QW_MUST_USE;

#endif
