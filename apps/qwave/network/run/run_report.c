/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says at its end. */
#include "network/run/run.h"

#include "command.h"
#include "json_print.h"

#include <stdio.h>

enum { JSON_CAP = 1 << 20 };

struct view {
    const struct run *run;
    const struct run_result *result;
};

static void write_number(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static uint64_t p50_ms(const struct run_result *result)
{
    return (uint64_t)result->reroute[result->reroutes / 2].ms;
}

static uint64_t max_ms(const struct run_result *result)
{
    return (uint64_t)result->reroute[result->reroutes - 1].ms;
}

static void write_routes(struct qw_json_writer *w, const struct run_result *result)
{
    qw_json_name(w, "routes");
    qw_json_array_begin(w);
    for (size_t i = 0; i < result->routes; i++) {
        qw_json_object_begin(w);
        qw_json_name(w, "nodes");
        qw_json_text(w, result->route[i].text);
        write_number(w, "keys", result->route[i].keys);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_links(struct qw_json_writer *w, const struct run *run,
                        const struct run_result *result)
{
    write_number(w, "link_blocks_apart", result->link_blocks_apart);
    write_number(w, "link_blocks_repeated", result->link_blocks_repeated);
    write_number(w, "link_start_bits", 8 * 2 * (uint64_t)RUN_START_LEN);
    qw_json_name(w, "qkd_links");
    qw_json_array_begin(w);
    for (size_t i = 0; i < run->graph->link_count; i++) {
        const struct run_link_sum *sum = &result->link[i];

        qw_json_object_begin(w);
        write_number(w, "a", run->graph->link[i].a);
        write_number(w, "b", run->graph->link[i].b);
        write_number(w, "blocks", sum->blocks);
        write_number(w, "secret_bits", sum->bits);
        qw_json_name(w, "qber");
        sum->blocks == 0 ? qw_json_null(w) : qw_json_real(w, sum->errors_ppm / 1e6);
        write_number(w, "restarts", run->link[i].restarts);
        qw_json_name(w, "simulated_light");
        qw_json_bool(w, true);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_switched(struct qw_json_writer *w, const struct run *run,
                           const struct run_result *result)
{
    qw_json_name(w, "switched_links");
    qw_json_array_begin(w);
    for (size_t i = 0; i < run->graph->link_count; i++) {
        const struct qw_key_link *link = &run->graph->link[i];

        if (link->kind == QW_KEY_LINK_SWITCHED) {
            qw_json_object_begin(w);
            write_number(w, "user", link->a);
            write_number(w, "relay", link->b);
            qw_json_name(w, "switch");
            qw_json_text(w, run->topology->node[link->via].id);
            write_number(w, "slots", result->slots[i].slots);
            qw_json_object_end(w);
        }
    }
    qw_json_array_end(w);
}

static void write_passes(struct qw_json_writer *w, const struct run *run,
                         const struct run_result *result)
{
    qw_json_name(w, "pass_links");
    qw_json_array_begin(w);
    for (size_t i = 0; i < run->graph->link_count; i++) {
        const struct qw_key_link *link = &run->graph->link[i];

        if (link->kind == QW_KEY_LINK_PASS) {
            qw_json_object_begin(w);
            write_number(w, "satellite", link->a);
            write_number(w, "ground", link->b);
            write_number(w, "passes", result->slots[i].passes);
            write_number(w, "clear_passes", result->slots[i].clear_passes);
            write_number(w, "bits", (uint64_t)result->slots[i].pass_bits);
            qw_json_object_end(w);
        }
    }
    qw_json_array_end(w);
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const struct view *view = self;
    const struct run *run = view->run;
    const struct run_result *result = view->result;

    qw_json_name(w, "topology");
    qw_json_text(w, run->topology->name);
    write_number(w, "nodes", run->graph->node_count);
    write_number(w, "links", run->graph->link_count);
    qw_json_name(w, "in_one_process");
    qw_json_bool(w, run->options.is_one_process);
    qw_json_name(w, "simulated");
    qw_json_bool(w, true);
    qw_json_name(w, "seconds_s");
    qw_json_real(w, run->played_s);
    write_number(w, "pairs", run->options.pairs);
    write_number(w, "delivered_keys", result->delivered_keys);
    qw_json_name(w, "keys_per_s");
    qw_json_real(w, (double)result->delivered_keys / run->played_s);
    write_number(w, "mismatched_keys", result->mismatched_keys);
    write_number(w, "lost_acknowledged_keys", result->lost_keys);
    write_number(w, "repeated_keys", result->repeated_keys);
    write_number(w, "restarts", run->restarts);
    write_number(w, "rerouted", result->reroutes);
    write_number(w, "not_rerouted", result->not_rerouted);
    qw_json_name(w, "reroute_p50_ms");
    result->reroutes == 0 ? qw_json_null(w) : qw_json_uint(w, p50_ms(result));
    qw_json_name(w, "reroute_max_ms");
    result->reroutes == 0 ? qw_json_null(w) : qw_json_uint(w, max_ms(result));
    qw_json_name(w, "ended_under_way");
    qw_json_bool(w, run->left_under_way);
    write_routes(w, result);
    if (run->options.has_qkd) {
        write_links(w, run, result);
    } else {
        write_passes(w, run, result);
    }
    qw_json_name(w, "time_scale");
    qw_json_real(w, run->options.time_scale);
    write_switched(w, run, result);
}

/* Switches and satellites, by the network's clock. */
static void print_schedule(const struct run *run, const struct run_result *result)
{
    for (size_t i = 0; i < run->graph->link_count; i++) {
        const struct qw_key_link *link = &run->graph->link[i];
        const struct run_link_slots *sum = &result->slots[i];

        if (link->kind == QW_KEY_LINK_SWITCHED) {
            printf("  link %zu-%zu through switch %s, SIMULATED: %llu slots of %g s\n", link->a,
                   link->b, run->topology->node[link->via].id, (unsigned long long)sum->slots,
                   run->topology->switch_slot_s / run->options.time_scale);
        } else if (link->kind == QW_KEY_LINK_PASS && !run->options.has_qkd) {
            printf("  satellite %zu over %zu, SIMULATED: %llu passes, %llu clear, %.0f bits\n",
                   link->a, link->b, (unsigned long long)sum->passes,
                   (unsigned long long)sum->clear_passes, sum->pass_bits);
        }
    }
}

static void print_links(const struct run *run, const struct run_result *result)
{
    for (size_t i = 0; i < run->graph->link_count; i++) {
        const struct run_link_sum *sum = &result->link[i];

        printf("  QKD link %zu-%zu, SIMULATED light: %llu secret bits in %llu blocks, %.2f %% "
               "errors, started again %u times\n",
               run->graph->link[i].a, run->graph->link[i].b, (unsigned long long)sum->bits,
               (unsigned long long)sum->blocks, sum->errors_ppm / 1e4, run->link[i].restarts);
    }
    printf("  %llu blocks at one node only, %llu twice\n",
           (unsigned long long)result->link_blocks_apart,
           (unsigned long long)result->link_blocks_repeated);
}

static void print_text(const struct run *run, const struct run_result *result)
{
    printf("%s: %zu nodes, %zu links, each node a %s; %s\n", run->topology->name,
           run->graph->node_count, run->graph->link_count,
           run->options.is_one_process ? "thread" : "process",
           run->options.has_qkd ? "QKD links over SIMULATED light" : "SIMULATED link keys");
    printf("%llu keys delivered between %zu pairs in %.1f s: %.0f keys/s\n",
           (unsigned long long)result->delivered_keys, run->options.pairs, run->played_s,
           (double)result->delivered_keys / run->played_s);
    printf("%llu differ, %llu acknowledged and lost, %llu twice\n",
           (unsigned long long)result->mismatched_keys, (unsigned long long)result->lost_keys,
           (unsigned long long)result->repeated_keys);
    if (run->options.has_qkd) {
        print_links(run, result);
    }
    print_schedule(run, result);
    for (size_t i = 0; i < result->routes; i++) {
        printf("  %10llu keys over %s\n", (unsigned long long)result->route[i].keys,
               result->route[i].text);
    }
    if (result->reroutes > 0) {
        printf("from a cut to the first key over a new route: %llu ms in the middle, %llu at most "
               "(%zu cases)\n",
               (unsigned long long)p50_ms(result), (unsigned long long)max_ms(result),
               result->reroutes);
    }
    if (result->not_rerouted > 0) {
        printf("%llu pairs got no key after a cut\n", (unsigned long long)result->not_rerouted);
    }
    if (run->restarts > 0) {
        printf("%u nodes were started again\n", run->restarts);
    }
}

int run_report(const struct run *run, const struct run_result *result)
{
    const struct view view = { run, result };
    int status = EXIT_DONE;

    if (run->options.as_json) {
        status = json_print(JSON_CAP, write_json, &view);
    } else {
        print_text(run, result);
    }
    return result->mismatched_keys + result->lost_keys + result->repeated_keys +
                       result->link_blocks_apart + result->link_blocks_repeated >
                   0
               ? EXIT_FAILED
               : status;
}
