/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node_feed.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "base/socket.h"
#include "node/node_journal.h"
#include "qkd/link_ledger.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HELLO_MS = 5000, ANSWER_MS = 1000, MESSAGES_MAX = 8 };

static void write_line(const struct node_link *link, const struct qw_handover_label *label,
                       size_t len, uint32_t errors_ppm)
{
    struct node *node = link->node;
    FILE *file = fopen(node->settings.feed_file, "ae");
    char session[2 * QW_HANDOVER_SESSION_LEN + 1];
    bool is_written = file != NULL;

    qw_hex_encode(label->session, sizeof label->session, session);
    if (file != NULL) {
        is_written = fprintf(file, "fed %u %s %u %zu %u\n", link->neighbour, session, label->block,
                             len, errors_ppm) > 0;
        is_written = fclose(file) == 0 && is_written;
    }
    if (!is_written) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: cannot be written", node->settings.feed_file);
        node->has_failed = true;
    }
}

static void fed(void *self, const struct qw_handover_label *label, size_t len, uint32_t errors_ppm)
{
    struct node_feed *feed = self;

    feed->bits += 8 * (uint64_t)len;
    feed->errors_ppm = errors_ppm;
    if (feed->link->node->settings.feed_file[0] != '\0') {
        write_line(feed->link, label, len, errors_ppm);
    }
}

static struct node_link *link_to(struct node *node, uint32_t neighbour)
{
    for (size_t i = 0; i < node->links_count; i++) {
        if (node->links[i].neighbour == neighbour) {
            return &node->links[i];
        }
    }
    return NULL;
}

static qw_err open_feed(struct node_feed *feed)
{
    struct qw_link_feed_config config = {
        .hop = feed->link->hop, .mark_path = feed->mark_path, .self = feed, .fed = fed
    };
    qw_err err = qw_link_feed_new(&config, &feed->keys);

    if (err != QW_OK) {
        return err;
    }
    feed->inbox.message = qw_secret_new(QW_HANDOVER_LEN_MAX);
    return feed->inbox.message == NULL ? QW_ERR_NOMEM
                                       : qw_socket_listen_unix(feed->path, &feed->listener);
}

qw_err node_feed_add(struct node *node, const char *text)
{
    uint32_t own = (uint32_t)node->settings.node;
    struct node_entry entry;
    struct node_link *link = NULL;
    struct node_feed *feed;
    qw_err err;

    if (node_entry_read(text, &entry) && entry.host[0] == '\0') {
        link = link_to(node, entry.node);
    }
    if (link == NULL || link->feed != NULL || node->settings.simulated_seed != 0) {
        qw_log_write(node->log, QW_LOG_ERROR,
                     "feeds: '%s' is not ID=SOCKET of a neighbour, once, without simulated_seed",
                     text);
        return QW_ERR_FORMAT;
    }
    feed = link->feed = calloc(1, sizeof *feed);
    if (feed == NULL) {
        return QW_ERR_NOMEM;
    }
    feed->link = link;
    feed->listener = feed->fd = -1;
    (void)snprintf(feed->path, sizeof feed->path, "%s", entry.path);
    (void)snprintf(feed->mark_path, sizeof feed->mark_path, "%s.mark", entry.path);
    (void)snprintf(feed->name, sizeof feed->name, "%u-%u", own < entry.node ? own : entry.node,
                   own < entry.node ? entry.node : own);
    (void)snprintf(feed->reason, sizeof feed->reason, "its process has not come yet");
    err = open_feed(feed);
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: %s", feed->path, qw_err_text(err));
    }
    return err;
}

static void hang_up(struct node_feed *feed)
{
    qw_socket_close(feed->fd);
    feed->fd = -1;
    feed->has_greeted = false;
    feed->inbox.head_got = feed->inbox.body_got = 0;
    qw_wipe(feed->inbox.message, QW_HANDOVER_LEN_MAX);
}

void node_feed_close(struct node_link *link)
{
    struct node_feed *feed = link->feed;

    if (feed == NULL) {
        return;
    }
    if (feed->fd >= 0) {
        hang_up(feed);
    }
    if (feed->listener >= 0) {
        qw_socket_close(feed->listener);
        (void)unlink(feed->path);
    }
    qw_secret_free(feed->inbox.message);
    qw_link_feed_free(feed->keys);
    free(feed);
    link->feed = NULL;
}

int node_feed_fd(const struct node_link *link)
{
    return link->feed == NULL ? -1 : link->feed->fd >= 0 ? link->feed->fd : link->feed->listener;
}

static qw_err send_answer(const struct node_feed *feed, const uint8_t *message, size_t len)
{
    return qw_handover_send(feed->fd, message, len, qw_clock_monotonic_ms() + ANSWER_MS);
}

