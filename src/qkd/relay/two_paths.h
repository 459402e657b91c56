/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_TWO_PATHS_H
#define QW_QKD_RELAY_TWO_PATHS_H

#include "qkd/relay/relay.h"

/* Keys that no single relay knows: the XOR of two batches over paths without a common relay [R8].
 * Stands between a relay and whoever takes its keys, at both ends: give it what the relay's deliver
 * and voided say. One thread at a time. */
struct qw_two_paths;

struct qw_two_paths_config {
    size_t pairs_max; /* at a time */
    size_t batch_len_max;
    int64_t timeout_ms; /* of the relays; a half alone is held four times as long */
    void *self;
    /* As in qw_relay_config, of whole batches only: single ones and joined ones. The id of a joined
     * one has QW_TWO_PATHS_JOINED at QW_RELAY_PART_AT. */
    qw_err (*deliver)(void *self, const struct qw_relay_batch *batch, const uint8_t *keys);
    /* part: the one that failed, QW_RELAY_WHOLE for a batch over one path. */
    void (*voided)(void *self, const struct qw_relay_batch *batch, uint8_t part,
                   enum qw_relay_reason reason, uint32_t at);
};
enum { QW_TWO_PATHS_JOINED = 2 };

struct qw_two_paths_counters { /* of joined batches */
    uint64_t delivered_keys;   /* where this node is the source */
    uint64_t received_keys;
    uint64_t voided; /* that began here */
    uint64_t alone;  /* halves that came here and whose other half never did */
};

/* QW_ERR_ARG, QW_ERR_NOMEM. Copies config. */
qw_err qw_two_paths_new(const struct qw_two_paths_config *config,
                        struct qw_two_paths **pairs) QW_MUST_USE;
void qw_two_paths_free(struct qw_two_paths *pairs); /* wipes; NULL is fine */

struct qw_two_paths_counters qw_two_paths_counters(const struct qw_two_paths *pairs);

/* Begins a batch over both paths, part 0 over the first; part 1 follows when the target has part 0
 * (qw_two_paths_settle). Byte QW_RELAY_PART_AT of the demand's id is not looked at. paths_count:
 * QW_ERR_REFUSED for any other than two that share nothing but their ends: never fewer in silence.
 * Others as qw_relay_request. */
qw_err qw_two_paths_request(struct qw_two_paths *pairs, struct qw_relay *relay,
                            const struct qw_relay_path *paths, size_t paths_count,
                            const struct qw_relay_demand *demand) QW_MUST_USE;

/* For the callbacks of qw_relay_config. QW_ERR_CONFLICT: not the other half of what is held (the
 * same part, another source, count or length); QW_ERR_STATE: part 1, and part 0 is not held: it
 * went with a crash; QW_ERR_LIMIT: no place, or void. */
qw_err qw_two_paths_deliver(struct qw_two_paths *pairs, const struct qw_relay_batch *batch,
                            const uint8_t *keys) QW_MUST_USE;
void qw_two_paths_voided(struct qw_two_paths *pairs, const struct qw_relay_batch *batch,
                         enum qw_relay_reason reason, uint32_t at);
/* After the relay's functions have returned, and now and then: begins part 1 of what is confirmed,
 * gives up the other half of what was voided, and halves that stay alone. */
void qw_two_paths_settle(struct qw_two_paths *pairs, struct qw_relay *relay, int64_t now_ms);

#endif
