/* SPDX-License-Identifier: Apache-2.0 */
#include "route_network_report.h"

#include "api/json_writer.h"

#include <math.h>
#include <string.h>

enum {
    ID_CAP = 32,
    KIND_CAP = 16,
    TEXT_CAP = 256,
    REASON_CAP = 128,
    LINKS_MAX = QW_JSON_ITEMS_MAX, /* of a topology */
    NODE_LINKS_MAX = 64,
    ORDERS_MAX = 64,
    ROUTE_MAX = 64
};

static const char *const node_kinds[] = { "relay",  "convergence", "user",
                                          "switch", "satellite",   NULL };
static const char *const classes[] = { "gold", "silver", "bronze", NULL };
static const char *const link_kinds[] = { "fibre", "switched", "pass", NULL };

/* Members of the status of a node, and of its lists: names of numbers and flags, NULL-ended. */
static const char *const node_counts[] = { "links_up",      "under_way",        "delivered_keys",
                                           "received_keys", "passed_batches",   "void_batches",
                                           "wrong_tags",    "ignored_messages", NULL };
static const char *const link_counts[] = { "stored_bits", "capacity_bits", NULL };
static const char *const link_flags[] = { "up", "quarantined", "simulated", NULL };
static const char *const link_extra_counts[] = { "qkd_bits", "qkd_errors_ppm", NULL };
static const char *const link_extra_flags[] = { "cut", "qkd_runs", "joined", NULL };
static const char *const pass_flags[] = { "passing", NULL };
static const char *const pass_counts[] = { "passes", "clear_passes", NULL };
static const char *const order_counts[] = { "wanted_keys", "delivered_keys", "waits", NULL };

struct copy { /* from one object to another */
    struct qw_json_reader *r;
    struct qw_json_writer *w;
    unsigned node_count; /* numbers of nodes are below */
};

static void copy_count(const struct copy *c, const struct qw_json_node *from, const char *name,
                       uint64_t max)
{
    uint64_t value = 0;

    qw_json_get_uint(c->r, from, name, 0, max, &value);
    qw_json_name(c->w, name);
    qw_json_uint(c->w, value);
}

static void copy_node_number(const struct copy *c, const struct qw_json_node *from,
                             const char *name)
{
    copy_count(c, from, name, c->node_count - 1);
}

static void copy_counts(const struct copy *c, const struct qw_json_node *from,
                        const char *const *names, bool may_miss)
{
    for (; *names != NULL; names++) {
        if (!may_miss || qw_json_find(from, *names) != NULL) {
            copy_count(c, from, *names, QW_JSON_UINT_MAX - 1);
        }
    }
}

static void copy_flags(const struct copy *c, const struct qw_json_node *from,
                       const char *const *names, bool may_miss)
{
    for (; *names != NULL; names++) {
        bool value = false;

        if (may_miss && qw_json_find(from, *names) == NULL) {
            continue;
        }
        qw_json_get_bool(c->r, from, *names, &value);
        qw_json_name(c->w, *names);
        qw_json_bool(c->w, value);
    }
}

static void copy_text(const struct copy *c, const struct qw_json_node *from, const char *name,
                      size_t cap)
{
    char text[TEXT_CAP] = "";

    qw_json_get_text(c->r, from, name, text, 0, cap);
    qw_json_name(c->w, name);
    qw_json_text(c->w, text);
}

/* One of a list that ends with NULL. */
static void copy_choice(const struct copy *c, const struct qw_json_node *from, const char *name,
                        const char *const *kinds)
{
    char kind[KIND_CAP] = "";

    qw_json_get_text(c->r, from, name, kind, 1, sizeof kind);
    while (*kinds != NULL && strcmp(*kinds, kind) != 0) {
        kinds++;
    }
    c->r->failed = c->r->failed || *kinds == NULL;
    qw_json_name(c->w, name);
    qw_json_text(c->w, kind);
}

