/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_STATUS_H
#define QWAVE_NODE_NODE_STATUS_H

#include "node/node.h"

/* How a running node is. */
size_t node_status_links_up(const struct node *node); /* of the network, for routes */
/* One JSON object. QW_ERR_SPACE. */
qw_err node_status_write(const struct node *node, char *out, size_t cap) QW_MUST_USE;

#endif
