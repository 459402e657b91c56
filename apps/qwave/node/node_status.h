/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_STATUS_H
#define QWAVE_NODE_NODE_STATUS_H

#include "node/node.h"

/* How a running node is. */
size_t node_status_links_up(const struct node *node); /* of the network, for routes */
/* One JSON object. QW_ERR_SPACE. */
qw_err node_status_write(const struct node *node, char *out, size_t cap) QW_MUST_USE;
/* The signed head of the journal, as it is kept elsewhere. QW_ERR_NOT_FOUND: no journal, or one
 * that is not signed; QW_ERR_SPACE. */
qw_err node_status_head(const struct node *node, char *out, size_t cap) QW_MUST_USE;

#endif
