/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_REPORT_STATUS_ROUND_H
#define QWAVE_NETWORK_REPORT_STATUS_ROUND_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Asks many nodes for their status at once, over their control sockets: a node that hangs costs the
 * others nothing (docs/protocol/node-control.md). */
enum { STATUS_PATH_CAP = 256 };

struct status_ask { /* of one node */
    uint32_t node;
    char path[STATUS_PATH_CAP]; /* of its socket */
    int fd;                     /* -1: nothing is under way */
    char *line;                 /* [cap], len of it said so far; kept from round to round */
    size_t cap, len;
    const char *status; /* after a round: a JSON object, in line; NULL: it did not answer */
};

/* Each of count; what has not answered within timeout_ms, answers no JSON, or is not there, has
 * status NULL. */
void status_round(struct status_ask *ask, size_t count, int timeout_ms);
void status_round_free(struct status_ask *ask, size_t count);

#endif
