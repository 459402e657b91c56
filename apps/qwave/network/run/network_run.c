/* SPDX-License-Identifier: Apache-2.0 */
#include "network/network.h"
#include "network/run/run.h"

#include "base/clock.h"
#include "command.h"

#include <math.h>
#include <stdlib.h>

static volatile sig_atomic_t stop; /* counts signals */

static void on_signal(int number)
{
    (void)number;
    stop = stop < 2 ? stop + 1 : 2;
}

/* Who runs a network of satellites wants to see one pass. */
static void say_when_passes_begin(const struct run *run)
{
    const struct qw_topology *t = run->topology;
    double first_s = INFINITY;

    for (size_t i = 0; i < t->pass_count; i++) {
        first_s = fmin(first_s, t->pass[i].start_s / run->options.time_scale);
    }
    if (t->pass_count > 0 && !run->options.has_qkd) {
        fprintf(stderr, "satellites are SIMULATED; the first passes in %.1f s%s\n", first_s,
                first_s > run->options.seconds ? ": --time-scale makes it sooner" : "");
    }
}

static qw_err play(struct run *run)
{
    qw_err err = run_folder_enter(run);

    if (err == QW_OK) {
        fprintf(stderr, "pools for %zu links and %zu pairs, with SIMULATED %s\n",
                run->graph->link_count, run->options.pairs,
                run->options.has_qkd ? "light" : "keys");
        err = run_pools_charge(run);
    }
    if (err == QW_OK && run->options.has_qkd) {
        err = run_links_charge(run);
    }
    run->clock_zero_ms = qw_clock_utc_ms();
    say_when_passes_begin(run);
    if (err == QW_OK) {
        err = run_nodes_start(run);
    }
    if (err == QW_OK) {
        err = run_console_open(run);
    }
    if (err == QW_OK) {
        err = run_nodes_settle(run);
    }
    if (err == QW_OK && run->options.has_qkd) {
        err = run_links_start(run);
    }
    if (err == QW_OK) {
        fprintf(stderr, "every node knows of every link; %.1f s of load\n", run->options.seconds);
        err = run_play(run);
    }
    run_console_close(run);
    run_links_stop(run);
    run_nodes_stop(run);
    return stop > 1 ? QW_ERR_CLOSED : err;
}

static int play_and_report(struct run *run)
{
    struct run_result result = { 0 };
    qw_err err = play(run);
    int status = qw_exit_of(err);

    if (err == QW_OK) {
        err = run_verify(run, &result);
        status = err == QW_OK ? run_report(run, &result) : qw_exit_of(err);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave network: %s\n", stop ? "stopped" : qw_err_text(err));
    }
    run_result_free(&result);
    run_folder_leave(run);
    return status;
}

int network_run(int argc, char **argv)
{
    struct run *run = calloc(1, sizeof *run);
    int status = EXIT_FAILED;
    qw_err err = QW_OK;

    if (run == NULL) {
        return status;
    }
    run_options_parse(argc, argv, run);
    run->stop = &stop;
    run->node = calloc(run->graph->node_count, sizeof *run->node);
    if (run->options.has_qkd) {
        run->link = calloc(run->graph->link_count, sizeof *run->link);
    }
    if (run_console_resolve(run) && run->node != NULL &&
        (run->link != NULL || !run->options.has_qkd)) {
        if (run->options.pairs == 0) {
            err = run_pairs_choose(run);
        }
        qw_program_stop_on_signals(on_signal);
        status = err == QW_OK ? play_and_report(run) : qw_exit_of(err);
    }
    free(run->link);
    free(run->node);
    qw_key_graph_free(run->graph);
    qw_topology_free(run->topology);
    free(run);
    return status;
}
