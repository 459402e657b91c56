/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "command.h"
#include "json_print.h"
#include "node/node_delivery.h"
#include "node/node_metrics.h"
#include "option_value.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>

enum { JSON_LEN_MAX = 512, HOPS_TEXT_CAP = 32, OPTION_CLASS = 256, OPTION_TWO_PATHS };

static volatile sig_atomic_t stop; /* set by the signal handler */

static void on_signal(int number)
{
    (void)number;
    stop = 1;
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
    { "to", 't', "NODE", 0, "deliver keys to this node over routes, and end", 0 },
    { "class", OPTION_CLASS, "CLASS", 0,
      "with --to: gold, silver or bronze, which leave key to better ones (default: gold)", 0 },
    { "two-paths", OPTION_TWO_PATHS, NULL, 0,
      "with --to: each key is the XOR of two, over two paths without a common node; or none", 0 },
    { "keys", 'n', "N", 0, "how many, in whole batches, 1 to 1000000000 (default: 1024)", 0 },
    { "json", 'j', NULL, 0, "with --send or --to: one JSON object", 0 },
    { 0 },
};

static void parse_path(const char *text, struct qw_relay_path *path, struct argp_state *state)
{
    const char *at = text;
    bool ok;

    path->nodes = 0;
    do {
        ok = path->nodes < QW_RELAY_NODES_MAX &&
             node_number_read(&at, UINT32_MAX, &path->node[path->nodes]);
        path->nodes = (uint8_t)(path->nodes + (ok ? 1 : 0));
    } while (ok && *at++ == ',');
    if (!ok || at[-1] != '\0') {
        argp_error(state, "'%s' is not a list of nodes", text);
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
    case 't':
        arguments->sending.target = (uint32_t)option_number(value, 0, UINT32_MAX, state);
        arguments->sending.by_route = true;
        return 0;
    case OPTION_CLASS:
        if (!qw_node_class_of(value, &arguments->sending.class)) {
            argp_error(state, "--class is gold, silver or bronze, not '%s'", value);
        }
        return 0;
    case OPTION_TWO_PATHS:
        arguments->sending.is_two = true;
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
        if (arguments->sending.by_route && arguments->sending.path.nodes > 0) {
            argp_error(state, "either --send or --to");
        }
        if (!arguments->sending.by_route &&
            (arguments->sending.is_two || arguments->sending.class != QW_NODE_GOLD)) {
            argp_error(state, "--class and --two-paths are for --to");
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
    qw_json_uint(w, node->delivered_keys);
    if (!node->sending.by_route) {
        qw_json_name(w, "hops");
        qw_json_uint(w, (uint64_t)(node->sending.path.nodes - 1));
    }
    qw_json_name(w, "seconds_s");
    qw_json_real(w, seconds_of(node));
    qw_json_name(w, "keys_per_s");
    qw_json_real(w, (double)node->delivered_keys / seconds_of(node));
    qw_json_name(w, "void_batches");
    qw_json_uint(w, counters.voided);
    qw_json_name(w, "end_tag_bits");
    qw_json_uint(w, counters.end_tag_bits);
    qw_json_name(w, "simulated");
    qw_json_bool(w, node_is_simulated(node));
}

static const char *hops_text(const struct node *node, char *text, size_t cap)
{
    (void)snprintf(text, cap, " over %d hops", node->sending.path.nodes - 1);
    return node->sending.by_route ? "" : text;
}

static int report(const struct node *node, bool as_json)
{
    struct qw_relay_counters counters = qw_relay_counters(node->relay);
    char text[HOPS_TEXT_CAP];

    if (as_json) {
        return json_print(JSON_LEN_MAX, write_json, node);
    }
    printf("%llu keys%s, %.0f keys/s, %llu batches void%s\n",
           (unsigned long long)node->delivered_keys, hops_text(node, text, sizeof text),
           (double)node->delivered_keys / seconds_of(node), (unsigned long long)counters.voided,
           node_is_simulated(node) ? "; SIMULATED link keys" : "");
    return EXIT_DONE;
}

static qw_err order(struct node *node)
{
    const struct qw_node_command wish = { .verb = QW_NODE_DELIVER,
                                          .node = node->sending.target,
                                          .keys = (uint32_t)node->sending.keys,
                                          .class = node->sending.class,
                                          .is_two = node->sending.is_two };
    qw_err err = node_delivery_order(node, &wish);

    node->sending.start_ms = qw_clock_monotonic_ms();
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "--to %u: %s", node->sending.target,
                     err == QW_ERR_REFUSED ? NODE_NO_TWO_PATHS " in the whole network"
                                           : "without topology or end pool");
    }
    return err;
}

static int run(struct node *node, const struct run_arguments *arguments)
{
    bool is_sender = node->sending.path.nodes > 0 || node->sending.by_route;
    uint16_t port = 0;
    uint16_t metrics_port = 0;
    int status;
    qw_err err = node_open(node);

    if (err == QW_OK && node->sending.by_route) {
        err = order(node);
    }
    if (err == QW_OK) {
        err = node_listen(node, &port);
    }
    if (err == QW_OK) {
        err = node_metrics_open(node, &metrics_port);
    }
    if (err == QW_OK && metrics_port != 0 && !is_sender) {
        printf("metrics %u\n", metrics_port);
    }
    if (err == QW_OK && !is_sender) {
        printf("ready %u\n", port);
        fflush(stdout);
    }
    if (err == QW_OK) {
        err = node_run(node, &stop);
    }
    status = qw_exit_of(err);
    if (err == QW_OK && is_sender) {
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
    struct qw_log log = { .stream = stderr,
                          .component = "node",
                          .has_priority = qw_log_is_journal(stderr) };
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
