/* SPDX-License-Identifier: Apache-2.0 */
#include "network/report/report_body.h"

#include "api/json_writer.h"

#include <stdio.h>
#include <string.h>

enum { NODE_HEAD_MAX = 64, TAIL_LEN = sizeof "]}" };

static const char *const link_kinds[] = { "fibre", "switched", "pass" };

static void write_number(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value);
}

static void write_text(struct qw_json_writer *w, const char *name, const char *value)
{
    qw_json_name(w, name);
    qw_json_text(w, value);
}

static void write_nodes(struct qw_json_writer *w, const struct qw_topology *t)
{
    qw_json_name(w, "nodes");
    qw_json_array_begin(w);
    for (size_t i = 0; i < t->node_count; i++) {
        qw_json_object_begin(w);
        write_text(w, "id", t->node[i].id);
        write_text(w, "kind", qw_node_kinds[t->node[i].kind]);
        write_real(w, "x", t->node[i].x);
        write_real(w, "y", t->node[i].y);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_links(struct qw_json_writer *w, const struct qw_key_graph *g)
{
    qw_json_name(w, "links");
    qw_json_array_begin(w);
    for (size_t i = 0; i < g->link_count; i++) {
        const struct qw_key_link *link = &g->link[i];

        qw_json_object_begin(w);
        write_number(w, "a", link->a);
        write_number(w, "b", link->b);
        write_text(w, "kind", link_kinds[link->kind]);
        write_real(w, "km", link->km);
        write_real(w, "rate_bps", link->rate_bps);
        if (link->kind == QW_KEY_LINK_SWITCHED) {
            write_number(w, "via", link->via);
        }
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

qw_err report_body_topology(const struct qw_topology *topology, const struct qw_key_graph *graph,
                            char body[static REPORT_BODY_CAP])
{
    struct qw_json_writer w = qw_json_writer_on(body, REPORT_BODY_CAP);

    qw_json_object_begin(&w);
    write_text(&w, "network", topology->name);
    qw_json_name(&w, "topology");
    qw_json_object_begin(&w);
    write_text(&w, "text", topology->text);
    write_nodes(&w, topology);
    write_links(&w, graph);
    qw_json_object_end(&w);
    qw_json_object_end(&w);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

/* False: there is no room left in this body. */
static bool add_node(const struct status_ask *ask, bool is_first, char *body, size_t *len)
{
    size_t status_len = ask->status == NULL ? 0 : strlen(ask->status);
    bool never_fits = status_len > REPORT_BODY_CAP / 2;
    size_t room = REPORT_BODY_CAP - *len - TAIL_LEN;

    if (room < NODE_HEAD_MAX + (never_fits ? 0 : status_len)) {
        return false;
    }
    *len += (size_t)snprintf(body + *len, room, "%s{\"node\":%u%s%s}", is_first ? "" : ",",
                             ask->node, status_len == 0 || never_fits ? "" : ",\"status\":",
                             status_len == 0 || never_fits ? "" : ask->status);
    return true;
}

qw_err report_body_nodes(const struct qw_topology *topology, const struct status_ask *ask,
                         size_t count, size_t *next, char body[static REPORT_BODY_CAP])
{
    struct qw_json_writer w = qw_json_writer_on(body, REPORT_BODY_CAP);
    size_t first = *next;
    size_t len;

    qw_json_object_begin(&w);
    write_text(&w, "network", topology->name);
    len = w.len;
    if (w.failed) {
        return QW_ERR_SPACE;
    }
    if (first < count) {
        len += (size_t)snprintf(body + len, REPORT_BODY_CAP - len, ",\"nodes\":[");
        while (*next < count && *next - first < REPORT_NODES_MAX &&
               add_node(&ask[*next], *next == first, body, &len)) {
            (*next)++;
        }
        body[len++] = ']';
    }
    body[len++] = '}';
    body[len] = '\0';
    return QW_OK;
}
