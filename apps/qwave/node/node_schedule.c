/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node_schedule.h"

#include "base/clock.h"
#include "node/node_light.h"
#include "node/node_routing.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FEED_MS = 200,   /* each time costs a sync of the disk */
    MEET_LEN = 4096, /* that a link makes without its schedule, so that a hop can come up again */
    VIA_CAP = QW_NODE_ID_CAP + 8
};

/* Goes on by the monotonic clock: the other may be set back. */
static double clock_s(const struct node *node, int64_t now_ms)
{
    const struct node_schedule *s = node->schedule;

    return s->from_s + (double)(now_ms - s->from_ms) * 1e-3 * node->settings.time_scale;
}

static qw_err open_file(struct node *node)
{
    int fd;

    if (node->settings.schedule_file[0] == '\0') {
        return QW_OK;
    }
    fd = open(node->settings.schedule_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    node->schedule->file = fd < 0 ? NULL : fdopen(fd, "a");
    if (node->schedule->file == NULL && fd >= 0) {
        close(fd);
    }
    if (node->schedule->file == NULL) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: cannot be written",
                     node->settings.schedule_file);
        return QW_ERR_IO;
    }
    return QW_OK;
}

/* Whether keys come by the schedule: simulated ones, or of a QKD link behind a switch. */
static bool is_scheduled(const struct node_link *link, enum qw_key_link_kind kind)
{
    return link->feed == NULL || kind == QW_KEY_LINK_SWITCHED;
}

/* The schedule is for simulated keys and for switches. */
static bool needs_one(const struct node *node)
{
    const struct qw_key_graph *g = node->routing == NULL ? NULL : node->routing->graph;
    size_t self = (size_t)node->settings.node;
    bool is_needed = g != NULL && node->settings.simulated_seed != 0;

    for (size_t i = g == NULL ? 0 : g->first[self]; g != NULL && i < g->first[self + 1]; i++) {
        is_needed = is_needed || g->link[g->arc[i].link].kind == QW_KEY_LINK_SWITCHED;
    }
    return is_needed;
}

/* A link process whose light no switch stops would be on all the time. */
static qw_err check_lights(const struct node *node)
{
    for (size_t i = 0; i < node->links_count; i++) {
        const struct node_link *link = &node->links[i];
        bool is_led = false;

        if (node->schedule != NULL) {
            struct qw_link_when when =
                qw_link_schedule_when(node->schedule->schedule, link->neighbour);

            is_led = when.kind == QW_KEY_LINK_SWITCHED && when.leads;
        }
        if (link->feed != NULL && is_led != (link->light != NULL)) {
            qw_log_write(node->log, QW_LOG_ERROR,
                         is_led ? "lights: the link to %u goes through a switch of this relay"
                                : "lights: the link to %u goes through no switch of this relay",
                         link->neighbour);
            return QW_ERR_ARG;
        }
    }
    return QW_OK;
}

static qw_err open_schedule(struct node *node)
{
    struct qw_link_schedule_config config = { .self = (size_t)node->settings.node,
                                              .seed = (uint64_t)node->settings.simulated_seed };
    struct node_schedule *s;
    qw_err err;

    if (!needs_one(node)) {
        return QW_OK;
    }
    s = node->schedule = calloc(1, sizeof *s);
    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    config.topology = s->topology = node->routing->topology;
    config.graph = node->routing->graph;
    s->from_ms = qw_clock_monotonic_ms();
    s->from_s = (double)(qw_clock_utc_ms() - node->settings.clock_zero_ms) * 1e-3 *
                node->settings.time_scale;
    err = qw_link_schedule_new(&config, s->from_s, &s->schedule);
    return err == QW_OK ? open_file(node) : err;
}

qw_err node_schedule_open(struct node *node)
{
    qw_err err = open_schedule(node);

    return err == QW_OK ? check_lights(node) : err;
}

void node_schedule_close(struct node *node)
{
    if (node->schedule != NULL) {
        if (node->schedule->file != NULL) {
            fclose(node->schedule->file);
        }
        qw_link_schedule_free(node->schedule->schedule);
        free(node->schedule);
        node->schedule = NULL;
    }
}

