/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_ENTRY_H
#define QWAVE_NODE_NODE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

/* How other nodes are written in settings and options. */
enum { NODE_PATH_CAP = 256, NODE_HOST_CAP = 64 };

struct node_entry { /* "ID=FILE" or "ID=FILE@HOST:PORT" */
    uint32_t node;
    char path[NODE_PATH_CAP]; /* of a pool */
    char host[NODE_HOST_CAP]; /* "": no address */
    uint16_t port;            /* with a host: 1..65535 */
};

/* False: text is no such thing; entry is untouched. */
bool node_entry_read(const char *text, struct node_entry *entry);

/* Digits at *text, which is moved behind them. False: there are none, or the number is above
 * max; nothing is changed then. */
bool node_number_read(const char **text, uint32_t max, uint32_t *number);

#endif