/* C1 */
static qw_err greet(struct node_feed *feed, size_t len)
{
    bool is_simulated = qw_node_pool_head(feed->link->pool)->is_simulated;
    uint8_t answer[QW_HANDOVER_SHORT_MAX];
    struct qw_handover_hello hello;
    qw_err err = qw_handover_hello_decode(feed->inbox.message, len, &hello);

    if (err != QW_OK) {
        return err;
    }
    if (strcmp(hello.name, feed->name) != 0 || hello.is_simulated != is_simulated) {
        qw_log_write(feed->link->node->log, QW_LOG_ERROR,
                     "link %s: refused: what connects is link %s over %s light", feed->name,
                     hello.name, hello.is_simulated ? "simulated" : "real");
        node_journal_write_of(feed->link->node, "link-refused", feed->link->neighbour,
                              QW_ERR_REFUSED, "its process is another link's, or of other light");
        return QW_ERR_REFUSED;
    }
    qw_link_feed_begin(feed->keys, hello.end);
    feed->has_greeted = true;
    feed->reason[0] = '\0';
    return send_answer(feed, answer, qw_handover_welcome_encode(answer));
}

/* C2 */
static qw_err take_key(struct node_feed *feed, size_t len)
{
    struct qw_handover_taken taken;
    struct qw_handover_key key;
    enum qw_handover_result result = QW_HANDOVER_NO_ROOM;
    uint8_t answer[QW_HANDOVER_SHORT_MAX];
    qw_err err = qw_handover_key_decode(feed->inbox.message, len, &key);

    if (err != QW_OK) {
        return err;
    }
    err = qw_link_feed_take(feed->keys, &key, &result);
    taken = (struct qw_handover_taken){ key.label, (uint8_t)result };
    qw_wipe(feed->inbox.message, len);
    return err == QW_OK ? send_answer(feed, answer, qw_handover_taken_encode(&taken, answer)) : err;
}

/* L4; false: it is another message. */
static bool hear_stop(struct node_feed *feed, size_t len)
{
    struct qw_handover_stopped stopped;

    if (qw_handover_stopped_decode(feed->inbox.message, len, &stopped) != QW_OK) {
        return false;
    }
    (void)snprintf(feed->reason, sizeof feed->reason, "%s: %s",
                   qw_qkd_refusal_name((enum qw_qkd_refusal)stopped.reason),
                   qw_qkd_refusal_text((enum qw_qkd_refusal)stopped.reason));
    qw_log_write(feed->link->node->log, QW_LOG_WARNING, "link %s: %s", feed->name, feed->reason);
    node_journal_write_of(feed->link->node, "link-stopped", feed->link->neighbour, QW_ERR_REFUSED,
                          feed->reason);
    return true;
}

static qw_err take_message(struct node_feed *feed, size_t len)
{
    if (!feed->has_greeted) {
        return greet(feed, len);
    }
    return hear_stop(feed, len) ? QW_ERR_CLOSED : take_key(feed, len);
}

static void read_messages(struct node_feed *feed)
{
    qw_err err = QW_OK;

    for (int i = 0; err == QW_OK && i < MESSAGES_MAX; i++) {
        size_t len = 0;

        err = qw_handover_receive(feed->fd, &feed->inbox, &len, qw_clock_monotonic_ms());
        if (err == QW_OK) {
            err = take_message(feed, len);
        }
    }
    if (err == QW_ERR_TIMEOUT && !feed->has_greeted &&
        qw_clock_monotonic_ms() - feed->since_ms > HELLO_MS) {
        err = QW_ERR_CLOSED; /* another may want to say something */
    }
    if (err == QW_OK || err == QW_ERR_TIMEOUT) {
        return;
    }
    if (feed->has_greeted && feed->reason[0] == '\0') {
        (void)snprintf(feed->reason, sizeof feed->reason, "its process is gone");
    }
    if (err != QW_ERR_CLOSED) {
        qw_log_write(feed->link->node->log, QW_LOG_WARNING, "link %s: %s", feed->name,
                     qw_err_text(err));
    }
    hang_up(feed);
}

void node_feed_turn(struct node_link *link)
{
    struct node_feed *feed = link->feed;
    qw_err err;

    if (feed == NULL) {
        return;
    }
    if (feed->fd < 0) {
        if (qw_socket_accept(feed->listener, 0, &feed->fd) != QW_OK) {
            feed->fd = -1;
        }
        feed->since_ms = qw_clock_monotonic_ms();
    }
    if (feed->fd >= 0) {
        read_messages(feed);
    }
    err = link->fd < 0 ? QW_OK : qw_link_feed_turn(feed->keys, qw_clock_utc_ms());
    if (err != QW_OK) {
        node_link_drop(link, qw_err_text(err));
    }
}

void node_feed_down(struct node_link *link)
{
    if (link->feed != NULL) {
        qw_link_feed_down(link->feed->keys);
    }
}

qw_err node_feed_take(struct node_link *link, const struct qw_hop_message *message)
{
    if (link->feed == NULL) { /* the neighbour's is fed, ours is not */
        qw_hop_settle(link->hop);
        return QW_ERR_FORMAT;
    }
    return qw_link_feed_receive(link->feed->keys, message, qw_clock_utc_ms());
}
