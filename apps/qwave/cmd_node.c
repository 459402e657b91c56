/* SPDX-License-Identifier: Apache-2.0 */
/* qwave node: a node of a relay network, and the pools that two nodes share. */
#define _GNU_SOURCE
#include "command.h"

#include "base/clock.h"
#include "json_print.h"
#include "node/node.h"
#include "option_value.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { LEASE_LEN = 1 << 18, CAPACITY_LEN = 1 << 23, CHARGE_LEN = 1 << 20, JSON_LEN_MAX = 512 };

static volatile sig_atomic_t stop; /* set by the signal handler */

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} parts[] = {
    { "charge", cmd_node_charge, "make the pool that two nodes share, a file for each" },
    { "run", cmd_node_run, "be one node: pools, links to its neighbours, relay" },
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: qwave node PART [OPTION...]\n\nA node of a network of trusted relays, "
                    "with SIMULATED link keys so far.\n\n");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        fprintf(stream, "  %-8s %s\n", parts[i].name, parts[i].text);
    }
    fprintf(stream, "\n`qwave node PART --help` explains one.\n");
}

int cmd_node(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(argv[1], parts[i].name) == 0) {
            argp_err_exit_status = EXIT_USAGE;
            return parts[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "qwave node: no part '%s'; `qwave node --help` lists them\n", argv[1]);
    return EXIT_USAGE;
}

struct charge_arguments {
    long bytes, capacity, lease;
    bool is_simulated;
    const char *word[4]; /* NODE NODE FILE FILE */
};

static const struct argp_option charge_options[] = {
    { "bytes", 'b', "N", 0, "of key in each direction, 1 to 4194304 (default: 1048576)", 0 },
    { "capacity", 'c', "N", 0,
      "bytes that each direction can hold, 262144 to 1073741824 (default: 8388608)", 0 },
    { "lease", 'l', "N", 0,
      "bytes that a crash may cost in each direction, 64 to 262144 (default: 262144); a batch must "
      "fit into it",
      0 },
    { "simulated", 's', NULL, 0, "the keys that will be added are simulated", 0 },
    { 0 },
};

static error_t parse_charge(int key, char *value, struct argp_state *state)
{
    struct charge_arguments *arguments = state->input;

    switch (key) {
    case 'b':
        arguments->bytes = option_number(value, 1, 4194304, state);
        return 0;
    case 'c':
        arguments->capacity = option_number(value, LEASE_LEN, QW_NODE_CAPACITY_MAX, state);
        return 0;
    case 'l':
        arguments->lease = option_number(value, QW_NODE_LEASE_MIN, LEASE_LEN, state);
        return 0;
    case 's':
        arguments->is_simulated = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num >= 4) {
            argp_error(state, "two nodes and two files");
        }
        arguments->word[state->arg_num] = value;
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 4) {
            argp_error(state, "two nodes and two files");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static uint32_t node_id(const char *text)
{
    char *end = NULL;
    unsigned long id = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || id > UINT32_MAX) {
        fprintf(stderr, "qwave node: '%s' is not a node's id, 0 to 4294967295\n", text);
        exit(EXIT_USAGE);
    }
    return (uint32_t)id;
}

int cmd_node_charge(int argc, char **argv)
{
    static const struct argp argp = {
        charge_options,
        parse_charge,
        "NODE-A NODE-B FILE-A FILE-B",
        "Makes the pool that two neighbours share, or the end pool of two nodes that batches go "
        "between, with fresh key, a file for each. Carry one to its node and keep no copy.",
        NULL,
        NULL,
        NULL
    };
    struct charge_arguments arguments = { .bytes = CHARGE_LEN,
                                          .capacity = CAPACITY_LEN,
                                          .lease = LEASE_LEN };
    struct qw_node_pool_head head = { 0 };
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    head.node = node_id(arguments.word[0]);
    head.neighbour = node_id(arguments.word[1]);
    head.capacity = (uint64_t)arguments.capacity;
    head.lease = (uint32_t)arguments.lease;
    head.is_simulated = arguments.is_simulated;
    err = qw_node_pool_charge(arguments.word[2], arguments.word[3], &head, (size_t)arguments.bytes);
    if (err != QW_OK) {
        fprintf(stderr, "qwave node charge: %s\n", qw_err_text(err));
    }
    return qw_exit_of(err);
}

struct run_arguments {
    const char *config;
    struct node_sending sending;
    bool check_only, as_json;
};

static const struct argp_option run_options[] = {
    { "config", 'c', "FILE", 0, "settings of the node", 0 },
    { "check", 'C', NULL, 0, "read the settings, say whether they are right, and end", 0 },
    { "send", 's', "PATH", 0, "relay keys over these nodes, 0,1,2 for example, and end", 0 },
    { "keys", 'n', "N", 0, "how many, in whole batches, 1 to 1000000000 (default: 1024)", 0 },
    { "json", 'j', NULL, 0, "with --send: one JSON object", 0 },
    { 0 },
};

