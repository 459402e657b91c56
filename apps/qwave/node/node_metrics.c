/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node_metrics.h"

#include "api/metrics_text.h"
#include "qkd/network/node_command.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
enum { SHOT_MS = 250, LABELS_CAP = 64, CONNECTIONS = 8, IDLE_S = 30 };

struct node_metrics {
    struct qw_http_server *server;
    int64_t shot_ms;
    pthread_mutex_t mutex;
    struct node_shot shot; /* under the mutex */
};

static void write_pools(struct qw_metrics_text *text, const struct node_shot_pool *pool,
                        size_t count, const char *name, const char *type, const char *help,
                        double (*value)(const struct node_shot_pool *))
{
    char labels[LABELS_CAP];

    qw_metrics_family(text, name, type, help);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(labels, sizeof labels, "node=\"%u\",simulated=\"%s\"", pool[i].other,
                       pool[i].is_simulated ? "true" : "false");
        qw_metrics_sample(text, name, labels, value(&pool[i]));
    }
}

static double up_of(const struct node_shot_pool *pool)
{
    return pool->is_up;
}

static double quarantined_of(const struct node_shot_pool *pool)
{
    return pool->is_quarantined;
}

static double stored_of(const struct node_shot_pool *pool)
{
    return (double)pool->stored_bits;
}

static double capacity_of(const struct node_shot_pool *pool)
{
    return (double)pool->capacity_bits;
}

static double aged_of(const struct node_shot_pool *pool)
{
    return (double)pool->aged_bits;
}

/* Of links through an optical switch: at both ends whether light gets through, at the relay how
 * often. */
static void write_switched(struct qw_metrics_text *text, const struct node_shot *shot)
{
    static const char joined[] = "qwave_node_link_joined", slots[] = "qwave_node_link_slots_total";
    char labels[LABELS_CAP];

    qw_metrics_family(text, joined, "gauge",
                      "1 while an optical switch joins this link, SIMULATED.");
    for (size_t i = 0; i < shot->links; i++) {
        if (shot->link[i].is_switched) {
            (void)snprintf(labels, sizeof labels, "node=\"%u\"", shot->link[i].other);
            qw_metrics_sample(text, joined, labels, shot->link[i].is_joined);
        }
    }
    qw_metrics_family(text, slots, "counter", "Slots of a switch that this relay gave the link.");
    for (size_t i = 0; i < shot->links; i++) {
        if (shot->link[i].is_switched && shot->link[i].leads) {
            (void)snprintf(labels, sizeof labels, "node=\"%u\"", shot->link[i].other);
            qw_metrics_sample(text, slots, labels, (double)shot->link[i].slots);
        }
    }
}

static void write_links(struct qw_metrics_text *text, const struct node_shot *shot)
{
    write_pools(text, shot->link, shot->links, "qwave_node_link_up", "gauge",
                "1 while there is a session with this neighbour.", up_of);
    write_pools(text, shot->link, shot->links, "qwave_node_link_quarantined", "gauge",
                "1 when the streams differ: nothing of the pool is used.", quarantined_of);
    write_pools(text, shot->link, shot->links, "qwave_node_link_stored_bits", "gauge",
                "Key of the pool towards this neighbour.", stored_of);
    write_pools(text, shot->link, shot->links, "qwave_node_link_capacity_bits", "gauge",
                "What that pool has room for.", capacity_of);
    write_pools(text, shot->link, shot->links, "qwave_node_link_aged_bits_total", "counter",
                "Key of that pool, of both directions, given up for its age.", aged_of);
    write_switched(text, shot);
    write_pools(text, shot->end, shot->ends, "qwave_node_end_stored_bits", "gauge",
                "Key for end tags towards this end of batches.", stored_of);
}

static void write_counters(struct qw_metrics_text *text, const struct node_shot *shot)
{
    const struct qw_relay_counters *c = &shot->counters;
    const struct {
        const char *name, *help;
        uint64_t value;
    } rows[] = {
        { "qwave_node_keys_delivered_total", "Keys of batches that began here.",
          shot->delivered_keys },
        { "qwave_node_keys_received_total", "Keys of batches that ended here.",
          shot->received_keys },
        { "qwave_node_two_path_keys_delivered_total",
          "Keys of these that went over two paths and began here.",
          shot->two_paths.delivered_keys },
        { "qwave_node_two_path_keys_received_total",
          "Keys of these that went over two paths and ended here.", shot->two_paths.received_keys },
        { "qwave_node_two_path_batches_void_total",
          "Batches over two paths that began here and were given up: a half was missing or "
          "altered.",
          shot->two_paths.voided },
        { "qwave_node_two_path_halves_alone_total",
          "Halves that ended here and whose other half never came.", shot->two_paths.alone },
        { "qwave_node_two_paths_missing_total",
          "Times that an order found no two paths without a common node.", shot->two_missing },
        { "qwave_node_batches_passed_total", "Batches of others that went through.", c->passed },
        { "qwave_node_batches_void_total", "Batches that were given up.", c->voided },
        { "qwave_node_wrong_tags_total", "Keys under a wrong end tag: a relay altered them.",
          c->wrong_tags },
        { "qwave_node_end_marks_refused_total",
          "Batches refused for a mark that would cost too much of an end pool.", c->limited },
        { "qwave_node_ignored_messages_total", "Messages about batches that are not known.",
          c->ignored },
        { "qwave_node_neighbours_refused_total", "Who connected and is no neighbour.",
          shot->refused },
        { "qwave_node_journal_records_total", "Records of the node's journal.",
          shot->journal_records },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        qw_metrics_single(text, rows[i].name, "counter", rows[i].help, (double)rows[i].value);
    }
    qw_metrics_single(text, "qwave_node_network_links_up", "gauge",
                      "Links of the whole network that are up, as this node knows it.",
                      (double)shot->links_up);
    qw_metrics_single(text, "qwave_node_batches_under_way", "gauge",
                      "Batches that begin or end here and are not done.", (double)shot->under_way);
}

