/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/link_schedule.h"

#include "qkd/network/pass.h"
#include "qkd/network/switch_plan.h"

#include <math.h>
#include <stdlib.h>

enum { LINKS_MAX = 64 };

struct scheduled {
    const struct qw_key_link *key;
    size_t neighbour;
    bool leads;
    double filled_s; /* bits are counted up to here */
    double bits;     /* made, and not fetched */
    /* switched */
    bool is_planned;    /* for this slot; at the user: told */
    double on_from_s;   /* after switching and alignment */
    bool is_told, told; /* at the relay: whether the user knows, and what */
    double level;
    uint64_t slots;
    size_t user;                  /* its place among the users of the switch */
    size_t module_first, modules; /* of this relay, among those of all at the switch */
    size_t modules_all;
    /* passes */
    uint64_t passes, clear_passes;
};

struct qw_link_schedule {
    struct qw_link_schedule_config config;
    double now_s;
    int64_t slot;
    uint64_t *passed; /* [pass_count] how many of each have ended; own ones only */
    size_t links;
    struct scheduled link[LINKS_MAX];
};

static struct scheduled *link_to(struct qw_link_schedule *s, size_t neighbour)
{
    size_t i = 0;

    while (i < s->links && s->link[i].neighbour != neighbour) {
        i++;
    }
    qw_assert(i < s->links);
    return &s->link[i];
}

static bool is_of(const struct qw_pass *pass, const struct scheduled *link)
{
    return link->key->kind == QW_KEY_LINK_PASS && pass->satellite == link->key->a &&
           pass->ground == link->key->b;
}

static bool is_led(const struct scheduled *link)
{
    return link->key->kind == QW_KEY_LINK_SWITCHED && link->leads;
}

/* A switched link's place at its switch: users by their numbers, modules by their fibres. */
static void take_place(const struct qw_link_schedule *s, struct scheduled *link)
{
    const struct qw_key_graph *g = s->config.graph;
    const struct qw_topology *t = s->config.topology;

    link->modules = t->fibre[link->key->module].modules;
    for (size_t i = 0; i < g->link_count; i++) {
        const struct qw_key_link *other = &g->link[i];

        if (other->kind != QW_KEY_LINK_SWITCHED || other->via != link->key->via) {
            continue;
        }
        if (other->module == link->key->module) {
            link->user += other->a < link->key->a;
        }
        if (other->a == link->key->a) {
            link->modules_all += t->fibre[other->module].modules;
            link->module_first +=
                other->module < link->key->module ? t->fibre[other->module].modules : 0;
        }
    }
}

static void add_links(struct qw_link_schedule *s, double now_s)
{
    const struct qw_key_graph *g = s->config.graph;

    for (size_t i = g->first[s->config.self]; i < g->first[s->config.self + 1]; i++) {
        struct scheduled *link = &s->link[s->links++];

        *link = (struct scheduled){ .key = &g->link[g->arc[i].link],
                                    .neighbour = g->arc[i].to,
                                    .leads = g->link[g->arc[i].link].b == s->config.self,
                                    .filled_s = now_s,
                                    .on_from_s = INFINITY,
                                    .level = INFINITY };
        if (link->key->kind == QW_KEY_LINK_SWITCHED) {
            take_place(s, link);
        }
    }
}

/* Passes that are over when the node begins are not its own. */
static void begin_passes(struct qw_link_schedule *s, double now_s)
{
    for (size_t i = 0; i < s->config.topology->pass_count; i++) {
        const struct qw_pass *pass = &s->config.topology->pass[i];
        double ended = floor((now_s - pass->start_s - pass->length_s) / pass->every_s) + 1;

        s->passed[i] = ended > 0 ? (uint64_t)ended : 0;
    }
}

qw_err qw_link_schedule_new(const struct qw_link_schedule_config *config, double now_s,
                            struct qw_link_schedule **schedule)
{
    const struct qw_key_graph *g = config->graph;
    struct qw_link_schedule *s;

