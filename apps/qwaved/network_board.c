/* SPDX-License-Identifier: Apache-2.0 */
#include "network_board.h"

#include "api/json_writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORTER_CAP = 64, HEAD_CAP = 512 };

struct board_node {
    char *text; /* [len]; NULL: nothing was reported */
    size_t len;
    uint64_t version;
    int64_t heard_ms;
    char reporter[REPORTER_CAP];
};

struct board_network { /* topology NULL: none */
    char name[NETWORK_NAME_CAP];
    char *topology; /* [topology_len] */
    size_t topology_len;
    uint64_t topology_version;
    char owner[REPORTER_CAP]; /* who said it */
    int64_t owner_heard_ms, heard_ms;
    size_t bytes; /* of all texts */
    unsigned node_count;
    struct board_node *node; /* [node_count] */
};

struct network_board {
    pthread_mutex_t lock;
    uint64_t version;
    bool was_looked_at;
    int64_t looked_ms;
    uint64_t noticed; /* the version that was told of last */
    int64_t noticed_ms;
    struct board_network network[NETWORK_BOARD_MAX];
};

qw_err network_board_new(uint64_t first, struct network_board **out)
{
    struct network_board *board = calloc(1, sizeof *board);

    if (board == NULL) {
        return QW_ERR_NOMEM;
    }
    board->version = first;
    pthread_mutex_init(&board->lock, NULL);
    *out = board;
    return QW_OK;
}

/* Under the lock, like those below. */
static void forget(struct board_network *network)
{
    for (unsigned i = 0; i < network->node_count; i++) {
        free(network->node[i].text);
    }
    free(network->node);
    free(network->topology);
    *network = (struct board_network){ .topology = NULL };
}

void network_board_free(struct network_board *board)
{
    if (board == NULL) {
        return;
    }
    for (size_t i = 0; i < NETWORK_BOARD_MAX; i++) {
        forget(&board->network[i]);
    }
    pthread_mutex_destroy(&board->lock);
    free(board);
}

static void forget_silent(struct network_board *board, int64_t now_ms)
{
    for (size_t i = 0; i < NETWORK_BOARD_MAX; i++) {
        struct board_network *network = &board->network[i];

        if (network->topology != NULL && now_ms - network->heard_ms >= NETWORK_FORGET_MS) {
            forget(network);
            board->version++;
        }
    }
}

void network_board_look(struct network_board *board, int64_t now_ms)
{
    pthread_mutex_lock(&board->lock);
    board->looked_ms = now_ms;
    board->was_looked_at = true;
    forget_silent(board, now_ms);
    pthread_mutex_unlock(&board->lock);
}

static bool is_watched(const struct network_board *board, int64_t now_ms)
{
    return board->was_looked_at && now_ms - board->looked_ms < NETWORK_LOOK_MS;
}

bool network_board_is_watched(struct network_board *board, int64_t now_ms)
{
    bool watched;

    pthread_mutex_lock(&board->lock);
    watched = is_watched(board, now_ms);
    pthread_mutex_unlock(&board->lock);
    return watched;
}

bool network_board_notice(struct network_board *board, int64_t now_ms, uint64_t *version)
{
    bool is_due;

    pthread_mutex_lock(&board->lock);
    is_due = is_watched(board, now_ms) && board->version != board->noticed &&
             (board->noticed == 0 || now_ms - board->noticed_ms >= NETWORK_NOTICE_MS);
    if (is_due) {
        board->noticed = *version = board->version;
        board->noticed_ms = now_ms;
    }
    pthread_mutex_unlock(&board->lock);
    return is_due;
}

/* The one called name; else a free one; NULL: there is none. */
static struct board_network *place_of(struct network_board *board, const char *name)
{
    struct board_network *free_one = NULL;

    for (size_t i = 0; i < NETWORK_BOARD_MAX; i++) {
        struct board_network *network = &board->network[i];

        if (network->topology != NULL && strcmp(network->name, name) == 0) {
            return network;
        }
        free_one = free_one == NULL && network->topology == NULL ? network : free_one;
    }
    return free_one;
}

