/* SPDX-License-Identifier: Apache-2.0 */
/* The load of a run, and what happens to it. */
#define _GNU_SOURCE
#include "network/run/run.h"

#include "base/clock.h"
#include "network/run/run_tell.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

enum { LOOK_MS = 5, FIRST_MS = 30000, DRAIN_MS = 10000 };

static qw_err order_of(struct run *run, size_t node)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->options.pairs; i++) {
        const struct qw_node_command deliver = { .verb = QW_NODE_DELIVER,
                                                 .node = (uint32_t)run->options.pair[i].z,
                                                 .keys = QW_NODE_ORDER_KEYS_MAX,
                                                 .per_second = run->options.pair[i].per_second,
                                                 .class = run->options.pair[i].class,
                                                 .is_two = run->options.pair[i].is_two };

        if (run->options.pair[i].a == node) {
            err = run_tell(node, &deliver, NULL);
        }
    }
    return err;
}

static qw_err set_cut(struct run_fault *fault, bool is_cut)
{
    const struct qw_node_command command = { .verb = is_cut ? QW_NODE_CUT : QW_NODE_MEND,
                                             .node = (uint32_t)fault->b };

    return run_tell(fault->a, &command, NULL);
}

static void begin_fault(struct run *run, struct run_fault *fault)
{
    struct run_node *node = &run->node[fault->a];

    fault->done_ms = qw_clock_monotonic_ms();
    if (fault->kind == RUN_CUT) {
        fault->is_done = set_cut(fault, true) == QW_OK;
    } else if (fault->kind == RUN_KILL_END) {
        fault->is_done = run_link_kill_end(run, fault->a, fault->b);
    } else if (node->child.pid > 0) { /* 0: it is dead already */
        fault->is_done = kill(node->child.pid, SIGKILL) == 0;
    }
}

/* A node that does not answer was killed a moment ago: again, when it is back. */
static void do_faults(struct run *run, double at_s)
{
    for (size_t i = 0; i < run->options.faults; i++) {
        struct run_fault *fault = &run->options.fault[i];

        if (!fault->is_done && at_s >= fault->at_s) {
            begin_fault(run, fault);
        }
        if (fault->kind == RUN_CUT && fault->is_done && !fault->is_mended &&
            at_s >= fault->at_s + fault->length_s) {
            fault->is_mended = set_cut(fault, false) == QW_OK;
        }
    }
}

/* A node that was killed has forgotten which of its links are cut. */
static qw_err cut_again(struct run *run, size_t node)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->options.faults; i++) {
        struct run_fault *fault = &run->options.fault[i];

        if (fault->kind == RUN_CUT && fault->is_done && !fault->is_mended && fault->a == node) {
            err = set_cut(fault, true);
        }
    }
    return err;
}

static qw_err restart_dead(struct run *run)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->graph->node_count; i++) {
        if (!run->node[i].is_on || run_node_is_running(run, i)) {
            continue;
        }
        fprintf(stderr, "qwave network: node %zu (%s) ended and is started again\n", i,
                run->topology->node[i].id);
        run->restarts++;
        run->node[i].restarts++;
        child_stop(&run->node[i].child); /* collects what is left of it */
        err = run_node_start(run, i);
        if (err == QW_OK) {
            err = cut_again(run, i);
        }
        if (err == QW_OK) {
            err = order_of(run, i);
        }
    }
    return err;
}

/* No new batches; those on their way end, or are given up. */
static qw_err drain(struct run *run)
{
    const struct qw_node_command hold = { .verb = QW_NODE_HOLD };
    const struct qw_node_command under_way = { .verb = QW_NODE_UNDER_WAY };
    int64_t deadline_ms = qw_clock_monotonic_ms() + DRAIN_MS;
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->graph->node_count; i++) {
        err = run->node[i].is_on ? run_tell(i, &hold, NULL) : QW_OK;
    }
    for (size_t i = 0; err == QW_OK && i < run->graph->node_count && *run->stop < 2;) {
        size_t left = 0;

        err = run->node[i].is_on ? run_tell(i, &under_way, &left) : QW_OK;
        if (left == 0) {
            i++;
        } else if (qw_clock_monotonic_ms() > deadline_ms) {
            run->left_under_way = true; /* the keys of these are at one end at most */
            return err;
        } else {
            poll(NULL, 0, LOOK_MS);
        }
    }
    return err;
}

static bool has_delivered(size_t node)
{
    struct stat status;
    char path[RUN_FILE_CAP];

    run_file(node, "events", path);
    return stat(path, &status) == 0 && status.st_size > 0;
}

/* What happens at a time happens to a load that flows: until every source has delivered something,
 * or has had time enough to. */
static qw_err wait_for_first(struct run *run)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + FIRST_MS;
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->options.pairs && !*run->stop;) {
        err = run_links_keep(run);
        if (has_delivered(run->options.pair[i].a) || qw_clock_monotonic_ms() > deadline_ms) {
            i++;
        } else {
            poll(NULL, 0, LOOK_MS);
        }
    }
    return err;
}

qw_err run_play(struct run *run)
{
    double at_s = 0;
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->graph->node_count; i++) {
        err = order_of(run, i);
    }
    if (err == QW_OK) {
        err = wait_for_first(run);
    }
    run->start_ms = qw_clock_monotonic_ms();
    while (err == QW_OK && !*run->stop && at_s < run->options.seconds) {
        poll(NULL, 0, LOOK_MS);
        at_s = (double)(qw_clock_monotonic_ms() - run->start_ms) * 1e-3;
        err = restart_dead(run);
        if (err == QW_OK) {
            err = run_links_keep(run);
        }
        if (err == QW_OK) {
            do_faults(run, at_s);
        }
    }
    run->played_s = at_s;
    return err == QW_OK ? drain(run) : err;
}
