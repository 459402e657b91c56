/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "network/run/run_named.h"

#include "command.h"
#include "network/topology_table.h"
#include "node/node_delivery.h"
#include "option_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A node by its id or its number; node_count: none. */
static size_t find_node(const struct run *run, const char *text, size_t len)
{
    char id[QW_NODE_ID_CAP];
    char *end;
    unsigned long number;
    size_t found;

    if (len == 0 || len >= sizeof id) {
        return run->graph->node_count;
    }
    memcpy(id, text, len);
    id[len] = '\0';
    found = qw_topology_find(run->topology, id);
    if (found < run->graph->node_count) {
        return found;
    }
    number = strtoul(id, &end, 10);
    return *id >= '0' && *id <= '9' && *end == '\0' && number < run->graph->node_count
               ? number
               : run->graph->node_count;
}

/* Two nodes with ',' or '-' between, up to '@' or the end; ids may have '-' in them. */
static const char *parse_ends(const struct run *run, const char *text, size_t *a, size_t *b,
                              struct argp_state *state)
{
    size_t len = strcspn(text, "@");

    for (size_t i = 1; i + 1 < len; i++) {
        if (text[i] != ',' && text[i] != '-') {
            continue;
        }
        *a = find_node(run, text, i);
        *b = find_node(run, text + i + 1, len - i - 1);
        if (*a < run->graph->node_count && *b < run->graph->node_count && *a != *b) {
            return text + len;
        }
    }
    argp_error(state, "'%s' does not begin with two nodes of %s, A,B", text, run->options.name);
    return text;
}

static struct run_fault *add_fault(struct run *run, struct argp_state *state)
{
    if (run->options.faults == RUN_FAULTS_MAX) {
        argp_error(state, "at most %d cuts and kills", RUN_FAULTS_MAX);
    }
    return &run->options.fault[run->options.faults++];
}

/* A,B of a link, up to what stands behind '@'. */
static const char *parse_link(struct run *run, const char *text, struct run_fault *fault,
                              struct argp_state *state)
{
    const char *at = parse_ends(run, text, &fault->a, &fault->b, state);

    if (qw_key_graph_find(run->graph, fault->a, fault->b) == run->graph->link_count) {
        argp_error(state, "'%s': no such link", text);
    }
    if (*at != '@') {
        argp_error(state, "'%s' is not A,B@SECONDS", text);
    }
    return at + 1;
}

static void parse_cut(struct run *run, const char *text, struct argp_state *state)
{
    struct run_fault *fault = add_fault(run, state);
    const char *at = parse_link(run, text, fault, state);
    char *end;

    fault->at_s = option_real_part(at, 0, 86400, &end, state);
    fault->length_s = INFINITY;
    if (*end == ':') {
        fault->length_s = option_real(end + 1, 0.001, 86400, state);
    } else if (*end != '\0') {
        argp_error(state, "'%s' is not A,B@SECONDS:SECONDS", text);
    }
}

static void parse_kill(struct run *run, const char *text, struct argp_state *state)
{
    struct run_fault *fault = add_fault(run, state);
    size_t len = strcspn(text, "@");

    fault->kind = RUN_KILL_NODE;
    fault->a = find_node(run, text, len);
    if (fault->a == run->graph->node_count || text[len] != '@') {
        argp_error(state, "'%s' is not NODE@SECONDS with a node of %s", text, run->options.name);
    }
    fault->at_s = option_real(text + len + 1, 0, 86400, state);
    if (run->options.is_one_process) {
        argp_error(state, "a node that is a thread cannot be killed");
    }
}

static void parse_kill_end(struct run *run, const char *text, struct argp_state *state)
{
    struct run_fault *fault = add_fault(run, state);
    const char *at = parse_link(run, text, fault, state);

    fault->kind = RUN_KILL_END;
    fault->at_s = option_real(at, 0, 86400, state);
}

static bool is_pair(const struct run_options *o, const struct run_centre *centre)
{
    for (size_t i = 0; i < o->pairs; i++) {
        if ((o->pair[i].a == centre->a && o->pair[i].z == centre->z) ||
            (o->pair[i].a == centre->z && o->pair[i].z == centre->a)) {
            return true;
        }
    }
    return false;
}

/* The nodes run in a folder of their own, so the socket is named from the root. */
static void parse_centre(struct run *run, const char *text, struct argp_state *state)
{
    struct run_centre *centre = &run->options.centre[run->options.centres++];
    const char *socket = strchr(text, '=');
    char *ends = strndup(text, socket == NULL ? strlen(text) : (size_t)(socket - text));
    char folder[RUN_PATH_CAP] = "";
    int len = 0;

    if (ends == NULL || socket == NULL || *parse_ends(run, ends, &centre->a, &centre->z, state)) {
        argp_error(state, "'%s' is not A,Z=SOCKET", text);
    }
    free(ends);
    if (!is_pair(&run->options, centre)) {
        argp_error(state, "'%s': no --pair of these two", text);
    }
    if (*++socket != '/' && getcwd(folder, sizeof folder) != NULL) {
        len = snprintf(centre->socket, sizeof centre->socket, "%s/%s", folder, socket);
    } else {
        len = snprintf(centre->socket, sizeof centre->socket, "%s", socket);
    }
    if (*socket == '\0' || len < 0 || (size_t)len >= sizeof centre->socket ||
        strpbrk(centre->socket, " @\"\\") != NULL) {
        argp_error(state, "'%s': that path cannot be written into settings", text);
    }
}

static void parse_pair(struct run *run, const char *text, struct argp_state *state)
{
    struct run_pair *pair = &run->options.pair[run->options.pairs++];
    const char *wrong = "";
    qw_err err;

    pair->per_second = run->options.per_second;
    if (!run_pair_how(parse_ends(run, text, &pair->a, &pair->z, state), pair, &wrong)) {
        argp_error(state, "'%s': '%s' is not gold, silver, bronze or two-paths", text, wrong);
    }
    err = run_pair_check(run, pair);
    if (err != QW_OK) {
        argp_failure(state, qw_exit_of(err), 0, "'%s': %s in %s", text,
                     err == QW_ERR_REFUSED ? NODE_NO_TWO_PATHS : qw_err_text(err),
                     run->options.name);
    }
}

static void load(struct run *run, struct argp_state *state)
{
    char error[QW_CONFIG_ERROR_CAP];

    if (topology_load(run->options.name, &run->topology, error) != QW_OK) {
        argp_failure(state, EXIT_USAGE, 0, "%s", error);
    }
    if (qw_key_graph_of(run->topology, &run->graph) != QW_OK) {
        argp_failure(state, EXIT_FAILED, 0, "%s: no links", run->options.name);
    }
    /* Nodes read a file themselves, in another folder. */
    if (!topology_is_file(run->options.name) || realpath(run->options.name, run->name) == NULL) {
        (void)snprintf(run->name, sizeof run->name, "%s", run->options.name);
    }
}

void run_named_resolve(struct run *run, const struct run_named *named, struct argp_state *state)
{
    load(run, state);
    for (size_t i = 0; i < named->pairs; i++) {
        parse_pair(run, named->pair[i], state);
    }
    for (size_t i = 0; i < named->cuts; i++) {
        parse_cut(run, named->cut[i], state);
    }
    for (size_t i = 0; i < named->kills; i++) {
        parse_kill(run, named->kill[i], state);
    }
    for (size_t i = 0; i < named->kill_ends; i++) {
        parse_kill_end(run, named->kill_end[i], state);
    }
    for (size_t i = 0; i < named->centres; i++) {
        parse_centre(run, named->centre[i], state);
    }
}
