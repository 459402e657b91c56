/* SPDX-License-Identifier: Apache-2.0 */
/* Between which nodes keys go in a run, and how. */
#include "network/run/run.h"

#include "node/node_delivery.h"
#include "qkd/network/disjoint.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_CAP = 16 };
_Static_assert((int)QW_TOPOLOGY_DEMANDS_MAX <= (int)RUN_PAIRS_MAX, "each demand is a pair");

bool run_pair_how(const char *text, struct run_pair *pair, const char **wrong)
{
    for (const char *at = text; *at != '\0';) { /* '@', then ',' */
        size_t len = strcspn(at + 1, ",");
        char word[WORD_CAP] = "";

        if (len < sizeof word) {
            memcpy(word, at + 1, len);
        }
        if (strcmp(word, "two-paths") == 0) {
            pair->is_two = true;
        } else if (!qw_node_class_of(word, &pair->class)) {
            *wrong = at + 1;
            return false;
        }
        at += 1 + len;
    }
    return true;
}

/* link-state.md D5: refused before anything starts. */
qw_err run_pair_check(const struct run *run, const struct run_pair *pair)
{
    struct qw_route route[2];
    size_t found = 0;
    double *cost;
    qw_err err;

    if (!pair->is_two) {
        return QW_OK;
    }
    cost = calloc(run->graph->link_count + 1, sizeof *cost);
    if (cost == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_disjoint_paths(run->graph, cost, pair->a, pair->z, 2, route, &found);
    free(cost);
    return err == QW_OK && found < 2 ? QW_ERR_REFUSED : err;
}

static qw_err take_demands(struct run *run)
{
    struct run_options *o = &run->options;
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->topology->demand_count; i++) {
        const struct qw_topology_demand *demand = &run->topology->demand[i];
        struct run_pair *pair = &o->pair[o->pairs++];

        *pair = (struct run_pair){ .a = demand->from,
                                   .z = demand->to,
                                   .class = demand->class,
                                   .is_two = demand->is_two,
                                   .per_second = demand->keys_per_s < 0
                                                     ? o->per_second
                                                     : (unsigned)demand->keys_per_s };
        err = run_pair_check(run, pair);
        if (err != QW_OK) {
            fprintf(stderr, "qwave network: demand from %s to %s: %s\n",
                    run->topology->node[pair->a].id, run->topology->node[pair->z].id,
                    err == QW_ERR_REFUSED ? NODE_NO_TWO_PATHS : qw_err_text(err));
        }
    }
    return err;
}

static void choose_ends(struct run *run)
{
    struct run_options *o = &run->options;
    size_t user[QW_TOPOLOGY_NODES_MAX];
    size_t users = 0;
    bool has_users = false;

    for (size_t i = 0; i < run->graph->node_count; i++) {
        has_users = has_users || run->topology->node[i].kind == QW_NODE_KIND_USER;
    }
    for (size_t i = 0; i < run->graph->node_count; i++) {
        bool is_end = run->graph->first[i + 1] > run->graph->first[i] &&
                      (run->topology->node[i].kind == QW_NODE_KIND_USER || !has_users);

        user[users] = i;
        users += is_end;
    }
    for (size_t i = 0; o->pairs < RUN_PAIRS_MAX / 8 && i < users / 2; i++) {
        o->pair[o->pairs++] = (struct run_pair){ .a = user[i],
                                                 .z = user[i + users / 2],
                                                 .per_second = o->per_second };
    }
}

qw_err run_pairs_choose(struct run *run)
{
    if (run->topology->demand_count > 0) {
        return take_demands(run);
    }
    choose_ends(run);
    return QW_OK;
}
