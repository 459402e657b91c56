/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_RELAY_STATE_H
#define QW_QKD_RELAY_RELAY_STATE_H

#include "qkd/relay/end_tag.h"
#include "qkd/relay/relay.h"

/* What the files of the relay share: relay.c (tables, dispatch), relay_source.c, relay_pass.c,
 * relay_target.c, relay_void.c. */
enum relay_phase {
    RELAY_FREE,
    RELAY_RESERVING, /* source: RESERVE is out */
    RELAY_SENT,      /* source: DATA is out */
    RELAY_VOIDING,   /* source: VOID is out */
    RELAY_EXPECTING  /* target: RESERVED is out */
};

struct relay_end {
    enum relay_phase phase;
    struct qw_relay_batch batch;
    struct qw_relay_path path; /* source */
    uint32_t neighbour;        /* next on the path, or the one before */
    uint64_t reserved_len;     /* source, RELAY_RESERVING */
    uint64_t end_mark;         /* target: of the source */
    int64_t since_ms;
    unsigned tries; /* of VOID */
};

struct relay_passing {
    bool is_used, has_passed; /* DATA is through */
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    size_t len;            /* of keys */
    uint32_t before, next; /* nodes */
    uint64_t reserved_len; /* towards next */
    int64_t since_ms;
};

struct qw_relay {
    struct qw_relay_config config;
    struct qw_relay_counters counters;
    int64_t now_ms;
    struct relay_end *ends;        /* [batches_max] */
    struct relay_passing *passing; /* [passing_max] */
    uint8_t *keys;                 /* [batches_max x batch_len_max] locked, of sources */
    uint8_t *arrived;              /* [batch_len_max] locked, at a target */
    uint8_t *message;              /* [message_cap] locked: this node's own */
    size_t message_cap;
    struct qw_end_tags *tags; /* locked */
};

enum { RELAY_VOID_TRIES = 16 };

static inline uint8_t *relay_keys_of(struct qw_relay *relay, const struct relay_end *end)
{
    return relay->keys + (size_t)(end - relay->ends) * relay->config.batch_len_max;
}

static inline size_t relay_batch_len(const struct qw_relay_batch *batch)
{
    return (size_t)batch->count * batch->key_len;
}

/* NULL: unknown, or no place. */
struct relay_end *relay_end_find(struct qw_relay *relay, const uint8_t *id);
struct relay_end *relay_end_add(struct qw_relay *relay, const uint8_t *id);
void relay_end_remove(struct qw_relay *relay, struct relay_end *end); /* wipes its keys */
struct relay_passing *relay_passing_find(struct qw_relay *relay, const uint8_t *id);
struct relay_passing *relay_passing_add(struct qw_relay *relay, const uint8_t *id);
/* Gives a reservation back, unless it went with the hop's session. */
void relay_passing_remove(struct qw_relay *relay, struct relay_passing *passing);
bool relay_is_same_id(const uint8_t *a, const uint8_t *b);

/* The body stands in relay->message already. QW_ERR_CLOSED: no such neighbour. */
qw_err relay_say(struct qw_relay *relay, uint32_t neighbour, uint8_t type,
                 size_t body_len) QW_MUST_USE;
static inline uint8_t *relay_body(struct qw_relay *relay)
{
    return relay->message + QW_HOP_HEAD_LEN;
}
void relay_fail(struct qw_relay *relay, uint32_t neighbour, const uint8_t *id,
                enum qw_relay_reason reason, uint32_t at);
/* len bytes towards a neighbour, and its tag; true, or the reason why not. */
bool relay_reserve_hop(struct qw_relay *relay, uint32_t neighbour, size_t len,
                       enum qw_node_class class, enum qw_relay_reason *reason) QW_MUST_USE;
void relay_release_hop(struct qw_relay *relay, uint32_t neighbour, uint64_t len);

/* Messages, decoded. message: for those that are passed on in place. */
void relay_target_reserve(struct qw_relay *relay, uint32_t from, const struct qw_relay_reserve *m);
void relay_target_data(struct qw_relay *relay, struct relay_end *end,
                       const struct qw_relay_tagged *m, const struct qw_hop_message *message);
void relay_target_fail(struct qw_relay *relay, struct relay_end *end, enum qw_relay_reason reason,
                       uint32_t at);
void relay_pass_reserve(struct qw_relay *relay, uint32_t from, struct qw_relay_reserve *m);
void relay_pass_data(struct qw_relay *relay, struct relay_passing *passing,
                     const struct qw_hop_message *message);
void relay_pass_back(struct qw_relay *relay, struct relay_passing *passing,
                     const struct qw_hop_message *message);
void relay_pass_fail(struct qw_relay *relay, struct relay_passing *passing, uint32_t from,
                     enum qw_relay_reason reason, uint32_t at);
void relay_source_reserved(struct qw_relay *relay, struct relay_end *end, uint64_t end_mark);
void relay_source_confirm(struct qw_relay *relay, struct relay_end *end,
                          const struct qw_relay_tagged *m);
void relay_source_fail(struct qw_relay *relay, struct relay_end *end, enum qw_relay_reason reason,
                       uint32_t at);
void relay_take_void(struct qw_relay *relay, uint32_t from, struct qw_relay_void *m);
void relay_take_voided(struct qw_relay *relay, uint32_t from, struct qw_relay_void *m);
void relay_send_void(struct qw_relay *relay, struct relay_end *end);

/* What an end tag of DATA covers besides the keys: type, batch, count, key length. */
enum { RELAY_SAID_LEN = 1 + QW_RELAY_BATCH_ID_LEN + 4 + 2 };
void relay_said(uint8_t type, const struct qw_relay_batch *batch,
                uint8_t out[static RELAY_SAID_LEN]);

#endif
