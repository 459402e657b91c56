/* SPDX-License-Identifier: Apache-2.0 */
#include "network/topology_svg.h"

#include "svg_text.h"

#include <math.h>
#include <stdbool.h>

/* Pixels, and the largest network of which every node is named. */
enum { WIDTH = 760, HEIGHT = 560, MARGIN = 48, TOP = 40, NAMED_MAX = 60 };

/* From the file's units to pixels, the same in both directions. */
struct frame {
    double left, top;
    double scale;
    double shift_x, shift_y;
};

static struct frame frame_of(const struct qw_topology *t)
{
    struct frame f = { .left = t->node[0].x, .top = t->node[0].y };
    double right = f.left;
    double bottom = f.top;
    double wide = WIDTH - 2 * MARGIN;
    double high = HEIGHT - TOP - 2 * MARGIN;

    for (size_t i = 1; i < t->node_count; i++) {
        f.left = fmin(f.left, t->node[i].x);
        right = fmax(right, t->node[i].x);
        f.top = fmin(f.top, t->node[i].y);
        bottom = fmax(bottom, t->node[i].y);
    }
    f.scale = fmin(wide / fmax(right - f.left, 1e-3), high / fmax(bottom - f.top, 1e-3));
    f.shift_x = MARGIN + (wide - f.scale * (right - f.left)) / 2;
    f.shift_y = TOP + MARGIN + (high - f.scale * (bottom - f.top)) / 2;
    return f;
}

static double x_of(const struct frame *f, const struct qw_node *node)
{
    return f->shift_x + f->scale * (node->x - f->left);
}

static double y_of(const struct frame *f, const struct qw_node *node)
{
    return f->shift_y + f->scale * (node->y - f->top);
}

static void put_link(const struct frame *f, const struct qw_node *a, const struct qw_node *b,
                     const char *class, FILE *stream)
{
    fprintf(stream, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, x_of(f, a),
            y_of(f, a), x_of(f, b), y_of(f, b));
}

static void put_node(const struct frame *f, const struct qw_node *node, bool is_named, FILE *stream)
{
    double x = x_of(f, node);
    double y = y_of(f, node);
    const char *class = qw_node_kinds[node->kind];

    switch (node->kind) {
    case QW_NODE_KIND_SWITCH:
        fprintf(stream, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"14\"/>\n",
                class, x - 7, y - 7);
        break;
    case QW_NODE_KIND_SATELLITE:
        fprintf(stream, "<path class=\"%s\" d=\"M%.1f %.1fl9 9l-9 9l-9 -9z\"/>\n", class, x, y - 9);
        break;
    case QW_NODE_KIND_RELAY:
    case QW_NODE_KIND_CONVERGENCE:
    case QW_NODE_KIND_USER:
        fprintf(stream, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"/>\n", class, x, y,
                node->kind == QW_NODE_KIND_USER ? 4
                : is_named                      ? 7
                                                : 5);
        break;
    }
    if (is_named) {
        svg_label(stream, x, y + (node->kind == QW_NODE_KIND_USER ? 15 : 20),
                  "text-anchor=\"middle\"", node->id);
    }
}

static void put_legend(const struct qw_topology *t, FILE *stream)
{
    struct frame f = { .scale = 1 };
    bool has[QW_NODE_KIND_SATELLITE + 1] = { false };
    double x = MARGIN;

    for (size_t i = 0; i < t->node_count; i++) {
        has[t->node[i].kind] = true;
    }
    for (int kind = QW_NODE_KIND_RELAY; kind <= QW_NODE_KIND_SATELLITE; kind++) {
        struct qw_node node = { .kind = (enum qw_node_kind)kind, .x = x, .y = HEIGHT - 16 };

        if (has[kind]) {
            put_node(&f, &node, false, stream);
            svg_label(stream, x + 12, HEIGHT - 12, "", qw_node_kinds[kind]);
            x += 110;
        }
    }
}

qw_err topology_svg_write(const struct qw_topology *topology, FILE *stream)
{
    struct frame f = frame_of(topology);
    char title[QW_TOPOLOGY_NAME_CAP + QW_TOPOLOGY_TEXT_CAP + 4];

    snprintf(title, sizeof title, "%s: %s", topology->name, topology->text);
    fprintf(stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n"
            "<style>.fibre{stroke:#557;stroke-width:1.5;fill:none}"
            ".pass{stroke:#557;stroke-width:1.5;stroke-dasharray:6 5;fill:none}"
            ".relay{fill:#2a6fb0}.convergence{fill:#d98b1f}.user{fill:#6b6b6b}"
            ".switch{fill:#3c8d5a}.satellite{fill:#8a4fae}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    svg_label(stream, MARGIN, 26, "font-size=\"14\"", title);
    for (size_t i = 0; i < topology->fibre_count; i++) {
        const struct qw_fibre *fibre = &topology->fibre[i];

        put_link(&f, &topology->node[fibre->from], &topology->node[fibre->to], "fibre", stream);
    }
    for (size_t i = 0; i < topology->pass_count; i++) {
        const struct qw_pass *pass = &topology->pass[i];

        put_link(&f, &topology->node[pass->satellite], &topology->node[pass->ground], "pass",
                 stream);
    }
    for (size_t i = 0; i < topology->node_count; i++) {
        put_node(&f, &topology->node[i], topology->node_count <= NAMED_MAX, stream);
    }
    put_legend(topology, stream);
    fputs("</svg>\n", stream);
    return ferror(stream) ? QW_ERR_IO : QW_OK;
}

qw_err topology_svg_save(const struct qw_topology *topology, const char *path)
{
    FILE *stream = fopen(path, "w");
    qw_err err;

    if (stream == NULL) {
        return QW_ERR_IO;
    }
    err = topology_svg_write(topology, stream);
    if (fclose(stream) != 0 && err == QW_OK) {
        err = QW_ERR_IO;
    }
    return err;
}