static void write_classes(struct qw_metrics_text *text, const char *name, const char *help,
                          const uint64_t value[QW_NODE_CLASSES])
{
    char labels[LABELS_CAP];

    qw_metrics_family(text, name, "counter", help);
    for (int class = QW_NODE_GOLD; class < QW_NODE_CLASSES; class ++) {
        (void)snprintf(labels, sizeof labels, "class=\"%s\"",
                       qw_node_class_text((enum qw_node_class) class));
        qw_metrics_sample(text, name, labels, (double)value[class]);
    }
}

static void handle(void *self, const struct qw_http_request *request, struct qw_http_answer *answer)
{
    struct node_metrics *m = self;
    struct qw_metrics_text text = { .answer = answer, .err = QW_OK };
    struct node_shot shot;

    if (strcmp(request->path, "/metrics") != 0) {
        answer->status = 404;
        return;
    }
    if (strcmp(request->method, "GET") != 0) {
        answer->status = 405;
        answer->allow = "GET";
        return;
    }
    pthread_mutex_lock(&m->mutex);
    shot = m->shot;
    pthread_mutex_unlock(&m->mutex);
    write_links(&text, &shot);
    write_counters(&text, &shot);
    write_classes(&text, "qwave_node_class_keys_delivered_total",
                  "Keys of orders of this class that began here.", shot.class_keys);
    write_classes(&text, "qwave_node_class_batches_kept_out_total",
                  "Batches of this class refused here for key that is left to better ones.",
                  shot.counters.kept);
    answer->status = text.err == QW_OK ? 200 : 500;
    answer->content_type = METRICS_TYPE;
}

/* Only this machine itself: there is no lock on this door. */
static bool parse_place(const char *text, char host[static NODE_HOST_CAP], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    const char *at = colon == NULL ? text : colon + 1;
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    uint32_t number = 0;

    if (len == 0 || len >= NODE_HOST_CAP || !node_number_read(&at, UINT16_MAX, &number) ||
        *at != '\0') {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    *port = (uint16_t)number;
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0;
}

static qw_err serve(struct node *node, struct node_metrics *m, uint16_t *port)
{
    char host[NODE_HOST_CAP];
    struct qw_http_server_config config = { .address = host,
                                            .is_plain = true,
                                            .threads = 1,
                                            .connections_max = CONNECTIONS,
                                            .connections_per_address_max = CONNECTIONS,
                                            .idle_timeout_s = IDLE_S,
                                            .log = node->log,
                                            .self = m,
                                            .handle = handle };

    if (!parse_place(node->settings.metrics, host, &config.port)) {
        return QW_ERR_ARG;
    }
    return qw_http_server_new(&config, &m->server, port);
}

qw_err node_metrics_open(struct node *node, uint16_t *port)
{
    struct node_metrics *m;
    qw_err err;

    *port = 0;
    if (node->settings.metrics[0] == '\0') {
        return QW_OK;
    }
    m = calloc(1, sizeof *m);
    if (m == NULL) {
        return QW_ERR_NOMEM;
    }
    if (pthread_mutex_init(&m->mutex, NULL) != 0) {
        free(m);
        return QW_ERR_NOMEM;
    }
    node_shot_take(node, &m->shot);
    err = serve(node, m, port);
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "metrics: %s: %s", node->settings.metrics,
                     err == QW_ERR_ARG ? "not 127.0.0.1:PORT or ::1:PORT" : qw_err_text(err));
        pthread_mutex_destroy(&m->mutex);
        free(m);
        return err;
    }
    node->metrics = m;
    return QW_OK;
}

void node_metrics_close(struct node *node)
{
    if (node->metrics != NULL) {
        qw_http_server_free(node->metrics->server);
        pthread_mutex_destroy(&node->metrics->mutex);
        free(node->metrics);
        node->metrics = NULL;
    }
}

void node_metrics_turn(struct node *node, int64_t now_ms)
{
    struct node_metrics *m = node->metrics;
    struct node_shot shot;

    if (m == NULL || now_ms - m->shot_ms < SHOT_MS) {
        return;
    }
    m->shot_ms = now_ms;
    node_shot_take(node, &shot);
    pthread_mutex_lock(&m->mutex);
    m->shot = shot;
    pthread_mutex_unlock(&m->mutex);
}