static void parse_path(const char *text, struct qw_relay_path *path, struct argp_state *state)
{
    const char *at = text;

    path->nodes = 0;
    for (;;) {
        char *end = NULL;
        unsigned long id = strtoul(at, &end, 10);

        if (*at < '0' || *at > '9' || id > UINT32_MAX || path->nodes == QW_RELAY_NODES_MAX) {
            argp_error(state, "'%s' is not a list of nodes", text);
        }
        path->node[path->nodes++] = (uint32_t)id;
        if (*end == '\0') {
            break;
        }
        at = *end == ',' ? end + 1 : "";
    }
    if (!qw_relay_path_valid(path)) {
        argp_error(state, "'%s' is no path of %d to %d nodes, none of them twice", text,
                   QW_RELAY_NODES_MIN, QW_RELAY_NODES_MAX);
    }
}

static error_t parse_run(int key, char *value, struct argp_state *state)
{
    struct run_arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case 'C':
        arguments->check_only = true;
        return 0;
    case 's':
        parse_path(value, &arguments->sending.path, state);
        return 0;
    case 'n':
        arguments->sending.keys = (uint64_t)option_number(value, 1, 1000000000, state);
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "too many words");
        return 0;
    case ARGP_KEY_END:
        if (arguments->config == NULL) {
            argp_error(state, "--config FILE is missing");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static double seconds_of(const struct node *node)
{
    return (double)(node->sending.end_ms - node->sending.start_ms) * 1e-3;
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const struct node *node = self;
    struct qw_relay_counters counters = qw_relay_counters(node->relay);

    qw_json_name(w, "delivered_keys");
    qw_json_uint(w, counters.delivered_keys);
    qw_json_name(w, "hops");
    qw_json_uint(w, (uint64_t)(node->sending.path.nodes - 1));
    qw_json_name(w, "seconds_s");
    qw_json_real(w, seconds_of(node));
    qw_json_name(w, "keys_per_s");
    qw_json_real(w, (double)counters.delivered_keys / seconds_of(node));
    qw_json_name(w, "void_batches");
    qw_json_uint(w, counters.voided);
    qw_json_name(w, "end_tag_bits");
    qw_json_uint(w, counters.end_tag_bits);
    qw_json_name(w, "simulated");
    qw_json_bool(w, node->settings.simulated_seed != 0);
}

static int report(const struct node *node, bool as_json)
{
    struct qw_relay_counters counters = qw_relay_counters(node->relay);

    if (as_json) {
        return json_print(JSON_LEN_MAX, write_json, node);
    }
    printf("%llu keys over %d hops, %.0f keys/s, %llu batches void%s\n",
           (unsigned long long)counters.delivered_keys, node->sending.path.nodes - 1,
           (double)counters.delivered_keys / seconds_of(node), (unsigned long long)counters.voided,
           node->settings.simulated_seed != 0 ? "; SIMULATED link keys" : "");
    return EXIT_DONE;
}

static int run(struct node *node, const struct run_arguments *arguments)
{
    int status;
    qw_err err = node_open(node);

    if (err == QW_OK) {
        err = node_run(node, &stop);
    }
    status = qw_exit_of(err);
    if (err == QW_OK && node->sending.path.nodes > 0) {
        status = stop ? EXIT_FAILED : report(node, arguments->as_json);
    }
    node_close(node);
    return status;
}

int cmd_node_run(int argc, char **argv)
{
    static const struct argp argp = {
        run_options,
        parse_run,
        "",
        "One node of a relay network: keeps a pool with each neighbour, a connection to it, and "
        "passes batches of keys on.",
        NULL,
        NULL,
        NULL
    };
    struct run_arguments arguments = { .sending = { .keys = 1024 } };
    struct qw_log log = { .stream = stderr, .component = "node" };
    char error[QW_CONFIG_ERROR_CAP];
    struct node *node;
    int status;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    node = calloc(1, sizeof *node);
    if (node == NULL) {
        return EXIT_FAILED;
    }
    if (node_settings_read(arguments.config, &node->settings, error) != QW_OK) {
        fprintf(stderr, "qwave node: %s\n", error);
        free(node);
        return EXIT_USAGE;
    }
    log.level = (enum qw_log_level)node->settings.log_level;
    node->log = &log;
    node->sending = arguments.sending;
    qw_program_stop_on_signals(on_signal);
    status = arguments.check_only ? EXIT_DONE : run(node, &arguments);
    free(node);
    return status;
}
