/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node_hand.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"
#include "node/node_delivery.h"
#include "qkd/link.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 20, /* a Unix socket is there or is not */
    SEND_MS = 200,   /* what does not go into the socket's buffer is taken at once */
    ANSWER_MS = 5000,
    AGAIN_MS = 200,
    FULL_MS = 1000, /* no further batches are asked for, when the centre has no room */
    TRIES = 2
};

static bool may_add(const struct node *node, const char *text, struct node_entry *entry)
{
    bool has_end = false;

    if (node->hands_count == NODE_LINKS_MAX || !node_entry_read(text, entry) ||
        entry->host[0] != '\0') {
        return false;
    }
    for (size_t i = 0; i < node->ends_count; i++) {
        has_end = has_end || node->ends[i].entry.node == entry->node;
    }
    for (size_t i = 0; i < node->hands_count; i++) {
        has_end = has_end && node->hands[i]->other != entry->node;
    }
    return has_end;
}

static qw_err open_buffers(struct node_hand *hand, size_t batch_keys)
{
    hand->batch_cap = batch_keys * NODE_KEY_LEN;
    hand->keys = qw_secret_new(NODE_HAND_BATCHES * hand->batch_cap);
    hand->outgo = qw_secret_new(QW_HANDOVER_KEY_AT + hand->batch_cap);
    hand->inbox.message = malloc(QW_HANDOVER_LEN_MAX);
    return hand->keys == NULL || hand->outgo == NULL || hand->inbox.message == NULL ? QW_ERR_NOMEM
                                                                                    : QW_OK;
}

qw_err node_hand_add(struct node *node, const char *text)
{
    uint32_t own = (uint32_t)node->settings.node;
    struct node_entry entry;
    struct node_hand *hand;

    if (!may_add(node, text, &entry)) {
        qw_log_write(node->log, QW_LOG_ERROR,
                     "hand_to: '%s' is not ID=SOCKET of a node in ends, once", text);
        return QW_ERR_FORMAT;
    }
    hand = calloc(1, sizeof *hand);
    if (hand == NULL) {
        return QW_ERR_NOMEM;
    }
    node->hands[node->hands_count++] = hand;
    hand->fd = -1;
    hand->other = entry.node;
    memcpy(hand->path, entry.path, sizeof hand->path);
    hand->hello.end = own < entry.node ? QW_QKD_ALICE : QW_QKD_BOB;
    hand->hello.is_simulated = node_is_simulated(node);
    (void)snprintf(hand->hello.name, sizeof hand->hello.name, "%u-%u",
                   own < entry.node ? own : entry.node, own < entry.node ? entry.node : own);
    return open_buffers(hand, (size_t)node->settings.batch_keys);
}

void node_hand_close(struct node_hand *hand)
{
    if (hand != NULL) {
        qw_socket_close(hand->fd);
        qw_secret_free(hand->keys);
        qw_secret_free(hand->outgo);
        free(hand->inbox.message);
        free(hand);
    }
}

qw_err node_hand_check(const struct node *node)
{
    if (node->hands_count == 0 || node_is_simulated(node) || node->source.is_quantum) {
        return QW_OK;
    }
    qw_log_write(node->log, QW_LOG_ERROR,
                 "hand_to: keys that begin here are of %s, and a centre would call them quantum",
                 node->source.name);
    return QW_ERR_REFUSED;
}

static uint8_t *keys_of(const struct node_hand *hand, size_t place)
{
    return hand->keys + place * hand->batch_cap;
}

static struct node_hand *hand_with(const struct node *node, uint32_t other)
{
    for (size_t i = 0; i < node->hands_count; i++) {
        if (node->hands[i]->other == other) {
            return node->hands[i];
        }
    }
    return NULL;
}

/* A batch is a session of its own: they end in another order at the two ends. */
static void label_of(const uint8_t id[static QW_RELAY_BATCH_ID_LEN],
                     struct qw_handover_label *label)
{
    *label = (struct qw_handover_label){ .block = 0 };
    memcpy(label->session, id, QW_RELAY_BATCH_ID_LEN);
}

void node_hand_give(struct node *node, const struct qw_relay_batch *batch, const uint8_t *keys)
{
    bool is_ours = batch->source == (uint32_t)node->settings.node;
    struct node_hand *hand = hand_with(node, is_ours ? batch->target : batch->source);
    size_t len = (size_t)batch->count * batch->key_len;
    size_t place;

    if (hand == NULL) {
        return;
    }
    if (hand->count == NODE_HAND_BATCHES || len > hand->batch_cap) {
        hand->dropped_bits += 4 * (uint64_t)len;
        return;
    }
    place = (hand->first + hand->count++) % NODE_HAND_BATCHES;
    label_of(batch->id, &hand->batch[place].label);
    hand->batch[place].len = len;
    memcpy(keys_of(hand, place), keys, len);
}

void node_hand_void(struct node *node, const uint8_t id[static QW_RELAY_BATCH_ID_LEN])
{
    struct qw_handover_label label;

    label_of(id, &label);
    for (size_t i = 0; i < node->hands_count; i++) {
        struct node_hand *hand = node->hands[i];

        for (size_t k = 0; k < hand->count; k++) {
            size_t place = (hand->first + k) % NODE_HAND_BATCHES;
            bool is_sent = k == 0 && hand->state == NODE_HAND_WAITING && hand->fd >= 0;

            if (!is_sent && qw_equal_ct(&hand->batch[place].label, &label, sizeof label)) {
                qw_wipe(keys_of(hand, place), hand->batch[place].len);
                hand->batch[place].len = 0;
            }
        }
    }
}

