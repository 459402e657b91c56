/* SPDX-License-Identifier: Apache-2.0 */
#include "network/network.h"

#include "command.h"
#include "json_print.h"
#include "network/topology_facts.h"
#include "network/topology_svg.h"
#include "network/topology_table.h"
#include "option_value.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

struct arguments {
    const char *name;
    const char *svg; /* NULL: none */
    bool as_json;
};

struct view {
    const struct qw_topology *topology;
    const struct qw_key_graph *graph;
    struct topology_facts facts;
};

static const char *const link_kinds[] = { "fibre", "switched", "pass" };

static const struct argp_option options[] = {
    { "svg", 's', "FILE", 0, "draw it as well", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 's':
        arguments->svg = value;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    default:
        return option_only_word(&arguments->name, "a name, of `qwave network list`, or a file", key,
                                value, state);
    }
}

static void write_text(struct qw_json_writer *w, const char *name, const char *value)
{
    qw_json_name(w, name);
    qw_json_text(w, value);
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value);
}

static void write_members(struct qw_json_writer *w, const void *self)
{
    const struct view *v = self;

    write_text(w, "name", v->topology->name);
    write_text(w, "text", v->topology->text);
    write_text(w, "preset", v->topology->preset->name);
    topology_facts_write(w, &v->facts);
    qw_json_name(w, "node_list");
    qw_json_array_begin(w);
    for (size_t i = 0; i < v->topology->node_count; i++) {
        qw_json_object_begin(w);
        write_text(w, "id", v->topology->node[i].id);
        write_text(w, "kind", qw_node_kinds[v->topology->node[i].kind]);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
    qw_json_name(w, "key_link_list");
    qw_json_array_begin(w);
    for (size_t i = 0; i < v->graph->link_count; i++) {
        const struct qw_key_link *link = &v->graph->link[i];

        qw_json_object_begin(w);
        write_text(w, "from", v->topology->node[link->a].id);
        write_text(w, "to", v->topology->node[link->b].id);
        write_text(w, "kind", link_kinds[link->kind]);
        write_real(w, "fibre_km", link->km);
        write_real(w, "loss_db", link->loss_db);
        write_real(w, "rate_bps", link->rate_bps);
        write_real(w, "mean_rate_bps", link->mean_bps);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void print_text(const struct view *v)
{
    printf("%s: %s\n%zu nodes", v->topology->name, v->topology->text, v->facts.nodes);
    for (size_t i = 0; i < TOPOLOGY_KINDS; i++) {
        if (v->facts.by_kind[i] > 0) {
            printf(", %zu %s", v->facts.by_kind[i], qw_node_kinds[i]);
        }
    }
    printf("; %.0f km of fibre; rates by formula of the preset %s\n\n", v->facts.fibre_km,
           v->topology->preset->name);
    printf("%-16s %-16s %-9s %8s %8s %12s %12s\n", "from", "to", "kind", "km", "loss_db",
           "rate_bps", "mean_bps");
    for (size_t i = 0; i < v->graph->link_count; i++) {
        const struct qw_key_link *link = &v->graph->link[i];

        printf("%-16s %-16s %-9s %8.1f %8.2f %12.0f %12.0f\n", v->topology->node[link->a].id,
               v->topology->node[link->b].id, link_kinds[link->kind], link->km, link->loss_db,
               link->rate_bps, link->mean_bps);
    }
}

int network_show(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "NAME",
        "Shows a topology: which nodes make key together and how fast. NAME is one of "
        "`qwave network list`, or a file with a '/' or .yaml in its name.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { 0 };
    char error[QW_CONFIG_ERROR_CAP] = "";
    struct qw_topology *topology = NULL;
    struct qw_key_graph *graph = NULL;
    struct view view = { 0 };
    int status = EXIT_DONE;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = topology_load(arguments.name, &topology, error);
    if (err == QW_OK) {
        err = qw_key_graph_of(topology, &graph);
    }
    if (err == QW_OK) {
        err = topology_facts_of(topology, &view.facts);
    }
    if (err == QW_OK && arguments.svg != NULL) {
        err = topology_svg_save(topology, arguments.svg);
    }
    view.topology = topology;
    view.graph = graph;
    if (err != QW_OK) {
        fprintf(stderr, "qwave network show: %s\n", error[0] != '\0' ? error : qw_err_text(err));
        status = err == QW_ERR_NOT_FOUND ? EXIT_USAGE : EXIT_FAILED;
    } else if (arguments.as_json) {
        status = json_print(4096 + 128 * topology->node_count + 512 * graph->link_count,
                            write_members, &view);
    } else {
        print_text(&view);
    }
    qw_key_graph_free(graph);
    qw_topology_free(topology);
    return status;
}
