/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of a session: who is there, at which marks, with the same streams [H1 to H4]. */
#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "qkd/relay/hop_state.h"

#include <string.h>

enum { OWN, PEER };
static const char meet_label[] = "QWMEET1";
static const char open_label[] = "QWOPEN1";

static qw_err make_hello(const struct qw_hop *hop, uint8_t out[static QW_HELLO_LEN])
{
    struct qw_node_state sent = qw_node_pool_state(hop->config.pool, QW_NODE_OUT);
    struct qw_node_state in = qw_node_pool_state(hop->config.pool, QW_NODE_IN);
    struct qw_hello hello = { .from = hop->node,
                              .to = hop->neighbour,
                              .used = { sent.position, in.position },
                              .end = { sent.end, in.end },
                              .sure = in.sure };
    qw_err err = qw_random_bytes(hello.nonce, sizeof hello.nonce);

    if (err == QW_OK) {
        qw_hello_encode(&hello, out);
    }
    return err;
}

qw_err qw_hop_greet(struct qw_hop *hop)
{
    qw_err err = make_hello(hop, hop->hello[OWN]);

    if (err != QW_OK) {
        return err;
    }
    hop->status = QW_HOP_GREETING;
    return hop->config.send(hop->config.self, hop->hello[OWN], QW_HELLO_LEN);
}

/* Both HELLOs, of the node with the lower id first: the same at both ends. */
static void in_order(const struct qw_hop *hop, const uint8_t *own, const uint8_t *peer,
                     struct qw_bytes hellos[2])
{
    bool is_first = hop->node < hop->neighbour;

    hellos[0] = (struct qw_bytes){ is_first ? own : peer, QW_HELLO_LEN };
    hellos[1] = (struct qw_bytes){ is_first ? peer : own, QW_HELLO_LEN };
}

/* The proof of `node` over both HELLOs, as in_order gives them, and, for OPEN, its said bytes. */
static qw_err prove_over(const struct qw_hop *hop, const struct qw_bytes hellos[2],
                         const char *label, uint32_t node, struct qw_bytes said,
                         uint8_t proof[static QW_MEET_PROOF_LEN])
{
    const struct qw_node_pool_head *head = qw_node_pool_head(hop->config.pool);
    uint8_t id[4];
    struct qw_bytes parts[5] = {
        { label, strlen(label) }, { id, sizeof id }, hellos[0], hellos[1], said
    };

    qw_store_u32be(id, node);
    return qw_hmac(QW_HASH_SHA256, head->meeting_key, sizeof head->meeting_key, parts, 5, proof);
}

/* The same of the session that begins. */
static qw_err prove(const struct qw_hop *hop, const char *label, uint32_t node,
                    struct qw_bytes said, uint8_t proof[static QW_MEET_PROOF_LEN])
{
    struct qw_bytes hellos[2];

    in_order(hop, hop->hello[OWN], hop->hello[PEER], hellos);
    return prove_over(hop, hellos, label, node, said, proof);
}

static const struct qw_bytes nothing = { "", 0 };

static qw_err check_ids(const struct qw_hop *hop, const uint8_t *message, size_t len)
{
    struct qw_hello hello;
    qw_err err = qw_hello_decode(message, len, &hello);

    if (err == QW_OK && (hello.from != hop->neighbour || hello.to != hop->node)) {
        err = QW_ERR_AUTH;
    }
    return err;
}

/* H2 */
static qw_err take_hello(struct qw_hop *hop, const uint8_t *message, size_t len)
{
    uint8_t meet[QW_MEET_LEN] = { QW_MEET_TYPE };
    qw_err err = check_ids(hop, message, len);

    if (err != QW_OK) {
        return err;
    }
    memcpy(hop->hello[PEER], message, QW_HELLO_LEN);
    err = prove(hop, meet_label, hop->node, nothing, meet + 1);
    if (err != QW_OK) {
        return err;
    }
    hop->status = QW_HOP_PROVING;
    return hop->config.send(hop->config.self, meet, sizeof meet);
}

