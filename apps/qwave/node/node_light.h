/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_LIGHT_H
#define QWAVE_NODE_NODE_LIGHT_H

#include "node/node.h"

/* At the relay of a link through an optical switch whose keys come from a QKD link: tells the
 * SIMULATED light of that link whether it gets through [Q4] (docs/protocol/qkd-optics.md, W1). */
struct node_light {
    char path[NODE_PATH_CAP]; /* of the socket of qwave qkd optics --switch */
    int fd;                   /* -1: the optics are not there */
    bool is_told, told;
    int64_t try_at_ms;
};

/* "ID=SOCKET", after the feeds. Says on the log what is wrong. */
qw_err node_light_add(struct node *node, const char *text) QW_MUST_USE;
/* Both are fine for a link without a light. */
void node_light_turn(struct node_link *link, bool is_lit, int64_t now_ms);
void node_light_close(struct node_link *link); /* which makes it dark */

#endif