static void copy_real(const struct copy *c, const struct qw_json_node *from, const char *name,
                      double least)
{
    double value = 0;

    qw_json_get_real(c->r, from, name, &value);
    c->r->failed = c->r->failed || !(value >= least) || !isfinite(value);
    qw_json_name(c->w, name);
    qw_json_real(c->w, value);
}

/* Each of the array called name by one; a missing array is an empty one. */
static void copy_list(const struct copy *c, const struct qw_json_node *from, const char *name,
                      size_t max, void (*one)(const struct copy *c, const struct qw_json_node *at))
{
    size_t count = 0;
    const struct qw_json_node *list = qw_json_get_array(c->r, from, name, 0, max, &count);

    qw_json_name(c->w, name);
    qw_json_array_begin(c->w);
    for (size_t i = 0; qw_json_ok(c->r) && i < count; i++) {
        qw_json_object_begin(c->w);
        one(c, qw_json_item(list, i));
        qw_json_object_end(c->w);
    }
    qw_json_array_end(c->w);
}

static void copy_place(const struct copy *c, const struct qw_json_node *from)
{
    copy_text(c, from, "id", ID_CAP);
    copy_choice(c, from, "kind", node_kinds);
    copy_real(c, from, "x", -HUGE_VAL);
    copy_real(c, from, "y", -HUGE_VAL);
}

static void copy_fibre(const struct copy *c, const struct qw_json_node *from)
{
    copy_node_number(c, from, "a");
    copy_node_number(c, from, "b");
    copy_choice(c, from, "kind", link_kinds);
    copy_real(c, from, "km", 0);
    copy_real(c, from, "rate_bps", 0);
    if (qw_json_find(from, "via") != NULL) {
        copy_node_number(c, from, "via");
    }
}

/* next_s is null when there is no other. */
static void copy_pass(const struct copy *c, const struct qw_json_node *from)
{
    struct qw_json_reader probe = { .failed = false };
    double next_s = 0;

    qw_json_name(c->w, "pass");
    qw_json_object_begin(c->w);
    copy_flags(c, from, pass_flags, false);
    copy_counts(c, from, pass_counts, true);
    qw_json_get_real(&probe, from, "next_s", &next_s);
    if (!probe.failed && isfinite(next_s)) {
        qw_json_name(c->w, "next_s");
        qw_json_real(c->w, next_s);
    }
    qw_json_object_end(c->w);
}

static void copy_link(const struct copy *c, const struct qw_json_node *from)
{
    copy_node_number(c, from, "neighbour");
    copy_flags(c, from, link_flags, false);
    copy_counts(c, from, link_counts, false);
    copy_flags(c, from, link_extra_flags, true);
    copy_counts(c, from, link_extra_counts, true);
    if (qw_json_find(from, "qkd_reason") != NULL) {
        copy_text(c, from, "qkd_reason", REASON_CAP);
    }
    if (qw_json_find(from, "pass") != NULL) {
        copy_pass(c, qw_json_find(from, "pass"));
    }
}

/* A route is a list of numbers: the reader knows objects and texts only, so it comes as a text,
 * "0,3,5". */
static void copy_route(const struct copy *c, const struct qw_json_node *from, const char *name)
{
    char text[TEXT_CAP] = "";
    size_t numbers = 0;

    qw_json_get_text(c->r, from, name, text, 1, sizeof text);
    for (const char *at = text; qw_json_ok(c->r); at++) {
        size_t digits = strspn(at, "0123456789");

        at += digits;
        if (digits == 0 || digits > 9 || ++numbers > ROUTE_MAX || (*at != '\0' && *at != ',')) {
            c->r->failed = true;
        }
        if (*at == '\0') {
            break;
        }
    }
    qw_json_name(c->w, name);
    qw_json_text(c->w, text);
}