/* Once for each time that it is missed. */
static void miss(const struct node *node, struct node_hand *hand, qw_err err)
{
    if (!hand->is_missed) {
        qw_log_write(node->log, QW_LOG_WARNING, "centre at %s: %s", hand->path, qw_err_text(err));
        hand->is_missed = true;
    }
}

static void hang_up(struct node_hand *hand, int64_t now_ms)
{
    qw_socket_close(hand->fd);
    hand->fd = -1;
    hand->state = NODE_HAND_GREETING;
    hand->inbox.head_got = hand->inbox.body_got = 0;
    hand->until_ms = now_ms + AGAIN_MS;
}

static void end_first(struct node_hand *hand)
{
    qw_wipe(keys_of(hand, hand->first), hand->batch_cap);
    hand->first = (hand->first + 1) % NODE_HAND_BATCHES;
    hand->count--;
    hand->tries = 0;
}

static qw_err say(const struct node_hand *hand, const uint8_t *message, size_t len)
{
    return qw_handover_send(hand->fd, message, len, qw_clock_monotonic_ms() + SEND_MS);
}

/* L1 */
static void connect_centre(struct node *node, struct node_hand *hand, int64_t now_ms)
{
    uint8_t hello[QW_HANDOVER_SHORT_MAX];
    qw_err err = qw_socket_connect_unix(hand->path, CONNECT_MS, &hand->fd);

    if (err != QW_OK) {
        miss(node, hand, err);
        hand->fd = -1;
        hand->until_ms = now_ms + AGAIN_MS;
        return;
    }
    hand->state = NODE_HAND_GREETING;
    hand->until_ms = now_ms + ANSWER_MS;
    err = say(hand, hello, qw_handover_hello_encode(&hand->hello, hello));
    if (err != QW_OK) {
        miss(node, hand, err);
        hang_up(hand, now_ms);
    }
}

/* L2, L3. A connection that broke over it: once more, then it is destroyed at this end. */
static void send_first(struct node_hand *hand, int64_t now_ms)
{
    const struct node_hand_batch *batch = &hand->batch[hand->first];
    const struct qw_handover_key key = { .label = batch->label,
                                         .key = keys_of(hand, hand->first),
                                         .len = batch->len };
    qw_err err;

    if (batch->len < QW_HANDOVER_KEY_MIN || hand->tries == TRIES) {
        hand->dropped_bits += 4 * (uint64_t)batch->len;
        end_first(hand);
        return;
    }
    hand->tries++;
    hand->state = NODE_HAND_WAITING;
    hand->until_ms = now_ms + ANSWER_MS;
    err = say(hand, hand->outgo, qw_handover_key_encode(&key, hand->outgo));
    qw_wipe(hand->outgo, QW_HANDOVER_KEY_AT + batch->len);
    if (err != QW_OK) {
        hang_up(hand, now_ms);
    }
}

static qw_err hear_taken(struct node *node, struct node_hand *hand, size_t len, int64_t now_ms)
{
    const struct node_hand_batch *batch = &hand->batch[hand->first];
    struct qw_handover_taken taken;
    qw_err err = qw_handover_taken_decode(hand->inbox.message, len, &taken);

    if (err != QW_OK || !qw_equal_ct(&taken.label, &batch->label, sizeof taken.label)) {
        return QW_ERR_FORMAT;
    }
    if (taken.result == QW_HANDOVER_NO_ROOM) {
        hand->dropped_bits += 4 * (uint64_t)batch->len;
        node_delivery_pause(node, hand->other, now_ms + FULL_MS);
    } else {
        hand->taken_bits += 4 * (uint64_t)batch->len;
    }
    end_first(hand);
    hand->state = NODE_HAND_READY;
    return QW_OK;
}

static void hear(struct node *node, struct node_hand *hand, int64_t now_ms)
{
    size_t len = 0;
    qw_err err = qw_handover_receive(hand->fd, &hand->inbox, &len, qw_clock_monotonic_ms());

    if (err == QW_ERR_TIMEOUT && (hand->state == NODE_HAND_READY || now_ms < hand->until_ms)) {
        return;
    }
    if (err == QW_OK && hand->state == NODE_HAND_GREETING) {
        err = qw_handover_welcome_decode(hand->inbox.message, len);
        hand->state = NODE_HAND_READY;
        hand->is_missed = err != QW_OK;
    } else if (err == QW_OK && hand->state == NODE_HAND_WAITING) {
        err = hear_taken(node, hand, len, now_ms);
    } else if (err == QW_OK) {
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        miss(node, hand, err);
        hang_up(hand, now_ms);
    }
}

void node_hand_turn(struct node *node, struct node_hand *hand, int64_t now_ms)
{
    if (hand->fd < 0 && now_ms >= hand->until_ms) {
        connect_centre(node, hand, now_ms);
    }
    if (hand->fd >= 0) {
        hear(node, hand, now_ms);
    }
    while (hand->fd >= 0 && hand->state == NODE_HAND_READY && hand->count > 0) {
        send_first(hand, now_ms);
    }
}
