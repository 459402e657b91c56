/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "base/clock.h"
#include "base/prng.h"
#include "bench/bench.h"
#include "json_print.h"
#include "option_value.h"
#include "qkd/relay/mesh.h"

#include <argp.h>
#include <stdio.h>

/* qwave bench relay: keys over a line of nodes in one process, with SIMULATED link keys [Q3]. */

enum {
    KEY_LEN = 32,
    BATCH_KEYS = 1024,
    BATCH_LEN = BATCH_KEYS * KEY_LEN,
    IN_FLIGHT = 4,
    LEASE = 5 << 13,    /* a batch and a little: both ends of 63 hops fit into locked memory */
    CAPACITY = 1 << 17, /* of a stream */
    TIMEOUT_MS = 1000,
    JSON_LEN_MAX = 1024
};

struct arguments {
    long hops, keys, crashes;
    bool as_json;
};

struct figures {
    struct arguments asked;
    struct qw_mesh_report report;
    double relay_s, feed_s; /* of processor time */
    uint64_t pad_bits, tag_bits;
};

static const struct argp_option options[] = {
    { "hops", 'H', "N", 0, "links from end to end, 1 to 63 (default: 32)", 0 },
    { "keys", 'n', "N", 0, "of 256 bits, 1024 to 100000000 (default: 1000000)", 0 },
    { "crashes", 'c', "N", 0, "nodes killed on the way, 0 to 1000000 (default: 0)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'H':
        arguments->hops = option_number(value, 1, QW_MESH_NODES_MAX - 1, state);
        return 0;
    case 'n':
        arguments->keys = option_number(value, BATCH_KEYS, 100000000, state);
        return 0;
    case 'c':
        arguments->crashes = option_number(value, 0, 1000000, state);
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "too many words");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err new_line(uint32_t nodes, struct qw_mesh **mesh)
{
    struct qw_mesh_link links[QW_MESH_NODES_MAX];
    const struct qw_mesh_config config = { .nodes = nodes,
                                           .links = links,
                                           .links_count = nodes - 1,
                                           .source = 0,
                                           .target = nodes - 1,
                                           .batch_len_max = BATCH_LEN,
                                           .batches_max = IN_FLIGHT,
                                           .capacity = CAPACITY,
                                           .lease = LEASE,
                                           .seed = BENCH_SEED,
                                           .timeout_ms = TIMEOUT_MS };

    for (uint32_t i = 0; i + 1 < nodes; i++) {
        links[i] = (struct qw_mesh_link){ i, i + 1 };
    }
    return qw_mesh_new(&config, mesh);
}

/* What the stock carries, several batches on their way at a time. With a victim, one step of it
 * is a crash. */
static qw_err run_stock(struct qw_mesh *mesh, const struct qw_relay_path *path, long victim,
                        struct qw_prng *prng)
{
    uint64_t steps = victim < 0 ? 0 : qw_prng_below(prng, 40 * (uint64_t)path->nodes);
    qw_err err = QW_OK;

    while (err == QW_OK || err == QW_ERR_LIMIT) {
        err = qw_mesh_request(mesh, path, BATCH_KEYS, KEY_LEN);
        if (err == QW_ERR_LIMIT && !qw_mesh_step(mesh)) {
            return QW_OK; /* after a crash: places that only time makes free */
        }
        if (victim >= 0 && steps-- == 0) {
            err = qw_mesh_crash(mesh, (uint32_t)victim);
            victim = -1;
        }
    }
    qw_mesh_run(mesh);
    return err == QW_ERR_EXHAUSTED || err == QW_ERR_CLOSED ? QW_OK : err;
}

/* Crashes are spread evenly over the keys; rounds with one are not timed. */
static qw_err measure(struct qw_mesh *mesh, struct figures *f)
{
    struct qw_relay_path path = { .nodes = (uint8_t)(f->asked.hops + 1) };
    struct qw_prng prng;
    uint64_t timed_keys = 0;
    long crashes = 0;
    qw_err err = QW_OK;

    qw_prng_init(&prng, BENCH_SEED, 1);
    for (uint32_t i = 0; i < path.nodes; i++) {
        path.node[i] = i;
    }
    while (err == QW_OK && timed_keys < (uint64_t)f->asked.keys) {
        uint64_t before = qw_mesh_report(mesh).delivered_keys;
        bool is_due = crashes * f->asked.keys < f->asked.crashes * (long)timed_keys;
        int64_t start_ns = qw_clock_cpu_ns();

        err = qw_mesh_feed(mesh, CAPACITY);
        f->feed_s += (double)(qw_clock_cpu_ns() - start_ns) * 1e-9;
        start_ns = qw_clock_cpu_ns();
        if (err == QW_OK) {
            long victim = is_due ? (long)qw_prng_below(&prng, path.nodes) : -1;

            err = run_stock(mesh, &path, victim, &prng);
        }
        if (is_due) {
            crashes++;
            qw_mesh_wait(mesh, 2 * TIMEOUT_MS);
        } else {
            f->relay_s += (double)(qw_clock_cpu_ns() - start_ns) * 1e-9;
            timed_keys += qw_mesh_report(mesh).delivered_keys - before;
        }
    }
    f->asked.keys = (long)timed_keys;
    f->asked.crashes = crashes;
    return err;
}

static void add_accounts(struct qw_mesh *mesh, struct figures *f)
{
    for (uint32_t i = 0; i < (uint32_t)f->asked.hops; i++) {
        struct qw_hop_account out = qw_hop_account(qw_mesh_hop(mesh, i, i + 1));
        struct qw_hop_account back = qw_hop_account(qw_mesh_hop(mesh, i + 1, i));

        f->pad_bits += out.pad_bits + back.pad_bits;
        f->tag_bits += out.tag_bits + back.tag_bits + out.session_bits + back.session_bits;
    }
}

static double keys_per_s(const struct figures *f)
{
    return (double)f->asked.keys / f->relay_s;
}

static double throughput_gbps(const struct figures *f)
{
    return keys_per_s(f) * 8 * KEY_LEN * (double)f->asked.hops * 1e-9;
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const struct figures *f = self;
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = { { "hops", (uint64_t)f->asked.hops },
                   { "relayed_keys", f->report.delivered_keys },
                   { "timed_keys", (uint64_t)f->asked.keys },
                   { "mismatched", f->report.mismatched_keys },
                   { "reused_pad_bits", f->report.reused_pad_bits },
                   { "crashes", (uint64_t)f->asked.crashes },
                   { "voided_batches", f->report.voided },
                   { "pad_bits", f->pad_bits },
                   { "tag_bits", f->tag_bits },
                   { "seed", BENCH_SEED } };

    qw_json_name(w, "throughput_gbps");
    qw_json_real(w, throughput_gbps(f));
    qw_json_name(w, "keys_per_s_per_core");
    qw_json_real(w, keys_per_s(f));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        qw_json_name(w, counts[i].name);
        qw_json_uint(w, counts[i].value);
    }
    qw_json_name(w, "relay_cpu_s");
    qw_json_real(w, f->relay_s);
    qw_json_name(w, "feed_cpu_s");
    qw_json_real(w, f->feed_s);
    qw_json_name(w, "simulated");
    qw_json_bool(w, true);
    qw_json_name(w, "pools_in_memory"); /* no disk and no sync in the times */
    qw_json_bool(w, true);
}