static void copy_order(const struct copy *c, const struct qw_json_node *from)
{
    copy_node_number(c, from, "target");
    copy_counts(c, from, order_counts, false);
    if (qw_json_find(from, "class") != NULL) {
        copy_choice(c, from, "class", classes);
    }
    if (qw_json_find(from, "second_route") != NULL) {
        copy_route(c, from, "second_route");
    }
    if (qw_json_find(from, "route") != NULL) {
        copy_route(c, from, "route");
        copy_count(c, from, "route_age_ms", QW_JSON_UINT_MAX - 1);
    }
}

static void copy_topology(struct copy *c, const struct qw_json_node *topology,
                          struct network_report *report)
{
    size_t count = 0;

    (void)qw_json_get_array(c->r, topology, "nodes", 2, NETWORK_NODES_MAX, &count);
    c->node_count = report->topology_nodes = (unsigned)count;
    report->topology_at = c->w->len;
    if (!qw_json_ok(c->r)) {
        return;
    }
    qw_json_object_begin(c->w);
    copy_text(c, topology, "text", TEXT_CAP);
    copy_list(c, topology, "nodes", NETWORK_NODES_MAX, copy_place);
    copy_list(c, topology, "links", LINKS_MAX, copy_fibre);
    qw_json_object_end(c->w);
    report->topology_len = c->w->len - report->topology_at;
}

/* {"node": n}: it does not answer. */
static void copy_part(struct copy *c, const struct qw_json_node *from, struct network_part *part)
{
    const struct qw_json_node *status = qw_json_find(from, "status");
    uint64_t node = 0;

    qw_json_get_uint(c->r, from, "node", 0, NETWORK_NODES_MAX - 1, &node);
    part->node = (uint32_t)node;
    part->at = c->w->len;
    qw_json_object_begin(c->w);
    qw_json_name(c->w, "node");
    qw_json_uint(c->w, node);
    qw_json_name(c->w, "answers");
    qw_json_bool(c->w, status != NULL);
    if (status != NULL) {
        copy_counts(c, status, node_counts, false);
        copy_list(c, status, "links", NODE_LINKS_MAX, copy_link);
        copy_list(c, status, "orders", ORDERS_MAX, copy_order);
    }
    qw_json_object_end(c->w);
    part->len = c->w->len - part->at;
}

/* A part is a text of its own, so each begins anew behind the one before. */
static void begin_text(struct qw_json_writer *w, char *text, size_t *used)
{
    *used += w->len;
    *w = qw_json_writer_on(text + *used, NETWORK_REPORT_TEXT_CAP - *used);
}

qw_err network_report_read(struct qw_json_reader *r, const struct qw_json_node *object, char *text,
                           struct network_report *report)
{
    struct qw_json_writer w = qw_json_writer_on(text, NETWORK_REPORT_TEXT_CAP);
    struct copy copy = { .r = r, .w = &w, .node_count = NETWORK_NODES_MAX };
    const struct qw_json_node *topology = qw_json_find(object, "topology");
    const struct qw_json_node *nodes = NULL;
    size_t used = 0;

    *report = (struct network_report){ .text = text };
    qw_json_get_text(r, object, "network", report->name, 1, sizeof report->name);
    if (topology != NULL) {
        copy_topology(&copy, topology, report);
    }
    if (qw_json_find(object, "nodes") != NULL) {
        nodes = qw_json_get_array(r, object, "nodes", 1, NETWORK_REPORT_NODES_MAX, &report->parts);
    }
    for (size_t i = 0; qw_json_ok(r) && !w.failed && i < report->parts; i++) {
        begin_text(&w, text, &used);
        copy_part(&copy, qw_json_item(nodes, i), &report->part[i]);
        report->part[i].at += used;
        if (i > 0 && report->part[i].node <= report->part[i - 1].node) {
            return QW_ERR_FORMAT; /* increasing: none twice */
        }
    }
    return qw_json_ok(r) && !w.failed ? QW_OK : QW_ERR_FORMAT;
}