/* The hash key and the tag of an OPEN in the stream of a direction, which stands where it says. */
static qw_err open_tag(struct qw_hop *hop, enum qw_node_direction direction, const uint8_t *said,
                       size_t said_len, uint8_t tag[static QW_OPEN_TAG_LEN])
{
    struct qw_node_pool *pool = hop->config.pool;
    struct qw_node_state state = qw_node_pool_state(pool, direction);
    struct qw_bytes hellos[2];
    struct qw_poly_hash hash;
    uint8_t digest[QW_POLY_HASH_LEN];
    const uint8_t *bytes = NULL;
    qw_err err = qw_node_pool_peek(pool, direction, QW_HOP_OPEN_USE_LEN, &bytes);

    if (err != QW_OK) {
        return err;
    }
    memcpy(hop->hash_key[direction], bytes, QW_ONE_TIME_MAC_KEY_LEN);
    in_order(hop, hop->hello[OWN], hop->hello[PEER], hellos);
    qw_poly_hash_init(&hash, hop->hash_key[direction]);
    qw_poly_hash_update(&hash, said, said_len);
    qw_poly_hash_update(&hash, hellos[0].data, hellos[0].len);
    qw_poly_hash_update(&hash, hellos[1].data, hellos[1].len);
    err =
        qw_node_pool_hash(pool, direction, state.position + QW_HOP_OPEN_USE_LEN, state.end, &hash);
    qw_poly_hash_final(&hash, digest);
    for (size_t i = 0; err == QW_OK && i < QW_OPEN_TAG_LEN; i++) {
        tag[i] = digest[i] ^ bytes[QW_ONE_TIME_MAC_KEY_LEN + i];
    }
    qw_wipe(digest, sizeof digest);
    return err;
}

enum { OPEN_SAID_LEN = 1 + 8 };

