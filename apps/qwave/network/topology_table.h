/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_TOPOLOGY_TABLE_H
#define QWAVE_NETWORK_TOPOLOGY_TABLE_H

#include "base/config.h"
#include "qkd/network/topology.h"

#include <stdbool.h>
#include <stddef.h>

/* The topologies that are built in: the files of share/topologies, put into a table by
 * cmake/QwaveTopologies.cmake, sorted by name. */
struct topology_file {
    const char *name;
    const unsigned char *text; /* [len] YAML, no NUL */
    size_t len;
};
extern const struct topology_file topology_table[];
extern const size_t topology_table_count;

/* Whether a name means a file: whatever has a '/' or ends in .yaml. */
bool topology_is_file(const char *name);

/* A built-in topology by its name, or a file.
 * Errors as qw_topology_read; QW_ERR_NOT_FOUND with a sentence that lists the names. */
qw_err topology_load(const char *name, struct qw_topology **topology,
                     char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