static void print_text(const struct figures *f)
{
    printf("keys of 256 bits over %ld hops, SIMULATED link keys, pools in memory without sync\n",
           f->asked.hops);
    printf("relayed            %12llu   %ld nodes killed, %llu batches void\n",
           (unsigned long long)f->report.delivered_keys, f->asked.crashes,
           (unsigned long long)f->report.voided);
    printf("end to end         %12.0f keys/s of processor time\n", keys_per_s(f));
    printf("all hops together  %12.2f Gb/s\n", throughput_gbps(f));
    printf("different ends     %12llu keys\n", (unsigned long long)f->report.mismatched_keys);
    printf("pad used twice     %12llu bits\n", (unsigned long long)f->report.reused_pad_bits);
}

int bench_relay(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Relays keys over a line of nodes in this process, one thread, SIMULATED link keys, pools "
        "in "
        "memory without sync. The time of both ends and all nodes counts, that of making link keys "
        "does not.",
        NULL,
        NULL,
        NULL
    };
    struct figures f = { .asked = { .hops = 32, .keys = 1000000 } };
    struct qw_mesh *mesh = NULL;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &f.asked);
    err = new_line((uint32_t)f.asked.hops + 1, &mesh);
    if (err == QW_OK) {
        err = measure(mesh, &f);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave bench: relay: %s\n", qw_err_text(err));
        qw_mesh_free(mesh);
        return EXIT_FAILED;
    }
    f.report = qw_mesh_report(mesh);
    add_accounts(mesh, &f);
    qw_mesh_free(mesh);
    if (!f.asked.as_json) {
        print_text(&f);
    } else if (json_print(JSON_LEN_MAX, write_json, &f) != EXIT_DONE) {
        return EXIT_FAILED;
    }
    return f.report.mismatched_keys == 0 && f.report.reused_pad_bits == 0 ? EXIT_DONE : EXIT_FAILED;
}
