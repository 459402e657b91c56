/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/link_feed.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/link.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE_CAP = QW_HOP_FRAME_LEN + QW_LINK_FEED_GIVE_LEN };

struct kept {
    struct qw_handover_label label;
    uint32_t errors_ppm;
    size_t len;
    uint8_t *key; /* [len] secret */
};

struct qw_link_feed {
    struct qw_link_feed_config config;
    struct qw_handover_mark mark;
    uint8_t end; /* 0: no process has come yet */
    size_t kepts;
    struct kept kept[QW_LINK_FEED_KEYS_MAX]; /* in the order of the link */
    bool is_said;                            /* beside Alice: GIVE of kept[0] is out */
    size_t said_out_len;                     /* in it */
    bool is_asked, is_refused; /* beside Bob: a GIVE is to be answered; with no, whatever comes */
    struct qw_handover_label asked;
    uint32_t asked_len, asked_out_len;
};

qw_err qw_link_feed_new(const struct qw_link_feed_config *config, struct qw_link_feed **out)
{
    struct qw_link_feed *feed = calloc(1, sizeof *feed);
    qw_err err;

    if (feed == NULL) {
        return QW_ERR_NOMEM;
    }
    feed->config = *config;
    err = qw_handover_mark_read(config->mark_path, &feed->mark);
    if (err != QW_OK) {
        free(feed);
        return err;
    }
    *out = feed;
    return QW_OK;
}

static void drop_first(struct qw_link_feed *feed)
{
    qw_secret_free(feed->kept[0].key);
    feed->kepts--;
    memmove(feed->kept, feed->kept + 1, feed->kepts * sizeof feed->kept[0]);
    feed->kept[feed->kepts] = (struct kept){ 0 };
}

static void drop_all(struct qw_link_feed *feed)
{
    while (feed->kepts > 0) {
        drop_first(feed);
    }
}

void qw_link_feed_free(struct qw_link_feed *feed)
{
    if (feed != NULL) {
        drop_all(feed);
        free(feed);
    }
}

void qw_link_feed_begin(struct qw_link_feed *feed, uint8_t end)
{
    if (feed->end != end) {
        drop_all(feed);
        feed->is_said = false;
    }
    feed->end = end;
}

static bool is_same(const struct qw_handover_label *a, const struct qw_handover_label *b)
{
    return qw_equal_ct(a->session, b->session, sizeof a->session) && a->block == b->block;
}

/* Of the same session, and after it. */
static bool is_later(const struct qw_handover_label *label, const struct qw_handover_label *than)
{
    return qw_equal_ct(label->session, than->session, sizeof label->session) &&
           label->block > than->block;
}

static qw_err keep(struct qw_link_feed *feed, const struct qw_handover_key *key)
{
    struct kept kept = { key->label, key->errors_ppm, key->len, qw_secret_new(key->len) };
    qw_err err = kept.key == NULL ? QW_ERR_NOMEM : QW_OK;

    if (err == QW_OK) {
        memcpy(kept.key, key->key, key->len);
        err = qw_handover_mark_set(&feed->mark, &key->label);
    }
    if (err != QW_OK) {
        qw_secret_free(kept.key);
        return err;
    }
    feed->kept[feed->kepts++] = kept;
    return QW_OK;
}

qw_err qw_link_feed_take(struct qw_link_feed *feed, const struct qw_handover_key *key,
                         enum qw_handover_result *result)
{
    qw_err err;

    if (qw_handover_mark_covers(&feed->mark, &key->label)) {
        *result = QW_HANDOVER_TAKEN_BEFORE;
        return QW_OK;
    }
    if (feed->is_asked && !is_same(&key->label, &feed->asked) &&
        !is_later(&feed->asked, &key->label)) {
        feed->is_refused = true; /* the link is past the key that was asked for [F4] */
    }
    if (feed->kepts == QW_LINK_FEED_KEYS_MAX || key->len > QW_LINK_FEED_KEY_MAX) {
        *result = QW_HANDOVER_NO_ROOM;
        return QW_OK;
    }
    err = keep(feed, key);
    if (err == QW_OK) {
        *result = QW_HANDOVER_TAKEN;
    }
    return err;
}

