/* SPDX-License-Identifier: Apache-2.0 */
/* The users that a set of ports can serve together are a matroid: taking them one by one, emptiest
 * first, each if there is still room after others have moved to other ports, gives the best set. */
#include "qkd/network/switch_plan.h"

#include <math.h>
#include <stdbool.h>

struct matching {
    const struct qw_switch_plan *plan;
    const double *level;
    int port[QW_SWITCH_USERS_MAX];
    unsigned used[QW_SWITCH_PORTS_MAX];
    bool is_tried[QW_SWITCH_PORTS_MAX];
};

static double level_of(const struct matching *m, size_t user, size_t port)
{
    double level = m->level[user * m->plan->ports + port];

    return m->plan->port[user] == (int)port ? level - m->plan->keep : level;
}

/* The emptiest of the ports that were not tried; NONE: there is none left. */
static int next_port(const struct matching *m, size_t user)
{
    int best = QW_SWITCH_NONE;

    for (size_t i = 0; i < m->plan->ports; i++) {
        if (!m->is_tried[i] && !isinf(level_of(m, user, i)) && m->plan->modules[i] > 0 &&
            (best == QW_SWITCH_NONE || level_of(m, user, i) < level_of(m, user, (size_t)best))) {
            best = (int)i;
        }
    }
    return best;
}

/* Gives the user a port, moving others on when theirs is full. */
static bool join(struct matching *m, size_t user)
{
    for (int port = next_port(m, user); port != QW_SWITCH_NONE; port = next_port(m, user)) {
        m->is_tried[port] = true;
        if (m->used[port] < m->plan->modules[port]) {
            m->used[port]++;
            m->port[user] = port;
            return true;
        }
        for (size_t other = 0; other < m->plan->users; other++) {
            if (other != user && m->port[other] == port && join(m, other)) {
                m->port[user] = port; /* the other has taken a module elsewhere and left this one */
                return true;
            }
        }
    }
    return false;
}

static double lowest_level(const struct matching *m, size_t user)
{
    double lowest = INFINITY;

    for (size_t i = 0; i < m->plan->ports; i++) {
        lowest = fmin(lowest, level_of(m, user, i));
    }
    return lowest;
}

static void sort_by_level(const struct matching *m, size_t order[static QW_SWITCH_USERS_MAX])
{
    double key[QW_SWITCH_USERS_MAX];

    for (size_t i = 0; i < m->plan->users; i++) {
        double level = lowest_level(m, i);
        size_t at = i;

        for (; at > 0 && key[at - 1] > level; at--) {
            key[at] = key[at - 1];
            order[at] = order[at - 1];
        }
        key[at] = level;
        order[at] = i;
    }
}

void qw_switch_plan_next(struct qw_switch_plan *plan, const double *level, size_t *changed)
{
    struct matching m = { .plan = plan, .level = level };
    size_t order[QW_SWITCH_USERS_MAX];
    size_t moved = 0;

    qw_assert(plan->users <= QW_SWITCH_USERS_MAX && plan->ports <= QW_SWITCH_PORTS_MAX);
    for (size_t i = 0; i < plan->users; i++) {
        m.port[i] = QW_SWITCH_NONE;
    }
    sort_by_level(&m, order);
    for (size_t i = 0; i < plan->users; i++) {
        for (size_t j = 0; j < plan->ports; j++) {
            m.is_tried[j] = false;
        }
        (void)join(&m, order[i]);
    }
    for (size_t i = 0; i < plan->users; i++) {
        moved += m.port[i] != QW_SWITCH_NONE && m.port[i] != plan->port[i];
        plan->port[i] = m.port[i];
    }
    *changed = moved;
}
