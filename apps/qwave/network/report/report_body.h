/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_REPORT_REPORT_BODY_H
#define QWAVE_NETWORK_REPORT_REPORT_BODY_H

#include "network/report/status_round.h"
#include "qkd/network/key_graph.h"

/* Bodies of POST /v1/network/report [docs/protocol/network-view.md]. */
enum { REPORT_BODY_CAP = 64 * 1024, REPORT_NODES_MAX = 256 };

/* With the topology. QW_ERR_SPACE: it is too large for a body. */
qw_err report_body_topology(const struct qw_topology *topology, const struct qw_key_graph *graph,
                            char body[static REPORT_BODY_CAP]) QW_MUST_USE;

/* With as many of the nodes asked as it has room for, from *next on, which is moved behind them; at
 * the end it says nothing of a node. A node whose status has no room in any body is said not to
 * answer. */
qw_err report_body_nodes(const struct qw_topology *topology, const struct status_ask *ask,
                         size_t count, size_t *next, char body[static REPORT_BODY_CAP]) QW_MUST_USE;

#endif
