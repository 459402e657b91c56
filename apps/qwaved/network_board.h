/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_NETWORK_BOARD_H
#define QWAVED_NETWORK_BOARD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of running networks of QKD links, as reported [docs/protocol/network-view.md]: the
 * newest of each node, as JSON text of ours. In memory only, and bounded; from any thread. Times
 * are of the monotonic clock. */
enum {
    NETWORK_BOARD_MAX = 4,
    NETWORK_NAME_CAP = 64,
    NETWORK_NODES_MAX = 512,
    NETWORK_REPORT_NODES_MAX = 256,
    NETWORK_BYTES_MAX = 768 * 1024, /* of one network */
    NETWORK_LOOK_MS = 5000,         /* who has asked so long ago still looks */
    NETWORK_NOTICE_MS = 200,
    NETWORK_OWN_MS = 10000,   /* who reports a node is its only reporter until silent for so long */
    NETWORK_FORGET_MS = 60000 /* a network of which nobody says anything is gone */
};

struct network_part { /* of report->text */
    uint32_t node;
    size_t at, len;
};

struct network_report { /* read whole and written anew: route_network_report.h */
    char name[NETWORK_NAME_CAP];
    size_t topology_at, topology_len; /* len 0: none; {"text": ..., "nodes": [...], ...} */
    unsigned topology_nodes;
    size_t parts;
    struct network_part part[NETWORK_REPORT_NODES_MAX]; /* {"node": n, ...} */
    const char *text;
};

struct network_board;
/* first: the version before the first change, larger than any that an earlier run may have given.
 * QW_ERR_NOMEM. */
qw_err network_board_new(uint64_t first, struct network_board **board) QW_MUST_USE;
void network_board_free(struct network_board *board); /* NULL is fine */

/* Somebody asks for what is known, now. */
void network_board_look(struct network_board *board, int64_t now_ms);
bool network_board_is_watched(struct network_board *board, int64_t now_ms);

/* A report of reporter [id of a device]. Copies. Of what is refused the topology stays, of what
 * finds no memory the nodes before it too; nothing else. *wants_topology: nothing is
 * known of the network, and what was said of its nodes is dropped. QW_ERR_CONFLICT: another
 * topology than that of a reporter who is there, or a node of another reporter; QW_ERR_FORMAT: a
 * node that the topology has not; QW_ERR_LIMIT: too many networks, or too much text; QW_ERR_NOMEM.
 */
qw_err network_board_take(struct network_board *board, const struct network_report *report,
                          const char *reporter, int64_t now_ms, bool *wants_topology) QW_MUST_USE;
/* Whether those who look are to be told, now, that there is something new up to *version: at most
 * once in NETWORK_NOTICE_MS. */
bool network_board_notice(struct network_board *board, int64_t now_ms, uint64_t *version);

/* {"version": n, "networks": [...]} with what is newer than after, piece by piece to write; ends
 * with its first error. */
qw_err network_board_show(struct network_board *board, uint64_t after, int64_t now_ms,
                          qw_err (*write)(void *self, const char *text, size_t len),
                          void *self) QW_MUST_USE;

#endif
