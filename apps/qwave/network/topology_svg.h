/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_TOPOLOGY_SVG_H
#define QWAVE_NETWORK_TOPOLOGY_SVG_H

#include "qkd/network/topology.h"

#include <stdio.h>

/* Draws a topology as one SVG file: relays round, switches square, users small, satellites above
 * dashed passes, everything where the file puts it. Ids are written where there is room for them.
 * QW_ERR_IO. */
qw_err topology_svg_write(const struct qw_topology *topology, FILE *stream) QW_MUST_USE;

/* The same into a new file, or over an old one. */
qw_err topology_svg_save(const struct qw_topology *topology, const char *path) QW_MUST_USE;

#endif
