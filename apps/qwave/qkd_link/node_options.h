/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_QKD_LINK_NODE_OPTIONS_H
#define QWAVE_QKD_LINK_NODE_OPTIONS_H

#include "qkd/link.h"

#include <stdbool.h>
#include <stdint.h>

/* Of qwave qkd alice and qwave qkd bob. */
struct qkd_node_options {
    enum qw_qkd_end end;
    struct qw_qkd_terms terms;
    const char *pool_path;
    const char *key_path, *centre_path; /* at most one; NULL: none */
    const char *link_name;
    uint64_t port, optics_port, blocks, pause_ms;
    double watch_km; /* < 0: the gain is not watched */
    bool as_json;
    bool has_pool_low; /* said, not standard */
};

/* argv[0] is "alice" or "bob". False: they do not fit together, and standard error says how; what
 * is wrong by itself ends the program. */
bool qkd_node_options_read(int argc, char **argv, struct qkd_node_options *options);

#endif
