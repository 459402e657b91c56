/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/network/network_report.h"

#include <math.h>
#include <stdio.h>

static const char *const class_names[] = { "bronze", "silver", "gold" };

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double of_bound(const struct network_row *row)
{
    return share(row->sim.accepted_worth, row->bound.upper);
}

static void print_row(const struct network_report *report, const struct network_row *row)
{
    const struct sim_result *r = &row->sim;
    double seconds = report->options->seconds;

    printf("%5.2f %11.0f %11.0f %9.4f %9.4f %9llu %8.3f %7.3f %7.3f %7.3f %6.1f %8.3f\n", row->load,
           r->offered_bits / seconds, r->accepted_bits / seconds, of_bound(row),
           share(row->bound.lower, row->bound.upper), (unsigned long long)r->requests,
           100 * (1 - share((double)r->accepted, (double)r->requests)),
           100 * share((double)r->refused_price, (double)r->requests),
           100 * share((double)r->refused_stock, (double)r->requests),
           100 * share((double)r->refused_path, (double)r->requests),
           share(r->hops, (double)r->accepted), 100 * r->empty_share);
}

static void print_failures(const struct network_row *row)
{
    printf(
        "cuts at load %.2f: %llu keys on their way were rolled back and sent again, %llu detours; "
        "longest from a cut to the next key of a pair it hit: %.1f ms\n",
        row->load, (unsigned long long)row->sim.rolled_back, (unsigned long long)row->sim.detours,
        1000 * row->sim.first_after_cut_s);
}

static void print_levels(const struct network_row *row)
{
    printf("pools at load %.2f, share of links by level 0.0, 0.1, ... 0.9:", row->load);
    for (size_t i = 0; i < SIM_HISTOGRAM_BINS; i++) {
        printf(" %.3f", row->sim.histogram[i]);
    }
    printf("\n");
}

static void print_classes(const struct network_row *row)
{
    printf("refused at load %.2f:", row->load);
    for (size_t i = 0; i < 3; i++) {
        printf(" %s %.3f %%", class_names[i],
               100 * (1 - share((double)row->sim.class_accepted[i],
                                (double)row->sim.class_requests[i])));
    }
    printf("\n");
}

void network_report_print(const struct network_report *report)
{
    const struct network_options *o = report->options;

    printf("%s, simulated: %zu nodes, %zu links that make key, %zu %s, seed %llu\n"
           "requests: Poisson, geometric sizes of %u keys on average; %.0f s after %.0f s\n",
           report->topology->name, report->topology->node_count, report->graph->link_count,
           report->pairs, o->has_classes ? "pairs x classes" : "pairs", (unsigned long long)o->seed,
           o->mean_keys, o->seconds, o->warm_up_s);
    if (report->max_flow_bps > 0) {
        printf("maximum flow between %s and %s: %.0f bit/s\n", o->from, o->to,
               report->max_flow_bps);
    }
    printf("\n%5s %11s %11s %9s %9s %9s %8s %7s %7s %7s %6s %8s\n", "load", "offer_bps",
           "served_bps", "of_bound", "plan", "requests", "refus_%", "price_%", "stock_%", "path_%",
           "hops", "empty_%");
    for (size_t i = 0; i < report->rows; i++) {
        print_row(report, &report->row[i]);
    }
    printf(
        "\nof_bound: served, of the most that anybody could have served of it; plan: a plan that "
        "proves so much of that bound\n");
    for (size_t i = 0; i < report->rows; i++) {
        print_levels(&report->row[i]);
        if (o->has_classes) {
            print_classes(&report->row[i]);
        }
        if (o->failure_count > 0) {
            print_failures(&report->row[i]);
        }
    }
}

static void write_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value);
}

static void write_text(struct qw_json_writer *w, const char *name, const char *value)
{
    qw_json_name(w, name);
    qw_json_text(w, value);
}

