/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/network/sim_state.h"

#include <math.h>
#include <stdlib.h>

void sim_state_close(struct sim *s)
{
    sim_events_free(&s->events);
    sim_links_free(&s->links);
    qw_stock_book_free(s->book);
    qw_route_search_free(s->search);
    free(s->told);
    free(s->cost);
    free(s->arrival);
    free(s->hit_s);
}

uint64_t sim_now_ms(const struct sim *s)
{
    return (uint64_t)(1000 * s->now_s);
}

void sim_set_cost(struct sim *s, size_t link)
{
    s->cost[link] = s->told[link].is_told_up ? qw_price_of(s->told[link].told_level) : INFINITY;
}

static qw_err allocate(struct sim *s)
{
    const struct qw_key_graph *g = s->config->graph;
    const struct qw_stock_config stock = { g->link_count, SIM_RESERVATIONS_MAX, SIM_HOPS_MAX };
    qw_err err = qw_stock_book_new(&stock, &s->book);

    if (err == QW_OK) {
        err = qw_route_search_new(g, &s->search);
    }
    if (err == QW_OK) {
        err = sim_links_new(s->config->topology, g, s->book, s->config->seed, &s->links);
    }
    s->told = calloc(g->link_count, sizeof *s->told);
    s->cost = calloc(g->link_count, sizeof *s->cost);
    s->arrival = calloc(s->config->pairs->count, sizeof *s->arrival);
    s->hit_s = calloc(s->config->pairs->count, sizeof *s->hit_s);
    if (s->told == NULL || s->cost == NULL || s->arrival == NULL || s->hit_s == NULL) {
        err = QW_ERR_NOMEM;
    }
    return err;
}

static qw_err plan_failures(struct sim *s)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < s->config->failure_count; i++) {
        const struct sim_failure *failure = &s->config->failure[i];
        struct sim_event event = { .at_s = s->config->warm_up_s + failure->at_s,
                                   .kind = SIM_CUT,
                                   .link = failure->link };

        err = sim_events_push(&s->events, &event);
        event.at_s += failure->length_s;
        event.kind = SIM_RESTORE;
        if (err == QW_OK && !isinf(failure->length_s)) {
            err = sim_events_push(&s->events, &event);
        }
    }
    return err;
}

qw_err sim_state_open(const struct sim_config *config, struct sim_result *result, struct sim *sim)
{
    const struct sim_config *c = config;
    struct sim *s = sim;
    double sum = 0;
    qw_err err;

    *s = (struct sim){ .config = config, .result = result };
    err = allocate(s);

    if (err != QW_OK) {
        return err;
    }
    qw_prng_init(&s->times, c->seed, 2);
    qw_prng_init(&s->sizes, c->seed, 3);
    s->end_s = c->warm_up_s + c->seconds;
    for (size_t i = 0; i < c->graph->link_count; i++) {
        qw_stock_add(s->book, i, c->start_level * c->topology->pool_bits, c->topology->pool_bits);
        qw_damper_init(&s->told[i], c->start_level, 0);
        sim_set_cost(s, i);
    }
    for (size_t i = 0; i < c->pairs->count; i++) {
        sum += c->load * c->pairs->demand[i].amount / c->mean_bits;
        s->arrival[i] = sum;
        s->hit_s[i] = -1;
    }
    err = plan_failures(s);
    if (err == QW_OK) {
        err = sim_events_push(&s->events, &(struct sim_event){ .kind = SIM_SLOT });
    }
    if (err == QW_OK) {
        err = sim_events_push(&s->events, &(struct sim_event){ .kind = SIM_TICK, .at_s = 1 });
    }
    return err;
}

/* Key that was there counts for the bound as if it were made. */
void sim_state_start_measuring(struct sim *s)
{
    s->is_measuring = true;
    sim_links_start_measuring(&s->links, s->config->warm_up_s);
    for (size_t i = 0; i < s->config->graph->link_count; i++) {
        s->result->capacity[i] = qw_stock_available(s->book, i) + qw_stock_reserved(s->book, i);
    }
}

void sim_state_finish(struct sim *s)
{
    size_t links = s->config->graph->link_count;

    for (size_t i = 0; i < links; i++) {
        double empty;

        sim_links_fill(&s->links, i, s->end_s);
        s->result->capacity[i] += s->links.link[i].made_bits;
        empty = s->links.link[i].empty_s / s->config->seconds;
        s->result->empty_share += empty / (double)links;
        if (empty > s->result->worst_empty_share) {
            s->result->worst_empty_share = empty;
            s->result->worst_link = i;
        }
    }
    for (size_t i = 0; i < SIM_HISTOGRAM_BINS && s->seconds_seen > 0; i++) {
        s->result->histogram[i] /= (double)links * (double)s->seconds_seen;
    }
    s->result->dead_s = s->links.dead_s;
}