static char *copy_of(const char *text, size_t len)
{
    char *copy = malloc(len);

    if (copy != NULL) {
        memcpy(copy, text, len);
    }
    return copy;
}

static bool is_same_topology(const struct board_network *network,
                             const struct network_report *report)
{
    return network->topology_len == report->topology_len &&
           strncmp(network->topology, report->text + report->topology_at, report->topology_len) ==
               0;
}

/* The network as report's topology says, with nothing known of its nodes. */
static qw_err begin(struct network_board *board, struct board_network *network,
                    const struct network_report *report, const char *reporter, int64_t now_ms)
{
    struct board_network begun = { .topology_len = report->topology_len,
                                   .bytes = report->topology_len,
                                   .heard_ms = now_ms,
                                   .owner_heard_ms = now_ms,
                                   .node_count = report->topology_nodes };

    begun.node = calloc(report->topology_nodes, sizeof *begun.node);
    begun.topology = copy_of(report->text + report->topology_at, report->topology_len);
    if (begun.node == NULL || begun.topology == NULL) {
        begun.node_count = 0;
        forget(&begun);
        return QW_ERR_NOMEM;
    }
    (void)snprintf(begun.name, sizeof begun.name, "%s", report->name);
    (void)snprintf(begun.owner, sizeof begun.owner, "%s", reporter);
    begun.topology_version = ++board->version;
    forget(network);
    *network = begun;
    return QW_OK;
}

static qw_err take_topology(struct network_board *board, struct board_network *network,
                            const struct network_report *report, const char *reporter,
                            int64_t now_ms)
{
    if (report->topology_len == 0 ||
        (network->topology != NULL && is_same_topology(network, report))) {
        return QW_OK;
    }
    if (network->topology != NULL && strcmp(network->owner, reporter) != 0 &&
        now_ms - network->owner_heard_ms < NETWORK_OWN_MS) {
        return QW_ERR_CONFLICT;
    }
    return begin(board, network, report, reporter, now_ms);
}

/* Whether every part may be taken. */
static qw_err check_parts(const struct board_network *network, const struct network_report *report,
                          const char *reporter, int64_t now_ms)
{
    size_t bytes = network->bytes;

    for (size_t i = 0; i < report->parts; i++) {
        const struct network_part *part = &report->part[i];
        const struct board_node *node;

        if (part->node >= network->node_count) {
            return QW_ERR_FORMAT;
        }
        node = &network->node[part->node];
        if (node->text != NULL && strcmp(node->reporter, reporter) != 0 &&
            now_ms - node->heard_ms < NETWORK_OWN_MS) {
            return QW_ERR_CONFLICT;
        }
        bytes += part->len - node->len;
    }
    return bytes > NETWORK_BYTES_MAX ? QW_ERR_LIMIT : QW_OK;
}

static qw_err take_parts(struct network_board *board, struct board_network *network,
                         const struct network_report *report, const char *reporter, int64_t now_ms)
{
    qw_err err = check_parts(network, report, reporter, now_ms);

    for (size_t i = 0; err == QW_OK && i < report->parts; i++) {
        const struct network_part *part = &report->part[i];
        struct board_node *node = &network->node[part->node];
        char *text = copy_of(report->text + part->at, part->len);

        if (text == NULL) {
            return QW_ERR_NOMEM; /* each part is whole by itself: those before it stand */
        }
        free(node->text);
        network->bytes += part->len - node->len;
        node->text = text;
        node->len = part->len;
        node->version = ++board->version;
        node->heard_ms = now_ms;
        (void)snprintf(node->reporter, sizeof node->reporter, "%s", reporter);
    }
    return err;
}

/* Who reports while the owner of the topology is silent stands in for it: what is known of the
 * network is then his, and no third one's topology takes it away. */
static void note_heard(struct board_network *network, const struct network_report *report,
                       const char *reporter, int64_t now_ms)
{
    bool says_something = report->parts > 0 || report->topology_len > 0;

    network->heard_ms = now_ms;
    if (says_something && now_ms - network->owner_heard_ms >= NETWORK_OWN_MS) {
        (void)snprintf(network->owner, sizeof network->owner, "%s", reporter);
    }
    if (strcmp(network->owner, reporter) == 0) {
        network->owner_heard_ms = now_ms;
    }
}