static void write_classes(struct qw_json_writer *w, const struct sim_result *r)
{
    qw_json_name(w, "blocking_by_class");
    qw_json_object_begin(w);
    for (size_t i = 0; i < 3; i++) {
        write_real(w, class_names[i],
                   1 - share((double)r->class_accepted[i], (double)r->class_requests[i]));
    }
    qw_json_object_end(w);
}

static void write_worst(struct qw_json_writer *w, const struct network_report *report,
                        const struct sim_result *r)
{
    const struct qw_key_link *link = &report->graph->link[r->worst_link];

    qw_json_name(w, "worst_link");
    qw_json_object_begin(w);
    write_text(w, "from", report->topology->node[link->a].id);
    write_text(w, "to", report->topology->node[link->b].id);
    write_real(w, "time_without_key_share", r->worst_empty_share);
    qw_json_object_end(w);
}

static void write_row(struct qw_json_writer *w, const struct network_report *report,
                      const struct network_row *row)
{
    const struct sim_result *r = &row->sim;
    double seconds = report->options->seconds;

    qw_json_object_begin(w);
    write_real(w, "load", row->load);
    write_real(w, "offered_bps", r->offered_bits / seconds);
    write_real(w, "accepted_bps", r->accepted_bits / seconds);
    write_real(w, "accepted_worth_per_s", r->accepted_worth / seconds);
    write_real(w, "bound_worth_per_s", row->bound.upper / seconds);
    write_real(w, "plan_worth_per_s", row->bound.lower / seconds);
    write_real(w, "accepted_of_bound", of_bound(row));
    write_real(w, "bound_gap", 1 - share(row->bound.lower, row->bound.upper));
    write_uint(w, "requests", r->requests);
    write_uint(w, "accepted", r->accepted);
    write_real(w, "blocking", 1 - share((double)r->accepted, (double)r->requests));
    write_uint(w, "refused_price", r->refused_price);
    write_uint(w, "refused_stock", r->refused_stock);
    write_uint(w, "refused_path", r->refused_path);
    write_uint(w, "detours", r->detours);
    write_uint(w, "rolled_back", r->rolled_back);
    write_real(w, "first_key_after_cut_ms", 1000 * r->first_after_cut_s);
    write_real(w, "mean_hops", share(r->hops, (double)r->accepted));
    write_real(w, "time_without_key_share", r->empty_share);
    write_worst(w, report, r);
    write_real(w, "switch_dead_s", r->dead_s);
    write_classes(w, r);
    qw_json_name(w, "pool_level_histogram");
    qw_json_array_begin(w);
    for (size_t i = 0; i < SIM_HISTOGRAM_BINS; i++) {
        qw_json_real(w, r->histogram[i]);
    }
    qw_json_array_end(w);
    qw_json_object_end(w);
}

void network_report_write(struct qw_json_writer *w, const void *self)
{
    const struct network_report *report = self;
    const struct network_options *o = report->options;

    write_text(w, "topology", report->topology->name);
    qw_json_name(w, "simulated");
    qw_json_bool(w, true);
    write_uint(w, "seed", o->seed);
    write_uint(w, "nodes", report->topology->node_count);
    write_uint(w, "key_links", report->graph->link_count);
    write_uint(w, "pairs", report->pairs);
    write_text(w, "arrivals", "Poisson");
    write_text(w, "sizes", "geometric");
    write_uint(w, "mean_request_bits", 256 * (uint64_t)o->mean_keys);
    write_real(w, "seconds_s", o->seconds);
    write_real(w, "warm_up_s", o->warm_up_s);
    if (report->max_flow_bps > 0) {
        write_real(w, "max_flow_bps", report->max_flow_bps);
    }
    qw_json_name(w, "rows");
    qw_json_array_begin(w);
    for (size_t i = 0; i < report->rows; i++) {
        write_row(w, report, &report->row[i]);
    }
    qw_json_array_end(w);
}