    if (g->first[config->self + 1] - g->first[config->self] > LINKS_MAX) {
        return QW_ERR_ARG;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    s->passed = calloc(config->topology->pass_count + 1, sizeof *s->passed);
    if (s->passed == NULL) {
        free(s);
        return QW_ERR_NOMEM;
    }
    s->config = *config;
    s->now_s = now_s;
    s->slot = INT64_MIN;
    add_links(s, now_s);
    begin_passes(s, now_s);
    *schedule = s;
    return QW_OK;
}

void qw_link_schedule_free(struct qw_link_schedule *schedule)
{
    if (schedule != NULL) {
        free(schedule->passed);
        free(schedule);
    }
}

void qw_link_schedule_level(struct qw_link_schedule *schedule, size_t neighbour, double level)
{
    link_to(schedule, neighbour)->level = level;
}

static double made_between(const struct qw_link_schedule *s, const struct scheduled *link,
                           double from_s, double to_s)
{
    double bits = 0;

    switch (link->key->kind) {
    case QW_KEY_LINK_FIBRE:
        return link->key->rate_bps * (to_s - from_s);
    case QW_KEY_LINK_SWITCHED:
        return link->key->rate_bps * fmax(0, to_s - fmax(from_s, link->on_from_s));
    case QW_KEY_LINK_PASS:
        for (size_t i = 0; i < s->config.topology->pass_count; i++) {
            const struct qw_pass *pass = &s->config.topology->pass[i];

            bits += is_of(pass, link) ? qw_pass_bits(pass, i, s->config.seed, from_s, to_s) : 0;
        }
        return bits;
    }
    return 0;
}

static void fill(const struct qw_link_schedule *s, struct scheduled *link, double now_s)
{
    if (now_s > link->filled_s) {
        link->bits += made_between(s, link, link->filled_s, now_s);
        link->filled_s = now_s;
    }
}

static void set_on(const struct qw_link_schedule *s, struct scheduled *link, bool is_on,
                   double dead_s)
{
    fill(s, link, s->now_s);
    link->is_planned = is_on;
    link->on_from_s = is_on ? s->now_s + dead_s : INFINITY;
}

/* A user's module is one relay's in each slot, so that no two relays want it: they take turns, each
 * as often as it has modules [X2]. */
static bool is_ours(const struct qw_link_schedule *s, const struct scheduled *link)
{
    int64_t all = (int64_t)link->modules_all;
    size_t turn = (size_t)(((s->slot + (int64_t)link->user) % all + all) % all);

    return turn >= link->module_first && turn - link->module_first < link->modules;
}

/* This relay's modules at one switch, for the slot that begins. */
static void plan_switch(struct qw_link_schedule *s, size_t via)
{
    const struct qw_topology *t = s->config.topology;
    struct qw_switch_plan plan = { .ports = 1, .keep = t->switch_dead_s / t->switch_slot_s };
    struct scheduled *user[LINKS_MAX];
    double level[LINKS_MAX];
    size_t changed;

    for (size_t i = 0; i < s->links; i++) {
        struct scheduled *link = &s->link[i];

        if (is_led(link) && link->key->via == via) {
            plan.modules[0] = (unsigned)link->modules;
            plan.port[plan.users] = link->is_planned ? 0 : QW_SWITCH_NONE;
            level[plan.users] = is_ours(s, link) ? link->level : INFINITY;
            user[plan.users++] = link;
        }
    }
    qw_switch_plan_next(&plan, level, &changed);
    for (size_t i = 0; i < plan.users; i++) {
        bool is_on = plan.port[i] != QW_SWITCH_NONE;

        if (is_on != user[i]->is_planned) {
            set_on(s, user[i], is_on, t->switch_dead_s);
        }
        user[i]->slots += is_on;
    }
}

static void end_passes(struct qw_link_schedule *s)
{
    for (size_t i = 0; i < s->config.topology->pass_count; i++) {
        const struct qw_pass *pass = &s->config.topology->pass[i];

        while (pass->start_s + (double)s->passed[i] * pass->every_s + pass->length_s <= s->now_s) {
            for (size_t j = 0; j < s->links; j++) {
                if (is_of(pass, &s->link[j])) {
                    s->link[j].passes++;
                    s->link[j].clear_passes +=
                        qw_pass_is_clear(pass, i, s->config.seed, s->passed[i]);
                }
            }
            s->passed[i]++;
        }
    }
}

bool qw_link_schedule_turn(struct qw_link_schedule *schedule, double now_s)
{
    struct qw_link_schedule *s = schedule;
    int64_t slot;
    bool is_new;

    s->now_s = fmax(s->now_s, now_s);
    slot = (int64_t)floor(s->now_s / s->config.topology->switch_slot_s);
    is_new = slot != s->slot;
    s->slot = slot;
    end_passes(s);
    for (size_t node = 0; is_new && node < s->config.topology->node_count; node++) {
        if (s->config.topology->node[node].kind == QW_NODE_KIND_SWITCH) {
            plan_switch(s, node);
        }
    }
    return is_new;
}

static bool is_lit(const struct qw_link_schedule *s, const struct scheduled *link)
{
    return link->is_planned && s->now_s >= link->on_from_s;
}

bool qw_link_schedule_tell(struct qw_link_schedule *schedule, size_t neighbour, bool *is_joined)
{
    struct scheduled *link = link_to(schedule, neighbour);
    bool is_on = is_lit(schedule, link);

    if (!is_led(link) || (link->is_told && link->told == is_on)) {
        return false;
    }
    link->is_told = true;
    link->told = is_on;
    *is_joined = is_on;
    return true;
}

qw_err qw_link_schedule_told(struct qw_link_schedule *schedule, size_t neighbour, bool is_joined,
                             double now_s)
{
    struct scheduled *link = link_to(schedule, neighbour);

    if (link->key->kind != QW_KEY_LINK_SWITCHED || link->leads) {
        return QW_ERR_FORMAT;
    }
    schedule->now_s = fmax(schedule->now_s, now_s);
    if (is_joined != link->is_planned) {
        set_on(schedule, link, is_joined, 0);
    }
    return QW_OK;
}

void qw_link_schedule_forget(struct qw_link_schedule *schedule, size_t neighbour, double now_s)
{
    struct scheduled *link = link_to(schedule, neighbour);

    link->is_told = false;
    if (link->key->kind == QW_KEY_LINK_SWITCHED && !link->leads && link->is_planned) {
        schedule->now_s = fmax(schedule->now_s, now_s);
        set_on(schedule, link, false, 0);
    }
}

double qw_link_schedule_bits(struct qw_link_schedule *schedule, size_t neighbour, double now_s)
{
    struct scheduled *link = link_to(schedule, neighbour);
    double bits;

    fill(schedule, link, now_s);
    bits = link->bits;
    link->bits = 0;
    return bits;
}

/* Until a pass of the link begins next, whether one is under way, and what a clear one brings. */
static void look_at_passes(const struct qw_link_schedule *s, const struct scheduled *link,
                           struct qw_link_when *when)
{
    when->is_joined = false;
    for (size_t i = 0; i < s->config.topology->pass_count; i++) {
        const struct qw_pass *pass = &s->config.topology->pass[i];
        double wait_s = pass->start_s + (double)s->passed[i] * pass->every_s - s->now_s;

        if (is_of(pass, link)) {
            when->is_joined = when->is_joined || wait_s <= 0;
            when->next_s = fmin(when->next_s, wait_s > 0 ? wait_s : wait_s + pass->every_s);
            when->pass_bits = fmax(when->pass_bits, pass->peak_bps * pass->length_s / 2);
        }
    }
}

struct qw_link_when qw_link_schedule_when(const struct qw_link_schedule *schedule, size_t neighbour)
{
    const struct scheduled *link = NULL;
    struct qw_link_when when;

    for (size_t i = 0; i < schedule->links; i++) {
        link = schedule->link[i].neighbour == neighbour ? &schedule->link[i] : link;
    }
    qw_assert(link != NULL);
    when = (struct qw_link_when){ .kind = link->key->kind,
                                  .via = link->key->via,
                                  .leads = link->leads,
                                  .is_planned = link->is_planned,
                                  .is_joined = true,
                                  .slots = link->slots,
                                  .passes = link->passes,
                                  .clear_passes = link->clear_passes,
                                  .next_s = INFINITY };
    if (link->key->kind == QW_KEY_LINK_SWITCHED) {
        when.is_joined = is_lit(schedule, link);
    } else if (link->key->kind == QW_KEY_LINK_PASS) {
        look_at_passes(schedule, link, &when);
    }
    return when;
}
