/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "network/run/run.h"

#include "command.h"
#include "network/topology_table.h"
#include "node/node_delivery.h"
#include "option_value.h"

#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_ONE = 256,
    OPTION_MANY,
    OPTION_FOLDER,
    OPTION_RATE,
    OPTION_BATCH,
    OPTION_SCALE,
    OPTION_TIME_SCALE,
    OPTION_LINK,
    OPTION_KILL_END,
    OPTION_CENTRE,
    OPTION_KEY_AGE,
    OPTION_RESERVE
};
enum {
    HOW_CAP = 16,
    QKD_BATCH_MAX = 64
}; /* a crash costs a lease, and a pool begins with little */

static const struct argp_option options[] = {
    { "seconds", 's', "S", 0, "of load, 1 to 86400 (10)", 0 },
    { "pair", 'p', "A,Z[@HOW]", 0,
      "keys go from A to Z; HOW: silver or bronze (gold), two-paths, or both with ',' between; "
      "again "
      "for more (chosen when none is given)",
      0 },
    { "rate", OPTION_RATE, "N", 0,
      "keys per second of each pair, 0 to 1000000, 0: as many as go (1000)", 0 },
    { "batch", OPTION_BATCH, "N", 0, "keys of a batch, 1 to 1024 (16)", 0 },
    { "scale", OPTION_SCALE, "X", 0,
      "links make key with the topology's rates times X, 0 to 1e6, 0: as much as is used (0)", 0 },
    { "time-scale", OPTION_TIME_SCALE, "X", 0,
      "a second is X seconds for optical switches and satellites, 0.001 to 1e6 (1)", 0 },
    { "reserve", OPTION_RESERVE, "PERCENT", 0,
      "of a full link's key, what bronze leaves to others, 0 to 90; silver leaves half of it (25)",
      0 },
    { "key-age", OPTION_KEY_AGE, "S", 0,
      "link key older than S seconds is given up, 0 to 31536000, 0: never (0)", 0 },
    { "cut", 'c', "A,B@T[:L]", 0, "cut this link T seconds after keys flow, for L seconds", 0 },
    { "kill", 'k', "A@T", 0, "kill this node with SIGKILL after T seconds; it is started again",
      0 },
    { "link", OPTION_LINK, "KIND", 0,
      "where link keys come from: simulated, or qkd, a QKD link over SIMULATED light as three "
      "processes for each (simulated)",
      0 },
    { "kill-end", OPTION_KILL_END, "A,B@T", 0,
      "kill A's end of the QKD link to B with SIGKILL; the link is started again", 0 },
    { "centre", OPTION_CENTRE, "A,Z=SOCKET", 0,
      "node A hands its keys with Z of a --pair to the centre that listens there; once more for "
      "the "
      "other end",
      0 },
    { "folder", OPTION_FOLDER, "DIR", 0, "keep everything there (default: a temporary one)", 0 },
    { "nodes-as-processes", OPTION_MANY, NULL, 0, "each node is a process (the default)", 0 },
    { "in-one-process", OPTION_ONE, NULL, 0, "each node is a thread", 0 },
    REPORTER_OPTIONS,
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

/* Names are looked up when all options are known, the topology's among them. */
struct arguments {
    struct run *run;
    const char *pair[RUN_PAIRS_MAX];
    const char *cut[RUN_FAULTS_MAX];
    const char *kill[RUN_FAULTS_MAX];
    const char *kill_end[RUN_FAULTS_MAX];
    const char *centre[RUN_CENTRES_MAX];
    size_t pairs, cuts, kills, kill_ends, centres;
};

static double parse_real(const char *text, double low, double high, char **end,
                         struct argp_state *state)
{
    double value = strtod(text, end);

    if (*end == text || !(value >= low && value <= high)) {
        argp_error(state, "'%s' is not a number of %g to %g", text, low, high);
    }
    return value;
}

static double parse_whole_real(const char *text, double low, double high, struct argp_state *state)
{
    char *end;
    double value = parse_real(text, low, high, &end, state);

    if (*end != '\0') {
        argp_error(state, "'%s' is not a number of %g to %g", text, low, high);
    }
    return value;
}

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

    fault->at_s = parse_real(at, 0, 86400, &end, state);
    fault->length_s = INFINITY;
    if (*end == ':') {
        fault->length_s = parse_whole_real(end + 1, 0.001, 86400, state);
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
    fault->at_s = parse_whole_real(text + len + 1, 0, 86400, state);
    if (run->options.is_one_process) {
        argp_error(state, "a node that is a thread cannot be killed");
    }
}

static void parse_kill_end(struct run *run, const char *text, struct argp_state *state)
{
    struct run_fault *fault = add_fault(run, state);
    const char *at = parse_link(run, text, fault, state);

    fault->kind = RUN_KILL_END;
    fault->at_s = parse_whole_real(at, 0, 86400, state);
}

/* What is wrong with options that are right one by one. */
static void check_qkd(const struct arguments *arguments, struct argp_state *state)
{
    const struct run_options *o = &arguments->run->options;

    if (!o->has_qkd) {
        if (arguments->kill_ends > 0) {
            argp_error(state, "--kill-end is for --link qkd");
        }
        return;
    }
    if (o->is_one_process || o->scale > 0 || o->batch_keys > QKD_BATCH_MAX) {
        argp_error(state,
                   "--link qkd: nodes are processes, links make what they make (no --scale), "
                   "and a batch has at most %d keys",
                   QKD_BATCH_MAX);
    }
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

static void resolve(struct arguments *arguments, struct argp_state *state)
{
    struct run *run = arguments->run;

    load(run, state);
    for (size_t i = 0; i < arguments->pairs; i++) {
        parse_pair(run, arguments->pair[i], state);
    }
    for (size_t i = 0; i < arguments->cuts; i++) {
        parse_cut(run, arguments->cut[i], state);
    }
    for (size_t i = 0; i < arguments->kills; i++) {
        parse_kill(run, arguments->kill[i], state);
    }
    for (size_t i = 0; i < arguments->kill_ends; i++) {
        parse_kill_end(run, arguments->kill_end[i], state);
    }
    for (size_t i = 0; i < arguments->centres; i++) {
        parse_centre(run, arguments->centre[i], state);
    }
}

static void note(const char **list, size_t *count, size_t max, const char *value,
                 struct argp_state *state)
{
    if (*count == max) {
        argp_error(state, "at most %zu of them", max);
    }
    list[(*count)++] = value;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct run_options *o = &arguments->run->options;

    switch (key) {
    case 's':
        o->seconds = parse_whole_real(value, 1, 86400, state);
        return 0;
    case 'p':
        note(arguments->pair, &arguments->pairs, RUN_PAIRS_MAX, value, state);
        return 0;
    case 'c':
        note(arguments->cut, &arguments->cuts, RUN_FAULTS_MAX, value, state);
        return 0;
    case 'k':
        note(arguments->kill, &arguments->kills, RUN_FAULTS_MAX, value, state);
        return 0;
    case OPTION_KILL_END:
        note(arguments->kill_end, &arguments->kill_ends, RUN_FAULTS_MAX, value, state);
        return 0;
    case OPTION_CENTRE:
        note(arguments->centre, &arguments->centres, RUN_CENTRES_MAX, value, state);
        return 0;
    case OPTION_LINK:
        o->has_qkd = strcmp(value, "qkd") == 0;
        if (!o->has_qkd && strcmp(value, "simulated") != 0) {
            argp_error(state, "--link is simulated or qkd, not '%s'", value);
        }
        return 0;
    case OPTION_RATE:
        o->per_second = (unsigned)option_number(value, 0, QW_NODE_RATE_MAX, state);
        return 0;
    case OPTION_BATCH:
        o->batch_keys = (unsigned)option_number(value, 1, 1024, state);
        return 0;
    case OPTION_SCALE:
        o->scale = parse_whole_real(value, 0, 1e6, state);
        return 0;
    case OPTION_TIME_SCALE:
        o->time_scale = parse_whole_real(value, 0.001, 1e6, state);
        return 0;
    case OPTION_RESERVE:
        o->reserve_percent = (unsigned)option_number(value, 0, 90, state);
        return 0;
    case OPTION_KEY_AGE:
        o->key_age_s = (unsigned)option_number(value, 0, 31536000, state);
        return 0;
    case OPTION_FOLDER:
        o->folder = value;
        return 0;
    case OPTION_ONE:
    case OPTION_MANY:
        o->is_one_process = key == OPTION_ONE;
        return 0;
    case 'j':
        o->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "one name");
        }
        o->name = value;
        return 0;
    case ARGP_KEY_END:
        if (o->name == NULL) {
            argp_error(state, "a name, of `qwave network list`, or a file");
        }
        check_qkd(arguments, state);
        resolve(arguments, state);
        break;
    default:
        break;
    }
    return reporter_option(&o->console, key, value, state);
}

void run_options_parse(int argc, char **argv, struct run *run)
{
    static const struct argp argp = {
        options,
        parse,
        "NAME|FILE",
        "Starts every node of a topology, on loopback, with SIMULATED link keys or with QKD links "
        "over SIMULATED light; has keys "
        "delivered between pairs of nodes over routes that the nodes find themselves, cuts links "
        "and kills nodes, and compares what both ends got.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .run = run };

    run->options = (struct run_options){
        .seconds = 10, .per_second = 1000, .batch_keys = 16, .reserve_percent = 25, .time_scale = 1
    };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
}
