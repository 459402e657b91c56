/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_RUN_RUN_TELL_H
#define QWAVE_NETWORK_RUN_RUN_TELL_H

#include "qkd/network/node_command.h"

/* One request to a node of the run, in whose folder we are; the number of its answer, when it has
 * one (NULL: none wanted). Errors as node_tell. */
qw_err run_tell(size_t node, const struct qw_node_command *command, size_t *number) QW_MUST_USE;

#endif
