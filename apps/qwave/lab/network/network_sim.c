/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/network/network_sim.h"

#include "lab/network/sim_state.h"

#include <math.h>
#include <stdlib.h>

enum { KEY_BITS = 256, TRIES = 3 };

struct request {
    size_t demand;
    double bits;
};

/* Fills the link's pool up to now and tells its level, if it is time. */
static void look_at(struct sim *s, size_t link)
{
    sim_links_fill(&s->links, link, s->now_s);
    if (qw_damper_look(&s->told[link], sim_links_level(&s->links, link), sim_now_ms(s))) {
        sim_set_cost(s, link);
    }
}

/* Exponential, with so many a second. */
static double draw_gap(struct sim *s)
{
    return -log1p(-qw_prng_uniform(&s->times)) / s->arrival[s->config->pairs->count - 1];
}

/* Whole keys, at least one; the mean is mean_bits: what rounding up adds is taken off before. */
static double draw_bits(struct sim *s)
{
    double keys = s->config->mean_bits / KEY_BITS;
    double rate = -log1p(-1 / keys); /* ceil of an exponential is geometric with mean keys */

    return KEY_BITS * fmax(1, ceil(-log1p(-qw_prng_uniform(&s->sizes)) / rate));
}

static size_t draw_pair(struct sim *s)
{
    size_t count = s->config->pairs->count;
    double at = qw_prng_uniform(&s->times) * s->arrival[count - 1];
    size_t low = 0;
    size_t high = count - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (s->arrival[middle] > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

enum outcome { ACCEPTED, NO_PATH, TOO_DEAR, NO_STOCK };

/* Reserves the bits on the whole path; *lacking is a link that has too little or is cut. */
static qw_err reserve(struct sim *s, const struct qw_route *path, double bits,
                      qw_reservation *reservation, size_t *lacking)
{
    for (size_t i = 0; i < path->hops; i++) {
        sim_links_fill(&s->links, path->link[i], s->now_s);
        if (s->links.link[path->link[i]].is_cut) {
            *lacking = path->link[i];
            return QW_ERR_EXHAUSTED;
        }
    }
    return qw_stock_reserve(s->book, path, 1, bits, INFINITY, reservation, lacking);
}

/* Tries the cheapest path, then others around what was found lacking. */
static enum outcome route(struct sim *s, const struct request *request, struct qw_route *path,
                          qw_reservation *reservation, unsigned *tries)
{
    const struct qw_demand *demand = &s->config->pairs->demand[request->demand];
    size_t shut[TRIES];
    enum outcome outcome = NO_STOCK;

    for (*tries = 0; *tries < TRIES && outcome == NO_STOCK; ++*tries) {
        size_t lacking = 0;

        qw_route_from(s->search, s->cost, demand->from);
        if (qw_route_to(s->search, demand->to, path) != QW_OK) {
            outcome = *tries == 0 ? NO_PATH : NO_STOCK;
            break;
        }
        if (qw_route_distance(s->search, demand->to) > demand->weight) {
            outcome = TOO_DEAR;
            break;
        }
        if (path->hops <= SIM_HOPS_MAX &&
            reserve(s, path, request->bits, reservation, &lacking) == QW_OK) {
            outcome = ACCEPTED;
        } else {
            shut[*tries] = lacking;
            s->cost[lacking] = INFINITY;
        }
    }
    for (unsigned i = 0; i < *tries && i < TRIES; i++) {
        if (outcome != ACCEPTED || i + 1 < *tries) {
            sim_set_cost(s, shut[i]);
        }
    }
    return outcome;
}

static void count_refusal(struct sim *s, enum outcome outcome)
{
    s->result->refused_price += outcome == TOO_DEAR;
    s->result->refused_stock += outcome == NO_STOCK;
    s->result->refused_path += outcome == NO_PATH;
}

/* A request, new or sent again. */
static qw_err serve(struct sim *s, const struct request *request)
{
    struct sim_event commit = { .kind = SIM_COMMIT,
                                .demand = request->demand,
                                .bits = request->bits };
    struct qw_route path;
    unsigned tries = 0;
    enum outcome outcome = route(s, request, &path, &commit.reservation, &tries);

    if (outcome != ACCEPTED) {
        if (s->is_measuring) {
            count_refusal(s, outcome);
        }
        return QW_OK;
    }
    if (s->is_measuring) {
        s->result->detours += tries > 1;
        s->result->hops += (double)path.hops;
    }
    for (size_t i = 0; i < path.hops; i++) {
        look_at(s, path.link[i]);
    }
    commit.at_s = s->now_s + s->config->hop_s * (double)path.hops;
    return sim_events_push(&s->events, &commit);
}

static qw_err arrive(struct sim *s)
{
    struct request request = { draw_pair(s), draw_bits(s) };
    const struct demand_pairs *pairs = s->config->pairs;

    if (s->is_measuring) {
        s->result->requests++;
        s->result->class_requests[pairs->class[request.demand]]++;
        s->result->offered_bits += request.bits;
        s->result->offered_by_pair[request.demand] += request.bits;
        s->result->offered_worth += request.bits * pairs->demand[request.demand].weight;
    }
    return serve(s, &request);
}

static void commit(struct sim *s, const struct sim_event *event)
{
    const struct demand_pairs *pairs = s->config->pairs;
    qw_err err = qw_stock_commit(s->book, event->reservation);

    qw_assert(err == QW_OK); /* only a cut takes a reservation back, and cancels the event */
    if (s->hit_s[event->demand] >= 0) {
        s->result->first_after_cut_s =
            fmax(s->result->first_after_cut_s, s->now_s - s->hit_s[event->demand]);
        s->hit_s[event->demand] = -1;
    }
    if (s->is_measuring) {
        s->result->accepted++;
        s->result->class_accepted[pairs->class[event->demand]]++;
        s->result->accepted_bits += event->bits;
        s->result->accepted_worth += event->bits * pairs->demand[event->demand].weight;
    }
}

/* Whoever had a key on its way over the link gets its bits back and is served again, by other
 * links: with new pads. */
static qw_err cut(struct sim *s, size_t link)
{
    struct sim_event told = { .at_s = s->now_s + s->config->told_s,
                              .kind = SIM_TOLD,
                              .link = link };
    size_t count = s->events.count; /* what is sent again comes behind, or moves up in the heap */
    size_t hits = 0;
    struct request *again = calloc(count + 1, sizeof *again);
    qw_err err = again == NULL ? QW_ERR_NOMEM : QW_OK;

    sim_links_fill(&s->links, link, s->now_s);
    s->links.link[link].is_cut = true;
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        struct sim_event *event = &s->events.event[i];

        if (event->kind == SIM_COMMIT && qw_stock_uses(s->book, event->reservation, link)) {
            err = qw_stock_release(s->book, event->reservation);
            event->kind = SIM_CANCELLED;
            s->hit_s[event->demand] = s->now_s;
            again[hits++] = (struct request){ event->demand, event->bits };
        }
    }
    s->result->rolled_back += hits;
    for (size_t i = 0; err == QW_OK && i < hits; i++) {
        err = serve(s, &again[i]);
    }
    free(again);
    return err == QW_OK ? sim_events_push(&s->events, &told) : err;
}

static void restore(struct sim *s, size_t link)
{
    sim_links_fill(&s->links, link, s->now_s);
    s->links.link[link].is_cut = false;
    qw_damper_restore(&s->told[link], sim_now_ms(s));
}

static void sample_levels(struct sim *s)
{
    size_t links = s->config->graph->link_count;

    for (size_t i = 0; i < links; i++) {
        int bin = (int)(SIM_HISTOGRAM_BINS * sim_links_level(&s->links, i));

        s->result->histogram[bin < SIM_HISTOGRAM_BINS ? bin : SIM_HISTOGRAM_BINS - 1]++;
    }
    s->seconds_seen++;
}

static qw_err tick(struct sim *s)
{
    for (size_t i = 0; i < s->config->graph->link_count; i++) {
        look_at(s, i);
    }
    if (s->is_measuring) {
        sample_levels(s);
    }
    return sim_events_push(&s->events,
                           &(struct sim_event){ .kind = SIM_TICK, .at_s = s->now_s + 1 });
}

static qw_err handle(struct sim *s, const struct sim_event *event)
{
    switch (event->kind) {
    case SIM_COMMIT:
        commit(s, event);
        return QW_OK;
    case SIM_TICK:
        return tick(s);
    case SIM_SLOT:
        sim_links_plan_slot(&s->links, s->now_s);
        return sim_events_push(
            &s->events,
            &(struct sim_event){ .kind = SIM_SLOT,
                                 .at_s = s->now_s + s->config->topology->switch_slot_s });
    case SIM_CUT:
        return cut(s, event->link);
    case SIM_TOLD:
        if (s->links.link[event->link].is_cut &&
            qw_damper_cut(&s->told[event->link], sim_now_ms(s))) {
            sim_set_cost(s, event->link);
        }
        return QW_OK;
    case SIM_RESTORE:
        restore(s, event->link);
        return QW_OK;
    case SIM_CANCELLED:
        return QW_OK;
    }
    return QW_OK;
}

qw_err network_sim_run(const struct sim_config *config, struct sim_result *result)
{
    struct sim s;
    double next_s;
    qw_err err = sim_state_open(config, result, &s);

    next_s = err == QW_OK ? draw_gap(&s) : 0;
    while (err == QW_OK) {
        bool is_arrival = next_s < s.events.event[0].at_s; /* ticks never end */

        s.now_s = is_arrival ? next_s : s.events.event[0].at_s;
        if (!s.is_measuring && s.now_s >= config->warm_up_s) {
            sim_state_start_measuring(&s);
        }
        if (s.now_s >= s.end_s) {
            break;
        }
        if (is_arrival) {
            err = arrive(&s);
            next_s += draw_gap(&s);
        } else {
            struct sim_event event = sim_events_pop(&s.events);

            err = handle(&s, &event);
        }
    }
    if (err == QW_OK) {
        sim_state_finish(&s);
    }
    sim_state_close(&s);
    return err;
}