/* The first key: its first out_len bytes into the out stream of Alice's node, the rest into that of
 * Bob's. */
static qw_err append_first(struct qw_link_feed *feed, size_t out_len, int64_t utc_ms)
{
    const struct kept *first = &feed->kept[0];
    struct qw_bytes from_alice = { first->key, out_len };
    struct qw_bytes from_bob = { first->key + out_len, first->len - out_len };
    bool is_alice = feed->end == QW_QKD_ALICE;

    return qw_node_pool_append(qw_hop_pool(feed->config.hop), is_alice ? from_alice : from_bob,
                               is_alice ? from_bob : from_alice, utc_ms);
}

static void tell_fed(const struct qw_link_feed *feed)
{
    const struct kept *first = &feed->kept[0];

    feed->config.fed(feed->config.self, &first->label, first->len, first->errors_ppm);
}

/* How much of the first key goes into the out stream, so that both streams hold as much as can be.
 * False: the two hold enough already, half of what they can: what the neighbour has used and is on
 * its way is not seen here. */
static bool share_first(const struct qw_link_feed *feed, size_t *out_len)
{
    struct qw_node_pool *pool = qw_hop_pool(feed->config.hop);
    struct qw_node_state out = qw_node_pool_state(pool, QW_NODE_OUT);
    struct qw_node_state in = qw_node_pool_state(pool, QW_NODE_IN);
    uint64_t held_out = out.end - out.position;
    uint64_t held_in = in.end - in.position;
    uint64_t len = feed->kept[0].len;

    if (held_out + held_in + len > out.capacity) {
        return false;
    }
    if (held_out >= held_in + len) {
        *out_len = 0;
    } else if (held_in >= held_out + len) {
        *out_len = (size_t)len;
    } else {
        *out_len = (size_t)((len + held_in - held_out) / 2);
    }
    return true;
}

static void write_label(struct qw_writer *w, const struct qw_handover_label *label)
{
    qw_write_bytes(w, label->session, sizeof label->session);
    qw_write_u32be(w, label->block);
}

static void read_label(struct qw_reader *r, struct qw_handover_label *label)
{
    qw_read_bytes(r, label->session, sizeof label->session);
    label->block = qw_read_u32be(r);
}

/* F2 */
static qw_err say_first(struct qw_link_feed *feed)
{
    uint8_t message[MESSAGE_CAP];
    struct qw_writer w = qw_writer_on(message + QW_HOP_HEAD_LEN, QW_LINK_FEED_GIVE_LEN);
    qw_err err;

    write_label(&w, &feed->kept[0].label);
    qw_write_u32be(&w, (uint32_t)feed->kept[0].len);
    qw_write_u32be(&w, (uint32_t)feed->said_out_len);
    err = qw_hop_seal(feed->config.hop, QW_LINK_FEED_GIVE, message, w.len, 0, NULL);
    if (err == QW_OK) {
        feed->is_said = true;
    }
    return err == QW_ERR_EXHAUSTED ? QW_OK : err; /* nothing to say it with: later */
}

static qw_err answer(struct qw_link_feed *feed, bool is_given)
{
    uint8_t message[MESSAGE_CAP];
    struct qw_writer w = qw_writer_on(message + QW_HOP_HEAD_LEN, QW_LINK_FEED_GIVEN_LEN);

    write_label(&w, &feed->asked);
    qw_write_u8(&w, is_given ? 1 : 0);
    feed->is_asked = feed->is_refused = false;
    return qw_hop_seal(feed->config.hop, QW_LINK_FEED_GIVEN, message, w.len, 0, NULL);
}

