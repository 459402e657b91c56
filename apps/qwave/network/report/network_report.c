/* SPDX-License-Identifier: Apache-2.0 */
/* qwave network report: the nodes of a site in the console of a centre. */
#define _POSIX_C_SOURCE 200809L
#include "network/network.h"

#include "command.h"
#include "network/report/reporter.h"
#include "network/topology_table.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct report_arguments {
    struct reporter_config console;
    const char *name;
    size_t nodes;
    const char *node[QW_TOPOLOGY_NODES_MAX]; /* ID=SOCKET */
};

static const struct argp_option options[] = {
    { "node", 'n', "ID=SOCKET", 0, "a node of this site, and its control socket; again for more",
      0 },
    REPORTER_OPTIONS,
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct report_arguments *arguments = state->input;

    switch (key) {
    case 'n':
        if (arguments->nodes == QW_TOPOLOGY_NODES_MAX) {
            argp_error(state, "at most %d nodes", QW_TOPOLOGY_NODES_MAX);
        }
        arguments->node[arguments->nodes++] = value;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "one name");
        }
        arguments->name = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->name == NULL || arguments->nodes == 0 || arguments->console.url == NULL) {
            argp_error(state, "a topology, --console and at least one --node are needed");
        }
        break;
    default:
        break;
    }
    return reporter_option(&arguments->console, key, value, state);
}

static int by_number(const void *a, const void *b)
{
    const struct status_ask *one = a;
    const struct status_ask *other = b;

    return one->node < other->node ? -1 : one->node > other->node;
}

/* False: text is not ID=SOCKET with a node of the topology, which is said. */
static bool read_node(const struct qw_topology *topology, const char *text, struct status_ask *ask)
{
    const char *equals = strchr(text, '=');
    char id[QW_NODE_ID_CAP];
    size_t found = QW_TOPOLOGY_NODES_MAX;

    *ask = (struct status_ask){ .fd = -1 };
    if (equals != NULL && (size_t)(equals - text) < sizeof id) {
        memcpy(id, text, (size_t)(equals - text));
        id[equals - text] = '\0';
        found = qw_topology_find(topology, id);
    }
    if (found == QW_TOPOLOGY_NODES_MAX || equals[1] == '\0' ||
        strlen(equals + 1) >= sizeof ask->path) {
        fprintf(stderr, "qwave network report: '%s' is not ID=SOCKET of a node of %s\n", text,
                topology->name);
        return false;
    }
    ask->node = (uint32_t)found;
    (void)snprintf(ask->path, sizeof ask->path, "%s", equals + 1);
    return true;
}

static struct status_ask *read_nodes(const struct report_arguments *arguments,
                                     const struct qw_topology *topology)
{
    struct status_ask *ask = calloc(arguments->nodes, sizeof *ask);

    for (size_t i = 0; ask != NULL && i < arguments->nodes; i++) {
        if (!read_node(topology, arguments->node[i], &ask[i])) {
            free(ask);
            return NULL;
        }
    }
    if (ask != NULL) {
        qsort(ask, arguments->nodes, sizeof *ask, by_number);
    }
    for (size_t i = 1; ask != NULL && i < arguments->nodes; i++) {
        if (ask[i].node == ask[i - 1].node) {
            fprintf(stderr, "qwave network report: node %s twice\n",
                    topology->node[ask[i].node].id);
            free(ask);
            return NULL;
        }
    }
    return ask;
}

/* Waits in sigwait, so that no signal comes between a look at a flag and a pause. */
static void wait_for_end(const sigset_t *ends, size_t nodes)
{
    int number;

    printf("ready %zu\n", nodes);
    fflush(stdout);
    while (sigwait(ends, &number) != 0) {
    }
}

int network_report(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "NAME|FILE",
        "Shows the running nodes of a site in the console of a centre, until it is ended. Other "
        "sites of the network report theirs.",
        NULL,
        NULL,
        NULL
    };
    static const struct qw_log log = { .component = "report", .level = QW_LOG_INFO };
    struct qw_log own = log;
    struct report_arguments arguments = { .nodes = 0 };
    char error[QW_CONFIG_ERROR_CAP] = "";
    struct qw_topology *topology = NULL;
    struct qw_key_graph *graph = NULL;
    struct status_ask *ask = NULL;
    struct reporter *reporter = NULL;
    sigset_t ends;
    int status = EXIT_USAGE;
    qw_err err;

    own.stream = stderr;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    err = topology_load(arguments.name, &topology, error);
    if (err == QW_OK) {
        err = qw_key_graph_of(topology, &graph);
    }
    ask = err == QW_OK ? read_nodes(&arguments, topology) : NULL;
    if (ask != NULL) {
        err = reporter_new(&arguments.console, topology, graph, ask, arguments.nodes, &own,
                           &reporter);
        status = qw_exit_of(err);
    }
    if (reporter != NULL) {
        wait_for_end(&ends, arguments.nodes);
        reporter_free(reporter);
    } else if (err != QW_OK) {
        fprintf(stderr, "qwave network report: %s\n",
                error[0] != '\0'      ? error
                : err == QW_ERR_SPACE ? "the topology is too large to be shown"
                                      : qw_err_text(err));
        free(ask);
    }
    qw_key_graph_free(graph);
    qw_topology_free(topology);
    return status;
}
