/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a run, from the files of its nodes. */
#include "network/run/run_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In time that depends on the contents: ids are public, and keys of a run are simulated. */
static int order_of(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

static int by_id_and_node(const void *a, const void *b)
{
    const struct run_key *x = a;
    const struct run_key *y = b;
    int order = order_of(x->id, y->id, sizeof x->id);

    return order != 0 ? order : (x->node > y->node) - (x->node < y->node);
}

static int by_key(const void *a, const void *b)
{
    const struct run_key *x = a;
    const struct run_key *y = b;

    return order_of(x->key, y->key, sizeof x->key);
}

static void sort_keys(struct run_files *files, int (*order)(const void *, const void *))
{
    if (files->keys > 0) {
        qsort(files->key, files->keys, sizeof *files->key, order);
    }
}

/* Keys in the order of by_id_and_node. NULL: the node does not hold it. */
static const struct run_key *held(const struct run_files *files, const struct run_event *event,
                                  uint32_t number, size_t node)
{
    struct run_key wanted = { .node = node };
    const struct run_key *found;

    memcpy(wanted.id, event->id, sizeof event->id);
    for (size_t i = 0; i < sizeof number; i++) {
        wanted.id[sizeof event->id + i] = (uint8_t)(number >> (8 * (sizeof number - 1 - i)));
    }
    found = files->keys == 0
                ? NULL
                : bsearch(&wanted, files->key, files->keys, sizeof wanted, by_id_and_node);
    return found == NULL || found->is_void ? NULL : found;
}

static void compare_ends(const struct run_files *files, struct run_result *result)
{
    for (size_t i = 0; i < files->events; i++) {
        const struct run_event *event = &files->event[i];

        result->batches++;
        result->delivered_keys += event->count;
        for (uint32_t k = 0; k < event->count; k++) {
            const struct run_key *one = held(files, event, k, event->source);
            const struct run_key *other = held(files, event, k, event->target);

            if (one == NULL || other == NULL) {
                result->lost_keys++;
            } else {
                result->mismatched_keys += by_key(one, other) != 0;
            }
        }
    }
}

/* An id twice at one node, or the same bits under two ids. */
static void find_repeats(struct run_files *files, struct run_result *result)
{
    for (size_t i = 1; i < files->keys; i++) {
        result->repeated_keys += by_id_and_node(&files->key[i - 1], &files->key[i]) == 0;
    }
    sort_keys(files, by_key);
    for (size_t i = 1; i < files->keys; i++) {
        const struct run_key *one = &files->key[i - 1];
        const struct run_key *other = &files->key[i];

        result->repeated_keys +=
            by_key(one, other) == 0 && order_of(one->id, other->id, sizeof one->id) != 0;
    }
}

static qw_err count_routes(const struct run_files *files, struct run_result *result)
{
    result->route = calloc(files->events + 1, sizeof *result->route);
    if (result->route == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < files->events; i++) {
        const struct run_event *event = &files->event[i];
        struct run_route *route = result->route;

        while (route < result->route + result->routes && strcmp(route->text, event->route) != 0) {
            route++;
        }
        if (route == result->route + result->routes) {
            memcpy(route->text, event->route, sizeof route->text);
            result->routes++;
        }
        route->batches++;
        route->keys += event->count;
    }
    return QW_OK;
}

static bool uses(const struct run_event *event, const struct run_fault *fault)
{
    const char *at = event->route;
    size_t before = SIZE_MAX;

    while (*at != '\0') {
        char *end;
        size_t node = (size_t)strtoul(at, &end, 10);

        if ((before == fault->a && node == fault->b) || (before == fault->b && node == fault->a)) {
            return true;
        }
        before = *end == '+' ? SIZE_MAX : node; /* the other path of two begins */
        at = *end == '\0' ? end : end + 1;
    }
    return false;
}

/* The pair's last batch before the cut went over that link: when the first came that was asked for
 * after it and went elsewhere. */
static void measure(const struct run *run, const struct run_files *files, size_t pair, size_t fault,
                    struct run_result *result)
{
    const struct run_fault *cut = &run->options.fault[fault];
    const struct run_event *last = NULL;
    const struct run_event *first = NULL;

    for (size_t i = 0; i < files->events; i++) {
        const struct run_event *event = &files->event[i];

        if (event->source != run->options.pair[pair].a ||
            event->target != run->options.pair[pair].z) {
            continue;
        }
        if (event->done_ms <= cut->done_ms) {
            last = event;
        } else if (first == NULL && event->asked_ms >= cut->done_ms && !uses(event, cut)) {
            first = event;
        }
    }
    if (last == NULL || !uses(last, cut)) {
        return;
    }
    if (first == NULL) {
        result->not_rerouted++;
        return;
    }
    result->reroute[result->reroutes++] =
        (struct run_reroute){ pair, fault, first->done_ms - cut->done_ms };
}

static int by_ms(const void *a, const void *b)
{
    const struct run_reroute *x = a;
    const struct run_reroute *y = b;

    return (x->ms > y->ms) - (x->ms < y->ms);
}

static qw_err measure_reroutes(const struct run *run, const struct run_files *files,
                               struct run_result *result)
{
    result->reroute = calloc(run->options.faults * run->options.pairs + 1, sizeof *result->reroute);
    if (result->reroute == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < run->options.faults; i++) {
        const struct run_fault *fault = &run->options.fault[i];

        for (size_t pair = 0; fault->is_done && fault->kind == RUN_CUT && pair < run->options.pairs;
             pair++) {
            measure(run, files, pair, i, result);
        }
    }
    qsort(result->reroute, result->reroutes, sizeof *result->reroute, by_ms);
    return QW_OK;
}

static int by_label(const void *a, const void *b)
{
    const struct run_fed *x = a;
    const struct run_fed *y = b;
    int order = order_of(x->session, y->session, sizeof x->session);

    if (order == 0) {
        order = (x->block > y->block) - (x->block < y->block);
    }
    return order != 0 ? order : (x->node > y->node) - (x->node < y->node);
}

/* What the node beside Alice took out of a link, that beside Bob has too, once. */
static qw_err sum_links(const struct run *run, struct run_files *files, struct run_result *result)
{
    result->link = calloc(run->graph->link_count + 1, sizeof *result->link);
    if (result->link == NULL) {
        return QW_ERR_NOMEM;
    }
    if (files->feds > 0) {
        qsort(files->fed, files->feds, sizeof *files->fed, by_label);
    }
    for (size_t i = 0; i < files->feds; i++) {
        const struct run_fed *fed = &files->fed[i];
        struct run_fed other = *fed;
        size_t link = qw_key_graph_find(run->graph, fed->node, fed->neighbour);
        struct run_link_sum *sum = &result->link[link];

        if (i > 0 && by_label(fed - 1, fed) == 0) {
            result->link_blocks_repeated++;
        }
        if (link == run->graph->link_count || run->graph->link[link].a != fed->node) {
            continue;
        }
        other.node = fed->neighbour;
        result->link_blocks_apart +=
            bsearch(&other, files->fed, files->feds, sizeof other, by_label) == NULL;
        sum->blocks++;
        sum->bits += 8 * (uint64_t)fed->len;
        sum->errors_ppm += (fed->errors_ppm - sum->errors_ppm) / (double)sum->blocks;
    }
    return QW_OK;
}

static qw_err sum_slots(const struct run *run, const struct run_files *files,
                        struct run_result *result)
{
    result->slots = calloc(run->graph->link_count + 1, sizeof *result->slots);
    if (result->slots == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < files->lights; i++) {
        const struct run_light *light = &files->light[i];
        size_t link = light->neighbour < run->graph->node_count
                          ? qw_key_graph_find(run->graph, light->node, light->neighbour)
                          : run->graph->link_count; /* a line that a crash cut short */

        if (link < run->graph->link_count) {
            result->slots[link].slots += light->slots;
            result->slots[link].passes += light->passes;
            result->slots[link].clear_passes += light->clear_passes;
            result->slots[link].pass_bits += light->pass_bits;
        }
    }
    return QW_OK;
}

qw_err run_verify(const struct run *run, struct run_result *result)
{
    struct run_files files = { 0 };
    qw_err err = run_files_read(run, &files);

    if (err == QW_OK) {
        err = count_routes(&files, result);
    }
    if (err == QW_OK) {
        err = measure_reroutes(run, &files, result);
    }
    if (err == QW_OK) {
        err = sum_links(run, &files, result);
    }
    if (err == QW_OK) {
        err = sum_slots(run, &files, result);
    }
    if (err == QW_OK) {
        sort_keys(&files, by_id_and_node);
        compare_ends(&files, result);
        find_repeats(&files, result);
    }
    run_files_free(&files);
    return err;
}

void run_result_free(struct run_result *result)
{
    free(result->link);
    free(result->slots);
    free(result->route);
    free(result->reroute);
    *result = (struct run_result){ 0 };
}