/* F3, F4: beside Bob */
static qw_err try_to_answer(struct qw_link_feed *feed, int64_t utc_ms)
{
    qw_err err;

    while (feed->kepts > 0 && !is_same(&feed->kept[0].label, &feed->asked) &&
           !is_later(&feed->kept[0].label, &feed->asked)) {
        drop_first(feed); /* nobody will ask for it any more */
    }
    if (feed->kepts > 0 && is_same(&feed->kept[0].label, &feed->asked) &&
        feed->kept[0].len == feed->asked_len) {
        tell_fed(feed);
        err = append_first(feed, feed->asked_out_len, utc_ms);
        if (err == QW_OK || err == QW_ERR_SPACE) {
            drop_first(feed);
            err = answer(feed, err == QW_OK);
        }
        return err;
    }
    if (feed->is_refused || feed->kepts > 0 || qw_handover_mark_covers(&feed->mark, &feed->asked)) {
        return answer(feed, false);
    }
    return QW_OK; /* it has not come yet */
}

static qw_err take_give(struct qw_link_feed *feed, const struct qw_hop_message *message,
                        int64_t utc_ms)
{
    struct qw_reader r = qw_reader_on(message->body, message->body_len);
    struct qw_handover_label label;
    uint32_t len;
    uint32_t out_len;

    read_label(&r, &label);
    len = qw_read_u32be(&r);
    out_len = qw_read_u32be(&r);
    qw_hop_settle(feed->config.hop);
    if (!qw_reader_done(&r) || message->secret_len != 0 || len < QW_HANDOVER_KEY_MIN ||
        len > QW_LINK_FEED_KEY_MAX || out_len > len || feed->is_asked ||
        feed->end == QW_QKD_ALICE) {
        return QW_ERR_FORMAT;
    }
    feed->asked = label;
    feed->asked_len = len;
    feed->asked_out_len = out_len;
    feed->is_asked = true;
    return try_to_answer(feed, utc_ms);
}

/* F5: beside Alice */
static qw_err take_given(struct qw_link_feed *feed, const struct qw_hop_message *message,
                         int64_t utc_ms)
{
    struct qw_reader r = qw_reader_on(message->body, message->body_len);
    struct qw_handover_label label;
    uint8_t is_given;
    qw_err err = QW_OK;

    read_label(&r, &label);
    is_given = qw_read_u8(&r);
    qw_hop_settle(feed->config.hop);
    if (!qw_reader_done(&r) || message->secret_len != 0 || is_given > 1 || !feed->is_said ||
        !is_same(&label, &feed->kept[0].label)) {
        return QW_ERR_FORMAT;
    }
    feed->is_said = false;
    if (is_given == 1) {
        err = append_first(feed, feed->said_out_len, utc_ms);
    }
    if (err == QW_OK && is_given == 1) {
        tell_fed(feed);
    }
    drop_first(feed);
    return err;
}

qw_err qw_link_feed_receive(struct qw_link_feed *feed, const struct qw_hop_message *message,
                            int64_t utc_ms)
{
    return message->type == QW_LINK_FEED_GIVE ? take_give(feed, message, utc_ms)
                                              : take_given(feed, message, utc_ms);
}

qw_err qw_link_feed_turn(struct qw_link_feed *feed, int64_t utc_ms)
{
    if (qw_hop_status(feed->config.hop) != QW_HOP_UP) {
        return QW_OK;
    }
    if (feed->is_asked) {
        return try_to_answer(feed, utc_ms);
    }
    return feed->end == QW_QKD_ALICE && !feed->is_said && feed->kepts > 0 &&
                   share_first(feed, &feed->said_out_len)
               ? say_first(feed)
               : QW_OK;
}

void qw_link_feed_down(struct qw_link_feed *feed)
{
    feed->is_said = false;
    feed->is_asked = feed->is_refused = false;
}
