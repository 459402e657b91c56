/* SPDX-License-Identifier: Apache-2.0 */
#include "network/network.h"

#include "command.h"
#include "option_value.h"
#include "qkd/network/topology_ring.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPTION_CITIES = 256, OPTION_KM, OPTION_SPREAD };

static const struct argp_option options[] = {
    { "ring-a", 'a', "N", 0, "relays on the first ring (default: 56)", 0 },
    { "ring-b", 'b', "N", 0, "relays on the second ring (default: 56)", 0 },
    { "shared", 's', "N", 0, "of these on both, 2 or more (default: 8)", 0 },
    { "cities", OPTION_CITIES, "N", 0, "convergence nodes on spurs (default: 41)", 0 },
    { "total-km", OPTION_KM, "KM", 0, "of all links, 1 to 1000000 (default: 10103)", 0 },
    { "spread-percent", OPTION_SPREAD, "N", 0,
      "lengths differ from their mean by at most so much, 0 to 99 (default: 50)", 0 },
    { "seed", 'S', "N", 0, "of lengths and spurs (default: 1)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct qw_topology_rings *rings = state->input;

    switch (key) {
    case 'a':
        rings->ring_a = (unsigned)option_number(value, 3, QW_TOPOLOGY_NODES_MAX, state);
        return 0;
    case 'b':
        rings->ring_b = (unsigned)option_number(value, 3, QW_TOPOLOGY_NODES_MAX, state);
        return 0;
    case 's':
        rings->shared = (unsigned)option_number(value, 2, QW_TOPOLOGY_NODES_MAX, state);
        return 0;
    case OPTION_CITIES:
        rings->cities = (unsigned)option_number(value, 0, QW_TOPOLOGY_NODES_MAX, state);
        return 0;
    case OPTION_KM:
        rings->total_km = (double)option_number(value, 1, 1000000, state);
        return 0;
    case OPTION_SPREAD:
        rings->spread = (double)option_number(value, 0, 99, state) / 100;
        return 0;
    case 'S':
        rings->seed = (uint64_t)option_number(value, 0, 2147483647, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_node(const struct qw_node *node)
{
    printf("  - {id: %s, kind: %s, x: %.1f, y: %.1f}\n", node->id, qw_node_kinds[node->kind],
           node->x, node->y);
}

static void print_file(const struct qw_topology_rings *r, const struct qw_topology *t)
{
    printf(
        "# qwave network generate --ring-a %u --ring-b %u --shared %u --cities %u --total-km %.0f "
        "--spread-percent %.0f --seed %llu\n",
        r->ring_a, r->ring_b, r->shared, r->cities, r->total_km, 100 * r->spread,
        (unsigned long long)r->seed);
    printf("name: %s\ntext: \"%s\"\npreset: %s\nnodes:\n", t->name, t->text, t->preset->name);
    for (size_t i = 0; i < t->node_count; i++) {
        print_node(&t->node[i]);
    }
    printf("links:\n");
    for (size_t i = 0; i < t->fibre_count; i++) {
        const struct qw_fibre *fibre = &t->fibre[i];

        printf("  - {from: %s, to: %s, km: %.2f}\n", t->node[fibre->from].id, t->node[fibre->to].id,
               fibre->km);
    }
}

int network_generate(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "",
        "Makes a backbone of two rings that share a stretch, with cities on spurs, and prints it "
        "as "
        "a topology file that begins with the command. The same seed gives the same file.",
        NULL,
        NULL,
        NULL
    };
    struct qw_topology_rings rings = { .ring_a = 56,
                                       .ring_b = 56,
                                       .shared = 8,
                                       .cities = 41,
                                       .total_km = 10103,
                                       .spread = 0.5,
                                       .seed = 1 };
    struct qw_topology *topology = NULL;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &rings);
    err = qw_topology_of_rings(&rings, &topology);
    if (err == QW_ERR_ARG) {
        fprintf(stderr,
                "qwave network generate: both rings need more relays than they share, and all "
                "nodes together are at most %d\n",
                QW_TOPOLOGY_NODES_MAX);
        return EXIT_USAGE;
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave network generate: %s\n", qw_err_text(err));
        return EXIT_FAILED;
    }
    print_file(&rings, topology);
    qw_topology_free(topology);
    return EXIT_DONE;
}
