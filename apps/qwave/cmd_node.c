/* SPDX-License-Identifier: Apache-2.0 */
/* qwave node: a node of a relay network, and the pools that two nodes share. */
#include "command.h"
#include "node/node.h"
#include "parts.h"

int cmd_node(int argc, char **argv)
{
    static const struct part part[] = {
        { "charge", cmd_node_charge, "make the pool that two nodes share, a file for each" },
        { "key", cmd_node_key, "make the key by which a node signs its journal" },
        { "run", cmd_node_run, "be one node: pools, links to its neighbours, routes, relay" },
        { "tell", cmd_node_tell, "ask a running node: keys, how it is, a cut" },
    };
    static const struct parts parts = {
        "node", "A node of a network of trusted relays, with SIMULATED link keys so far.", part,
        sizeof part / sizeof part[0]
    };

    return parts_run(&parts, argc, argv);
}
