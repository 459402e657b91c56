/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_TOPOLOGY_FILE_H
#define QW_QKD_NETWORK_TOPOLOGY_FILE_H

#include "base/config.h"
#include "qkd/network/topology.h"

/* Topology files (docs/design/network.md): YAML, settings and the lists nodes, links and passes,
 * nodes before what joins them. QW_ERR_FORMAT, QW_ERR_NOT_FOUND, QW_ERR_IO, QW_ERR_NOMEM with a
 * sentence in error that names file, line and what is wrong. */
qw_err qw_topology_read(const char *path, struct qw_topology **topology,
                        char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

/* Same from memory; name stands for the path in messages. */
qw_err qw_topology_parse(const char *name, const char *text, size_t len,
                         struct qw_topology **topology,
                         char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
