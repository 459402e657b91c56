/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_RELAY_H
#define QW_QKD_RELAY_RELAY_H

#include "crypto/key_source.h"
#include "qkd/relay/hop.h"
#include "qkd/relay/message.h"

/* What one node does with batches of keys [Q3]: begins them, passes them on, takes them in
 * (docs/protocol/relay.md R1 to R7). Knows no sockets, no routing and no clock but what it is told.
 * One thread at a time; callbacks must not call back. */
struct qw_relay;

struct qw_relay_batch {
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    uint32_t count;   /* keys; the id of key i is id | i u32 big-endian */
    uint16_t key_len; /* bytes */
    uint32_t source, target;
};

/* What is asked for. */
struct qw_relay_demand {
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    uint32_t count;           /* keys */
    uint16_t key_len;         /* bytes */
    enum qw_node_class class; /* what it leaves in the pools for better ones */
};

enum {
    QW_RELAY_KEY_ID_LEN = QW_RELAY_BATCH_ID_LEN + 4,
    QW_RELAY_BATCHES_MAX = 4096,
    QW_RELAY_BATCH_LEN_MAX = 1 << 19 /* a message of the wire has room for it */
};
/* Byte 11 of a batch id: its part, when keys are the XOR of two paths (two_paths.h). */
enum { QW_RELAY_PART_AT = 11, QW_RELAY_WHOLE = 255 };

struct qw_relay_config {
    uint32_t node;
    size_t batch_len_max; /* bytes of keys, 1..QW_RELAY_BATCH_LEN_MAX */
    size_t batches_max;   /* that this node is an end of, at a time; 0: it only passes on */
    size_t passing_max;   /* that it passes on, at a time; 0: it does not */
    int64_t timeout_ms;   /* of a batch, at its source */
    const struct qw_key_source *source; /* of keys of batches that begin here; borrowed */
    void *self;
    struct qw_hop *(*hop)(void *self, uint32_t neighbour);       /* NULL: no neighbour */
    struct qw_node_pool *(*end_pool)(void *self, uint32_t node); /* NULL: nothing is shared */
    /* Keys of a batch [count x key_len], borrowed. At the target they are to be stored for good
     * when this returns QW_OK; then the source hears so, and only then it is called there. */
    qw_err (*deliver)(void *self, const struct qw_relay_batch *batch, const uint8_t *keys);
    /* No keys of this batch, or no more: whoever stored some gives them up. at: the node that said
     * so. */
    void (*voided)(void *self, const struct qw_relay_batch *batch, enum qw_relay_reason reason,
                   uint32_t at);
};

struct qw_relay_counters {
    uint64_t requested, delivered, received, passed, voided; /* batches */
    uint64_t delivered_keys, received_keys, end_tag_bits;
    uint64_t wrong_tags, ignored; /* messages of batches that are not known */
    uint64_t limited; /* batches refused for a mark that would cost too much of an end pool */
    uint64_t
        kept[QW_NODE_CLASSES]; /* of this class, refused here for what is left to better ones */
};

/* Copies config. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_relay_new(const struct qw_relay_config *config, struct qw_relay **relay) QW_MUST_USE;
void qw_relay_free(struct qw_relay *relay); /* wipes; NULL is fine */
struct qw_relay_counters qw_relay_counters(const struct qw_relay *relay);
size_t qw_relay_under_way(const struct qw_relay *relay); /* batches that begin or end here */

/* A fresh id of a whole batch. QW_ERR_IO. */
qw_err qw_relay_new_id(uint8_t id[static QW_RELAY_BATCH_ID_LEN]) QW_MUST_USE;

/* Begins a batch over path, whose first node is this one. QW_ERR_ARG: path or sizes;
 * QW_ERR_NOT_FOUND: nothing is shared with the target; QW_ERR_CLOSED: no session with the first
 * neighbour; QW_ERR_EXHAUSTED: pool or source; QW_ERR_LIMIT: too many at a time. After QW_OK
 * either deliver or voided is called once. */
qw_err qw_relay_request(struct qw_relay *relay, const struct qw_relay_path *path,
                        const struct qw_relay_demand *demand) QW_MUST_USE;
/* Gives up a batch that began here, delivered or not, and has the target do so; voided is not
 * called. For one that is void already: has the target told over this path instead. QW_ERR_LIMIT.
 */
qw_err qw_relay_give_up(struct qw_relay *relay, const struct qw_relay_path *path,
                        const uint8_t id[static QW_RELAY_BATCH_ID_LEN]) QW_MUST_USE;

/* A message with a type that came over the hop of a neighbour; settles it. An error: stop the hop.
 */
qw_err qw_relay_receive(struct qw_relay *relay, uint32_t neighbour,
                        const struct qw_hop_message *message) QW_MUST_USE;
/* The hop was stopped: right after qw_hop_stop, or after a qw_hop_receive that failed. */
void qw_relay_hop_down(struct qw_relay *relay, uint32_t neighbour);
/* Now and then: timeouts, and VOIDs again. */
void qw_relay_tick(struct qw_relay *relay, int64_t now_ms);

#endif