uint64_t node_schedule_held(const struct node_link *link)
{
    struct qw_node_state out = qw_node_pool_state(link->pool, QW_NODE_OUT);
    struct qw_node_state in = qw_node_pool_state(link->pool, QW_NODE_IN);
    uint64_t held_out = out.end - out.position;
    uint64_t held_in = in.end - in.position;

    return held_out < held_in ? held_out : held_in;
}

static bool is_up(const struct node_link *link)
{
    return qw_hop_status(link->hop) == QW_HOP_UP;
}

/* X1: a user who is not there gets no slot, but for as much as a session needs. */
static double level_for_plan(const struct node_link *link)
{
    bool is_there = !link->is_cut && (is_up(link) || node_schedule_held(link) < MEET_LEN);

    return is_there ? node_routing_level(link) : INFINITY;
}

/* X4 */
static void tell(struct node_link *link)
{
    struct qw_link_schedule *schedule = link->node->schedule->schedule;
    uint8_t message[QW_HOP_FRAME_LEN + 1];
    bool is_joined;

    if (!is_up(link) || !qw_link_schedule_tell(schedule, link->neighbour, &is_joined)) {
        return;
    }
    message[QW_HOP_HEAD_LEN] = is_joined;
    if (qw_hop_seal(link->hop, QW_HOP_JOINED, message, 1, 0, NULL) != QW_OK) {
        qw_link_schedule_forget(schedule, link->neighbour,
                                clock_s(link->node, qw_clock_monotonic_ms())); /* said again */
    }
}

static void write_slot(const struct node_schedule *s, const struct node_link *link)
{
    struct qw_link_when when = qw_link_schedule_when(s->schedule, link->neighbour);

    if (s->file != NULL && when.kind == QW_KEY_LINK_SWITCHED && when.leads && when.is_planned) {
        fprintf(s->file, "slot %u\n", link->neighbour);
    }
}

/* At the ground station: what has passed since the line before, and the bits that it made. */
static void write_passes(struct node_schedule *s, const struct node_link *link,
                         struct node_passes *written)
{
    struct qw_link_when when = qw_link_schedule_when(s->schedule, link->neighbour);

    if (when.kind != QW_KEY_LINK_PASS || !is_scheduled(link, when.kind) ||
        when.passes == written->passes) {
        return;
    }
    if (s->file != NULL && when.leads) {
        fprintf(s->file, "passes %u %llu %llu %.0f\n", link->neighbour,
                (unsigned long long)(when.passes - written->passes),
                (unsigned long long)(when.clear_passes - written->clear_passes), written->bits);
    }
    *written = (struct node_passes){ when.passes, when.clear_passes, 0 };
}

void node_schedule_turn(struct node *node, int64_t now_ms)
{
    struct node_schedule *s = node->schedule;
    bool is_new;

    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < node->links_count; i++) {
        qw_link_schedule_level(s->schedule, node->links[i].neighbour,
                               level_for_plan(&node->links[i]));
    }
    is_new = qw_link_schedule_turn(s->schedule, clock_s(node, now_ms));
    for (size_t i = 0; i < node->links_count; i++) {
        tell(&node->links[i]);
        node_light_turn(&node->links[i],
                        qw_link_schedule_when(s->schedule, node->links[i].neighbour).is_joined,
                        now_ms);
        if (is_new) {
            write_slot(s, &node->links[i]);
        }
        write_passes(s, &node->links[i], &s->written[i]);
    }
    if (s->file != NULL && fflush(s->file) != 0) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: cannot be written",
                     node->settings.schedule_file);
        node->has_failed = true;
    }
}