/* H4, this node's part */
static qw_err send_open(struct qw_hop *hop)
{
    struct qw_node_pool *pool = hop->config.pool;
    uint8_t message[QW_OPEN_LEN] = { QW_OPEN_TYPE };
    struct qw_bytes said = { message + 1, 8 + QW_OPEN_TAG_LEN };
    qw_err err;

    qw_store_u64be(message + 1, qw_node_pool_state(pool, QW_NODE_OUT).position);
    err = open_tag(hop, QW_NODE_OUT, message, OPEN_SAID_LEN, message + OPEN_SAID_LEN);
    if (err == QW_OK) {
        err = prove(hop, open_label, hop->node, said, message + OPEN_SAID_LEN + QW_OPEN_TAG_LEN);
    }
    if (err != QW_OK) {
        return err;
    }
    qw_node_pool_pass(pool, QW_NODE_OUT, QW_HOP_OPEN_USE_LEN);
    hop->account.session_bits += 8 * QW_HOP_OPEN_USE_LEN;
    hop->status = QW_HOP_OPENING;
    return hop->config.send(hop->config.self, message, sizeof message);
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* H3: the neighbour's first stream is our second. */
static qw_err agree(struct qw_hop *hop)
{
    struct qw_hello own, peer;
    qw_err err = qw_hello_decode(hop->hello[OWN], QW_HELLO_LEN, &own);

    if (err == QW_OK) {
        err = qw_hello_decode(hop->hello[PEER], QW_HELLO_LEN, &peer);
    }
    for (size_t i = 0; err == QW_OK && i < 2; i++) {
        const struct qw_hello *sender = i == 0 ? &own : &peer;
        const struct qw_hello *receiver = i == 0 ? &peer : &own;
        uint64_t position = higher(own.used[i], peer.used[1 - i]);
        uint64_t end = higher(position, lower(own.end[i], peer.end[1 - i]));

        if (sender->used[0] < receiver->sure) {
            /* Put back: how much it sent that never arrived, nobody knows. */
            end = higher(own.end[i], peer.end[1 - i]);
            position = end;
            hop->account.put_back++;
        }
        err =
            qw_node_pool_agree(hop->config.pool, i == 0 ? QW_NODE_OUT : QW_NODE_IN, position, end);
    }
    return err;
}

/* Whether it is the neighbour's over these HELLOs. */
static qw_err check_meet(const struct qw_hop *hop, const uint8_t *own, const uint8_t *peer,
                         const uint8_t *message, size_t len)
{
    uint8_t expected[QW_MEET_PROOF_LEN];
    struct qw_bytes hellos[2];
    qw_err err;

    in_order(hop, own, peer, hellos);
    err = prove_over(hop, hellos, meet_label, hop->neighbour, nothing, expected);
    if (err == QW_OK && (len != QW_MEET_LEN || message[0] != QW_MEET_TYPE ||
                         !qw_equal_ct(message + 1, expected, sizeof expected))) {
        err = QW_ERR_AUTH;
    }
    return err;
}

static qw_err take_meet(struct qw_hop *hop, const uint8_t *message, size_t len)
{
    qw_err err = check_meet(hop, hop->hello[OWN], hop->hello[PEER], message, len);

    if (err == QW_OK) {
        err = agree(hop);
    }
    return err == QW_OK ? send_open(hop) : err;
}

qw_err qw_hop_doubt(const struct qw_hop *hop, const uint8_t *hello, size_t len,
                    struct qw_hop_rival *rival)
{
    struct qw_hop_rival doubted;
    qw_err err = check_ids(hop, hello, len);

    if (err == QW_OK) {
        memcpy(doubted.peer, hello, QW_HELLO_LEN);
        err = make_hello(hop, doubted.own);
    }
    if (err == QW_OK) {
        *rival = doubted;
    }
    return err;
}

qw_err qw_hop_prove_rival(const struct qw_hop *hop, const struct qw_hop_rival *rival,
                          const uint8_t *meet, size_t len)
{
    return check_meet(hop, rival->own, rival->peer, meet, len);
}

/* H4, the neighbour's part */
static qw_err take_open(struct qw_hop *hop, const uint8_t *message, size_t len)
{
    struct qw_node_pool *pool = hop->config.pool;
    uint8_t proof[QW_MEET_PROOF_LEN];
    uint8_t tag[QW_OPEN_TAG_LEN];
    struct qw_bytes said = { message + 1, 8 + QW_OPEN_TAG_LEN };
    struct qw_open open;
    qw_err err = qw_open_decode(message, len, &open);

    if (err == QW_OK) {
        err = prove(hop, open_label, hop->neighbour, said, proof);
    }
    if (err != QW_OK) {
        return err;
    }
    if (!qw_equal_ct(proof, open.proof, sizeof proof) ||
        open.position != qw_node_pool_state(pool, QW_NODE_IN).position) {
        return QW_ERR_AUTH;
    }
    err = open_tag(hop, QW_NODE_IN, message, OPEN_SAID_LEN, tag);
    if (err != QW_OK) {
        return err;
    }
    if (!qw_equal_ct(tag, open.tag, sizeof tag)) {
        qw_hop_stop(hop);
        hop->status = QW_HOP_QUARANTINED;
        return QW_ERR_CONFLICT;
    }
    qw_node_pool_pass(pool, QW_NODE_IN, QW_HOP_OPEN_USE_LEN);
    hop->status = QW_HOP_UP;
    return QW_OK;
}

qw_err qw_hop_meet(struct qw_hop *hop, const uint8_t *message, size_t len)
{
    switch (hop->status) {
    case QW_HOP_GREETING:
        return take_hello(hop, message, len);
    case QW_HOP_PROVING:
        return take_meet(hop, message, len);
    case QW_HOP_OPENING:
        return take_open(hop, message, len);
    default:
        return QW_ERR_STATE;
    }
}
