/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a run: processes, or threads of this one. */
#define _GNU_SOURCE
#include "network/run/run.h"

#include "base/clock.h"
#include "command.h"
#include "network/run/run_tell.h"
#include "node/node_control.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { READY_MS = 20000, SETTLE_MS = 60000, LOOK_MS = 20, PORT_TEXT_CAP = 16 };

static qw_err start_process(struct run *run, size_t node)
{
    struct run_node *n = &run->node[node];
    char settings[RUN_FILE_CAP];
    char log[RUN_FILE_CAP];
    char port[PORT_TEXT_CAP];
    char *argv[] = { "qwave", "node", "run", "--config", settings, NULL };
    qw_err err;

    run_file(node, "yaml", settings);
    run_file(node, "log", log);
    err = child_start("qwave", argv, log, &n->child);
    if (err == QW_OK) {
        err = child_wait_ready(&n->child, READY_MS, port, sizeof port);
    }
    if (err == QW_OK) {
        n->port = (uint16_t)strtoul(port, NULL, 10);
    }
    return err;
}

static const volatile sig_atomic_t never_stops = 0; /* threads end as asked */

static void *run_thread(void *self)
{
    struct node *node = self;

    if (node_run(node, &never_stops) != QW_OK) {
        node->is_ended = true;
    }
    return NULL;
}

static qw_err start_thread(struct run *run, size_t node)
{
    static const struct qw_log log = { .component = "node", .level = QW_LOG_ERROR };
    struct run_node *n = &run->node[node];
    char settings[RUN_FILE_CAP];
    char error[QW_CONFIG_ERROR_CAP];
    qw_err err;

    run_file(node, "yaml", settings);
    n->node = calloc(1, sizeof *n->node);
    if (n->node == NULL) {
        return QW_ERR_NOMEM;
    }
    n->log = log;
    n->log.stream = stderr;
    n->node->log = &n->log;
    err = node_settings_read(settings, &n->node->settings, error);
    if (err == QW_OK) {
        err = node_open(n->node);
    }
    if (err == QW_OK) {
        err = node_listen(n->node, &n->port);
    }
    if (err == QW_OK) {
        n->has_thread = pthread_create(&n->thread, NULL, run_thread, n->node) == 0;
        err = n->has_thread ? QW_OK : QW_ERR_NOMEM;
    }
    return err;
}

qw_err run_node_start(struct run *run, size_t node)
{
    qw_err err = run_settings_write(run, node);

    if (err == QW_OK) {
        err = run->options.is_one_process ? start_thread(run, node) : start_process(run, node);
    }
    if (err == QW_OK) { /* with its port, for the next time */
        err = run_settings_write(run, node);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave network: node %zu (%s) does not start: %s\n", node,
                run->topology->node[node].id, qw_err_text(err));
    }
    return err;
}

qw_err run_nodes_start(struct run *run)
{
    static const char *const old[] = { "keys", "events", "fed", "control" };
    qw_err err = QW_OK;

    for (size_t i = run->graph->node_count; err == QW_OK && i > 0; i--) {
        struct run_node *n = &run->node[i - 1];

        n->is_on = run->graph->first[i] > run->graph->first[i - 1];
        for (size_t k = 0; k < sizeof old / sizeof old[0]; k++) {
            char path[RUN_FILE_CAP];

            run_file(i - 1, old[k], path);
            (void)unlink(path); /* of the run before this one in the folder */
        }
        err = n->is_on ? run_node_start(run, i - 1) : QW_OK;
        if (*run->stop) {
            return QW_ERR_CLOSED;
        }
    }
    return err;
}

bool run_node_is_running(struct run *run, size_t node)
{
    return run->options.is_one_process || child_is_running(&run->node[node].child);
}

static void stop_threads(struct run *run)
{
    const struct qw_node_command end = { .verb = QW_NODE_END };

    for (size_t i = 0; i < run->graph->node_count; i++) {
        struct run_node *n = &run->node[i];

        if (n->has_thread) {
            (void)!run_tell(i, &end, NULL); /* one that has failed has ended */
            pthread_join(n->thread, NULL);
        }
        if (n->node != NULL) {
            node_close(n->node);
            free(n->node);
            n->node = NULL;
        }
    }
}

void run_nodes_stop(struct run *run)
{
    if (run->options.is_one_process) {
        stop_threads(run);
        return;
    }
    for (size_t i = 0; i < run->graph->node_count;
         i++) { /* all at once, then one after the other */
        if (run->node[i].is_on && child_is_running(&run->node[i].child)) {
            kill(run->node[i].child.pid, SIGTERM);
        }
    }
    for (size_t i = 0; i < run->graph->node_count; i++) {
        child_stop(&run->node[i].child);
    }
}

qw_err run_nodes_settle(struct run *run)
{
    const struct qw_node_command links = { .verb = QW_NODE_LINKS };
    int64_t deadline_ms = qw_clock_monotonic_ms() + SETTLE_MS;

    for (size_t i = 0; i < run->graph->node_count;) {
        size_t up = 0;
        qw_err err = run->node[i].is_on ? run_tell(i, &links, &up) : QW_OK;

        if (*run->stop) {
            return QW_ERR_CLOSED;
        }
        if (err == QW_OK && (up == run->graph->link_count || !run->node[i].is_on)) {
            i++;
            continue;
        }
        if (err != QW_OK || qw_clock_monotonic_ms() > deadline_ms) {
            fprintf(stderr, "qwave network: node %zu knows of %zu links of %zu\n", i, up,
                    run->graph->link_count);
            return err == QW_OK ? QW_ERR_TIMEOUT : err;
        }
        poll(NULL, 0, LOOK_MS);
    }
    return QW_OK;
}