size_t node_schedule_made_len(struct node_link *link, size_t max)
{
    struct node_schedule *s = link->node->schedule;
    double scale = link->node->settings.simulated_scale;
    int64_t now_ms = qw_clock_monotonic_ms();
    uint64_t held = node_schedule_held(link);
    struct qw_link_when when;
    double bits;
    size_t len;

    if (s == NULL) {
        return max;
    }
    when = qw_link_schedule_when(s->schedule, link->neighbour);
    if (when.kind == QW_KEY_LINK_FIBRE && scale <= 0) {
        return max;
    }
    if (when.kind == QW_KEY_LINK_SWITCHED && !when.leads && !is_up(link) && held < MEET_LEN) {
        return MEET_LEN - (size_t)held; /* X5 */
    }
    if (now_ms - link->fed_ms < FEED_MS) {
        return 0;
    }
    link->fed_ms = now_ms;
    bits = qw_link_schedule_bits(s->schedule, link->neighbour, clock_s(link->node, now_ms)) *
           (scale > 0 ? scale : 1);
    s->written[link - link->node->links].bits += bits;
    link->owed_len += bits / 2 / 8;
    len = link->owed_len < (double)max ? (size_t)link->owed_len : max;
    link->owed_len -= (double)len;
    return len;
}

/* At half the capacity the feed ends. A buffer for passes is larger than what one brings. */
double node_schedule_full_len(const struct node_link *link)
{
    const struct node_schedule *s = link->node->schedule;
    double scale = link->node->settings.simulated_scale;
    double full_len = (double)qw_node_pool_state(link->pool, QW_NODE_OUT).capacity / 2;
    struct qw_link_when when;

    if (s == NULL) {
        return full_len;
    }
    when = qw_link_schedule_when(s->schedule, link->neighbour);
    if (when.kind != QW_KEY_LINK_PASS || !is_scheduled(link, when.kind) || when.pass_bits <= 0) {
        return full_len;
    }
    return fmin(full_len, when.pass_bits * (scale > 0 ? scale : 1) / 2 / 8);
}

void node_schedule_down(struct node_link *link)
{
    struct node_schedule *s = link->node->schedule;

    if (s != NULL) {
        qw_link_schedule_forget(s->schedule, link->neighbour,
                                clock_s(link->node, qw_clock_monotonic_ms()));
    }
}

qw_err node_schedule_take(struct node_link *link, const struct qw_hop_message *message)
{
    struct node_schedule *s = link->node->schedule;
    bool is_right = message->body_len == 1 && message->secret_len == 0 && message->body[0] <= 1;
    bool is_joined = is_right && message->body[0] == 1;

    qw_hop_settle(link->hop);
    if (!is_right || s == NULL) {
        return QW_ERR_FORMAT;
    }
    return qw_link_schedule_told(s->schedule, link->neighbour, is_joined,
                                 clock_s(link->node, qw_clock_monotonic_ms()));
}

static void write_count(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_switched(const struct node_schedule *s, const struct qw_link_when *when,
                           struct qw_json_writer *w)
{
    char via[VIA_CAP];

    (void)snprintf(via, sizeof via, "switch %s", s->topology->node[when->via].id);
    qw_json_name(w, "via");
    qw_json_text(w, via);
    qw_json_name(w, "joined");
    qw_json_bool(w, when->is_joined);
    if (when->leads) {
        write_count(w, "slots", when->slots);
    }
}

void node_schedule_write(const struct node_link *link, struct qw_json_writer *w)
{
    const struct node_schedule *s = link->node->schedule;
    struct qw_link_when when;

    if (s == NULL) {
        return;
    }
    when = qw_link_schedule_when(s->schedule, link->neighbour);
    if (when.kind == QW_KEY_LINK_SWITCHED) {
        write_switched(s, &when, w);
    } else if (when.kind == QW_KEY_LINK_PASS && is_scheduled(link, when.kind)) {
        qw_json_name(w, "pass");
        qw_json_object_begin(w);
        qw_json_name(w, "passing");
        qw_json_bool(w, when.is_joined);
        qw_json_name(w, "next_s");
        qw_json_real(w, when.next_s / link->node->settings.time_scale);
        write_count(w, "passes", when.passes);
        write_count(w, "clear_passes", when.clear_passes);
        qw_json_object_end(w);
    }
}
