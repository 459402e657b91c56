/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_RUN_RUN_FILES_H
#define QWAVE_NETWORK_RUN_RUN_FILES_H

#include "network/run/run.h"
#include "qkd/handover/message.h"
#include "qkd/relay/relay.h"

/* What the nodes of a run wrote: batches that their sources acknowledged (NODE.events), and keys as
 * either end holds them (NODE.keys). A line that a crash cut short is passed over, and what was
 * appended behind it is read. */
struct run_event {
    int64_t asked_ms, done_ms; /* monotonic */
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    uint32_t count;
    size_t source, target;
    char route[RUN_ROUTE_CAP];
};

struct run_key {
    uint8_t id[QW_RELAY_KEY_ID_LEN];
    uint8_t key[RUN_KEY_LEN];
    size_t node;
    bool is_void;
};

struct run_fed { /* a key of a QKD link, by one of its nodes */
    size_t node, neighbour;
    uint8_t session[QW_HANDOVER_SESSION_LEN];
    uint32_t block, errors_ppm;
    size_t len;
};

struct run_light { /* a slot of a switch that its relay gave, or passes of a satellite */
    size_t node, neighbour;
    uint64_t slots, passes, clear_passes;
    double pass_bits;
};

struct run_files {
    struct run_light *light; /* [lights] */
    size_t lights, lights_cap;
    struct run_fed *fed; /* [feds] */
    size_t feds, feds_cap;
    struct run_event *event; /* [events] of one source after the other, in the order of time */
    size_t events, events_cap;
    struct run_key *key; /* [keys] */
    size_t keys, keys_cap;
};

/* QW_ERR_NOMEM, QW_ERR_IO. */
qw_err run_files_read(const struct run *run, struct run_files *files) QW_MUST_USE;
void run_files_free(struct run_files *files); /* wipes; zeroed is fine */

#endif
