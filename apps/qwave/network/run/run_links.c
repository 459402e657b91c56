/* SPDX-License-Identifier: Apache-2.0 */
/* The QKD links of a run: for each, its light, Bob's end and Alice's end as processes, which give
 * their keys to the nodes they stand beside. Light is SIMULATED. */
#define _POSIX_C_SOURCE 200809L
#include "network/run/run.h"

#include "base/clock.h"
#include "qkd/auth_pool_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The pool: a few hundred tags; the keys of the link refill it. */
enum { READY_MS = 20000, AGAIN_MS = 500, TEXT_CAP = 32, AUTH_POOL_LEN = 1 << 12 };
static const double fibre_db_per_km = 0.2; /* of qwave qkd optics */
static const double km_max = 500;

/* Alice stands beside the first node of the link. */
static const struct qw_key_link *of(const struct run *run, size_t link)
{
    return &run->graph->link[link];
}

static qw_err start_light(struct run *run, size_t link, const char *log, char port[static TEXT_CAP])
{
    double km = of(run, link)->loss_db / fibre_db_per_km;
    char km_text[TEXT_CAP];
    char light[RUN_FILE_CAP];
    bool is_switched = of(run, link)->kind == QW_KEY_LINK_SWITCHED;
    char *argv[] = { "qwave",  "qkd",
                     "optics", "--port",
                     "0",      "--distance-km",
                     km_text,  is_switched ? "--switch" : NULL,
                     light,    NULL };
    struct child *child = &run->link[link].child[RUN_LIGHT];
    qw_err err;

    run_link_file(of(run, link)->a, of(run, link)->b, "light", light);

    (void)snprintf(km_text, sizeof km_text, "%.3f", km < km_max ? km : km_max);
    err = child_start("qwave", argv, log, child);
    return err == QW_OK ? child_wait_ready(child, READY_MS, port, TEXT_CAP) : err;
}

/* port: of the discussion; Bob's is written there. */
static qw_err start_end(struct run *run, size_t link, enum run_link_process process,
                        const char *log, char *light, char port[static TEXT_CAP])
{
    bool is_bob = process == RUN_BOB;
    size_t node = is_bob ? of(run, link)->b : of(run, link)->a;
    size_t neighbour = is_bob ? of(run, link)->a : of(run, link)->b;
    char pool[RUN_FILE_CAP];
    char socket[RUN_FILE_CAP];
    char name[RUN_FILE_CAP];
    char *argv[] = { "qwave",
                     "qkd",
                     is_bob ? "bob" : "alice",
                     "--pool",
                     pool,
                     "--port",
                     is_bob ? "0" : port,
                     "--optics-port",
                     light,
                     "--centre",
                     socket,
                     "--link",
                     name,
                     "--frame-bits",
                     "250000",
                     "--secrecy",
                     "6",
                     "--blocks",
                     "1000000",
                     "--pause",
                     "100",
                     NULL };
    struct child *child = &run->link[link].child[process];
    qw_err err;

    run_link_file(node, neighbour, "auth", pool);
    run_link_file(node, neighbour, "feed", socket);
    (void)snprintf(name, sizeof name, "%zu-%zu", node < neighbour ? node : neighbour,
                   node < neighbour ? neighbour : node);
    err = child_start("qwave", argv, log, child);
    return err == QW_OK && is_bob ? child_wait_ready(child, READY_MS, port, TEXT_CAP) : err;
}

static void stop(struct run_link *link)
{
    for (size_t i = RUN_LINK_PROCESSES; i > 0; i--) {
        child_stop(&link->child[i - 1]);
    }
}

static qw_err start(struct run *run, size_t link)
{
    char log[RUN_FILE_CAP];
    char light[TEXT_CAP];
    char port[TEXT_CAP];
    qw_err err;

    run_link_file(of(run, link)->a, of(run, link)->b, "qkd", log);
    err = start_light(run, link, log, light);
    if (err == QW_OK) {
        err = start_end(run, link, RUN_BOB, log, light, port);
    }
    return err == QW_OK ? start_end(run, link, RUN_ALICE, log, light, port) : err;
}

qw_err run_links_charge(const struct run *run)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->graph->link_count; i++) {
        char one[RUN_FILE_CAP];
        char other[RUN_FILE_CAP];

        run_link_file(of(run, i)->a, of(run, i)->b, "auth", one);
        run_link_file(of(run, i)->b, of(run, i)->a, "auth", other);
        (void)unlink(one); /* of an earlier run: as good as used up */
        (void)unlink(other);
        err = qw_qkd_pool_file_charge(one, other, AUTH_POOL_LEN);
    }
    return err;
}

qw_err run_links_start(struct run *run)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->graph->link_count; i++) {
        err = start(run, i);
    }
    return err;
}

static bool is_whole(struct run_link *link)
{
    for (size_t i = 0; i < RUN_LINK_PROCESSES; i++) {
        if (!child_is_running(&link->child[i])) {
            return false;
        }
    }
    return true;
}

qw_err run_links_keep(struct run *run)
{
    int64_t now_ms = qw_clock_monotonic_ms();
    qw_err err = QW_OK;

    for (size_t i = 0; run->link != NULL && err == QW_OK && i < run->graph->link_count; i++) {
        struct run_link *link = &run->link[i];

        if (now_ms < link->again_at_ms || is_whole(link)) {
            continue;
        }
        fprintf(stderr, "qwave network: QKD link %zu-%zu ended and is started again\n",
                of(run, i)->a, of(run, i)->b);
        stop(link); /* an end alone is of no use */
        link->restarts++;
        link->again_at_ms = now_ms + AGAIN_MS;
        err = start(run, i);
        if (err == QW_ERR_CLOSED || err == QW_ERR_TIMEOUT) {
            err = QW_OK; /* once more, later */
        }
    }
    return err;
}

void run_links_stop(struct run *run)
{
    for (size_t i = 0; run->link != NULL && i < run->graph->link_count; i++) {
        stop(&run->link[i]);
    }
}

bool run_link_kill_end(struct run *run, size_t node, size_t neighbour)
{
    size_t link = qw_key_graph_find(run->graph, node, neighbour);
    struct child *child = &run->link[link].child[of(run, link)->a == node ? RUN_ALICE : RUN_BOB];

    return child_is_running(child) && kill(child->pid, SIGKILL) == 0;
}
