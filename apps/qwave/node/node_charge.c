/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "node/node.h"
#include "option_value.h"

#include <argp.h>
#include <stdlib.h>

enum { LEASE_LEN = 1 << 18, CAPACITY_LEN = 1 << 23, CHARGE_LEN = 1 << 20 };

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
    const char *at = text;
    uint32_t id = 0;

    if (!node_number_read(&at, UINT32_MAX, &id) || *at != '\0') {
        fprintf(stderr, "qwave node: '%s' is not a node's id, 0 to 4294967295\n", text);
        exit(EXIT_USAGE);
    }
    return id;
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
