/* SPDX-License-Identifier: Apache-2.0 */
/* qwave qkd: a QKD link as processes: both ends and the simulated light between them. */
#include "command.h"
#include "parts.h"
#include "qkd_link/qkd.h"

int cmd_qkd(int argc, char **argv)
{
    static const struct part part[] = {
        { "pool", qkd_pool, "charge both ends with the same authentication pool" },
        { "optics", qkd_optics, "simulated light, fibre and detectors, for both ends" },
        { "bob", qkd_node, "the end with the detectors; waits for alice" },
        { "alice", qkd_node, "the end that sends the light" },
    };
    static const struct parts parts = {
        "qkd", "A decoy-state BB84 link between two processes, over simulated light.", part,
        sizeof part / sizeof part[0]
    };

    return parts_run(&parts, argc, argv);
}