qw_err network_board_take(struct network_board *board, const struct network_report *report,
                          const char *reporter, int64_t now_ms, bool *wants_topology)
{
    struct board_network *network;
    qw_err err = QW_ERR_LIMIT;

    pthread_mutex_lock(&board->lock);
    forget_silent(board, now_ms);
    network = place_of(board, report->name);
    if (network != NULL) {
        err = take_topology(board, network, report, reporter, now_ms);
    }
    *wants_topology = err == QW_OK && network->topology == NULL;
    if (err == QW_OK && !*wants_topology) {
        err = take_parts(board, network, report, reporter, now_ms);
    }
    if (err == QW_OK && !*wants_topology) {
        note_heard(network, report, reporter, now_ms);
    }
    pthread_mutex_unlock(&board->lock);
    return err;
}

struct show {
    uint64_t after;
    int64_t now_ms;
    qw_err (*write)(void *self, const char *text, size_t len);
    void *self;
};

static qw_err put(const struct show *show, const char *text)
{
    return show->write(show->self, text, strlen(text));
}

static qw_err show_node(const struct show *show, const struct board_node *node, const char *comma)
{
    char head[HEAD_CAP];
    struct qw_json_writer w = qw_json_writer_on(head, sizeof head);
    qw_err err = put(show, comma);

    qw_json_object_begin(&w);
    qw_json_name(&w, "age_ms");
    qw_json_int(&w, show->now_ms - node->heard_ms);
    qw_json_name(&w, "reporter");
    qw_json_text(&w, node->reporter);
    qw_json_name(&w, "state");
    if (err == QW_OK) {
        err = show->write(show->self, head, w.len);
    }
    if (err == QW_OK) {
        err = show->write(show->self, node->text, node->len);
    }
    return err == QW_OK ? put(show, "}") : err;
}

static qw_err show_network(const struct show *show, const struct board_network *network,
                           const char *comma)
{
    char head[HEAD_CAP];
    struct qw_json_writer w = qw_json_writer_on(head, sizeof head);
    const char *between = "";
    qw_err err = put(show, comma);

    qw_json_object_begin(&w);
    qw_json_name(&w, "name");
    qw_json_text(&w, network->name);
    if (network->topology_version > show->after) {
        qw_json_name(&w, "topology");
    }
    if (err == QW_OK) {
        err = show->write(show->self, head, w.len);
    }
    if (err == QW_OK && network->topology_version > show->after) {
        err = show->write(show->self, network->topology, network->topology_len);
    }
    if (err == QW_OK) {
        err = put(show, ",\"nodes\":[");
    }
    for (unsigned i = 0; err == QW_OK && i < network->node_count; i++) {
        if (network->node[i].text != NULL && network->node[i].version > show->after) {
            err = show_node(show, &network->node[i], between);
            between = ",";
        }
    }
    return err == QW_OK ? put(show, "]}") : err;
}

qw_err network_board_show(struct network_board *board, uint64_t after, int64_t now_ms,
                          qw_err (*write)(void *self, const char *text, size_t len), void *self)
{
    struct show show = { .after = after, .now_ms = now_ms, .write = write, .self = self };
    char head[HEAD_CAP];
    const char *comma = "";
    qw_err err;

    pthread_mutex_lock(&board->lock);
    if (after > board->version) { /* of another run: everything is news */
        show.after = 0;
    }
    (void)snprintf(head, sizeof head, "{\"version\":%" PRIu64 ",\"networks\":[", board->version);
    err = put(&show, head);
    for (size_t i = 0; err == QW_OK && i < NETWORK_BOARD_MAX; i++) {
        if (board->network[i].topology != NULL) {
            err = show_network(&show, &board->network[i], comma);
            comma = ",";
        }
    }
    pthread_mutex_unlock(&board->lock);
    return err == QW_OK ? put(&show, "]}") : err;
}
