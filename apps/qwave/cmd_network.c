/* SPDX-License-Identifier: Apache-2.0 */
/* qwave network: networks of QKD links. */
#include "command.h"
#include "network/network.h"
#include "parts.h"

int cmd_network(int argc, char **argv)
{
    static const struct part part[] = {
        { "list", network_list, "the topologies that are built in" },
        { "show", network_show, "nodes, links and rates of one, and a drawing" },
        { "run", network_run, "start all nodes of one, have keys delivered, cut links" },
        { "report", network_report, "show the running nodes of a site in the console of a centre" },
        { "generate", network_generate, "make a backbone of two rings, as a topology file" },
    };
    static const struct parts parts = {
        "network", "Networks of QKD links; `qwave lab network` puts one under load.", part,
        sizeof part / sizeof part[0]
    };

    return parts_run(&parts, argc, argv);
}
