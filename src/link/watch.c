/* SPDX-License-Identifier: Apache-2.0 */
/* What both ends look after by themselves, whoever else is away: the hard lifetime of the key in
 * use, and what other hands do at the sink [docs/protocol/link-control.md, L13 and L14]. */
#include "link/association_inside.h"

enum { LOOK_EVERY_MS_MAX = 5000 }; /* at a sink, however seldom agents speak */

/* The rotation is so far that the new key is in use here. */
static bool has_switched(const struct qw_link_association *a)
{
    return a->record.state == QW_LINK_RETIRE ||
           (a->record.state == QW_LINK_PROMOTE && a->config.role == QW_LINK_RESPONDER);
}

/* A new key that waits is still accepted by itself: the peer may come back and go on with it. */
static void stop_traffic(struct qw_link_association *a)
{
    const struct qw_key_sink *sink = &a->config.sink;
    qw_err err = sink->block(sink->self);

    a->is_blocked = err == QW_OK; /* else again at the next look */
    if (err != QW_OK) {
        qw_link_alarm(a, "the key is over its hard lifetime, and cannot be stopped: %s",
                      qw_link_sink_trouble(a, err));
    } else if (a->record.has_other) {
        err = sink->prepare(sink->self, NULL, &a->record.other);
        if (err != QW_OK) {
            qw_link_alarm(a, "the key cannot be set here: %s", qw_link_sink_trouble(a, err));
        }
    }
}

/* L13: a rotation that waits for its peer holds up no hard lifetime. */
void qw_link_watch_lifetime(struct qw_link_association *a, int64_t now_ms)
{
    bool is_closed = !a->config.fails_open;

    if ((!a->record.has_key && !has_switched(a)) || now_ms - a->since_ms < a->config.hard_ms) {
        return;
    }
    if (is_closed && has_switched(a)) {
        qw_err err = qw_link_finish(a, now_ms);

        if (err != QW_OK) {
            qw_link_alarm(a, "a rotation cannot be ended: %s", qw_link_sink_trouble(a, err));
            return;
        }
    }
    if (!a->is_overdue) {
        a->is_overdue = true;
        (void)qw_link_draft(a);
        if (qw_link_commit(a, QW_LINK_EXPIRED) != QW_OK) {
            qw_link_alarm(a, "the state cannot be written");
        }
        qw_link_alarm(a, "the key is over its hard lifetime: %s",
                      a->config.fails_open ? "it goes on, as the policy says" : "traffic stops");
    }
    if (is_closed && !a->is_blocked) {
        stop_traffic(a);
    }
}

/* With the words to the peer, or more often than those. */
static int64_t next_look(const struct qw_link_association *a, int64_t now_ms)
{
    int64_t beat_ms = qw_link_next_beat(a, now_ms);

    return beat_ms < now_ms + LOOK_EVERY_MS_MAX ? beat_ms : now_ms + LOOK_EVERY_MS_MAX;
}

/* L14 */
void qw_link_watch_sink(struct qw_link_association *a, int64_t now_ms)
{
    const struct qw_key_sink *sink = &a->config.sink;
    const char *undone;
    qw_err err;

    if (sink->keep == NULL || now_ms < a->look_at_ms) {
        return;
    }
    err = sink->keep(sink->self);
    a->look_at_ms = next_look(a, now_ms);
    a->is_away = err != QW_OK && err != QW_ERR_CONFLICT;
    undone = err == QW_OK ? NULL : qw_link_sink_trouble(a, err);
    if (undone != NULL && (undone != a->undone || a->alarm[0] == '\0')) {
        qw_link_alarm(a, "%s: %s", sink->kind, undone);
    }
    a->undone = undone;
}
