/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/json_reader.h"
#include "base/clock.h"
#include "bench/bench.h"
#include "bench/link_probe.h"
#include "bench/link_site.h"
#include "json_print.h"
#include "link/desk_line.h"
#include "option_value.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* qwave bench link: how long a change of key takes, what it loses, what an idle agent costs. */

enum { ROTATE_MS = 100, STEADY_MS = 300000, SAMPLES_MAX = 65536, JSON_LEN_MAX = 2048 };

struct arguments {
    long peers, seconds, heartbeat;
    bool as_json;
};

struct figures {
    struct arguments asked;
    size_t far_count;
    uint64_t sent, lost;
    double idle_cpu_share;
    size_t count;
    uint32_t ms[SAMPLES_MAX]; /* a rotation each, in order when all are there */
};

struct run {
    struct link_site ls;
    uint64_t seen[LINK_PEERS_MAX]; /* rotations of each link at the last look */
    size_t steady;                 /* links at the last look */
    char *answer;                  /* [QW_LINK_DESK_ANSWER_MAX] */
};

static const struct argp_option options[] = {
    { "peers", 'p', "N", 0, "links of the measured agent, 1 to 1000 (default: 10)", 0 },
    { "seconds", 's', "S", 0, "with changes, and as many idle, 1 to 3600 (default: 10)", 0 },
    { "heartbeat", 'b', "S", 0, "between two words with a peer, 1 to 3600 (default: 10)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'p':
        arguments->peers = option_number(value, 1, LINK_PEERS_MAX, state);
        return 0;
    case 's':
        arguments->seconds = option_number(value, 1, 3600, state);
        return 0;
    case 'b':
        arguments->heartbeat = option_number(value, 1, 3600, state);
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

/* One link of the status: is it steady, and has it rotated since the last look? */
static void take_link(struct run *run, struct qw_json_reader *r, const struct qw_json_node *link,
                      size_t index, struct figures *f)
{
    uint64_t rotations = 0, ms = 0;
    char state[16] = "";

    qw_json_get_text(r, link, "state", state, 1, sizeof state);
    qw_json_get_uint(r, link, "rotations", 0, UINT32_MAX, &rotations);
    run->steady += strcmp(state, "STEADY") == 0 ? 1 : 0;
    if (!qw_json_ok(r) || rotations == run->seen[index]) {
        return;
    }
    qw_json_get_uint(r, link, "rotation_ms", 0, UINT32_MAX, &ms);
    if (qw_json_ok(r) && run->seen[index] > 0 && f->count < SAMPLES_MAX) {
        f->ms[f->count++] = (uint32_t)ms; /* the first key is no change */
    }
    run->seen[index] = rotations;
}

static qw_err look(struct run *run, struct figures *f)
{
    struct qw_json_reader r;
    const struct qw_json_node *links;
    size_t len = 0, count = 0;
    qw_err err = qw_link_desk_ask(run->ls.socket, "status json", run->answer, &len);

    if (err == QW_OK) {
        err = run->answer[0] == 0 ? qw_json_open(run->answer + 1, len - 1, &r) : QW_ERR_IO;
    }
    if (err != QW_OK) {
        return err;
    }
    links = qw_json_get_array(&r, qw_json_root_object(&r), "links", run->ls.peers, run->ls.peers,
                              &count);
    run->steady = 0;
    for (size_t i = 0; i < count; i++) {
        take_link(run, &r, qw_json_item(links, i), i, f);
    }
    err = qw_json_end(&r);
    return err;
}

static qw_err wait_until_steady(struct run *run, struct figures *f)
{
    int64_t until_ms = qw_clock_monotonic_ms() + STEADY_MS;
    qw_err err = look(run, f);

    while (err == QW_OK && run->steady < run->ls.peers) {
        (void)usleep(1000 * ROTATE_MS);
        err = qw_clock_monotonic_ms() < until_ms ? look(run, f) : QW_ERR_TIMEOUT;
    }
    return err;
}

/* Commands, one link after the other. */
static qw_err change_keys(struct run *run, struct figures *f)
{
    int64_t until_ms = qw_clock_monotonic_ms() + 1000 * f->asked.seconds;
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && qw_clock_monotonic_ms() < until_ms; i++) {
        size_t link = i % run->ls.peers, len = 0;
        char question[64];

        (void)snprintf(question, sizeof question, "rotate far-%zu/l%zu",
                       link_site_far(&run->ls, link), link);
        err = qw_link_desk_ask(run->ls.socket, question, run->answer, &len);
        (void)usleep(1000 * ROTATE_MS);
        if (err == QW_OK) {
            err = look(run, f);
        }
    }
    return err == QW_OK ? wait_until_steady(run, f) : err;
}

/* Processor seconds of a process so far; negative: not to be had. */
static double cpu_s(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;
    const char *after;
    FILE *in;
    bool ok;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    in = fopen(path, "r");
    if (in == NULL) {
        return -1;
    }
    ok = fgets(text, sizeof text, in) != NULL;
    (void)fclose(in);
    after = ok ? strrchr(text, ')') : NULL;
    ok = after != NULL && sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                 &user, &system) == 2;
    return ok ? (double)(user + system) / (double)sysconf(_SC_CLK_TCK) : -1;
}

static qw_err measure_idle(struct run *run, struct figures *f)
{
    double before = cpu_s(run->ls.hub.pid);
    int64_t begun_ms = qw_clock_monotonic_ms();

    (void)sleep((unsigned)f->asked.seconds);
    f->idle_cpu_share =
        1000 * (cpu_s(run->ls.hub.pid) - before) / (double)(qw_clock_monotonic_ms() - begun_ms);
    return before >= 0 && child_is_running(&run->ls.hub) ? QW_OK : QW_ERR_IO;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static qw_err measure(struct run *run, struct figures *f)
{
    struct link_probe *probe = NULL;
    qw_err err = link_site_open(&run->ls, (size_t)f->asked.peers, f->asked.heartbeat);

    f->far_count = run->ls.far_count;
    if (err == QW_OK) {
        err = wait_until_steady(run, f);
    }
    if (err == QW_OK) {
        err = link_probe_start(&run->ls, &probe);
    }
    if (err == QW_OK) {
        err = change_keys(run, f);
    }
    link_probe_stop(probe, &f->sent, &f->lost);
    if (err == QW_OK && f->count == 0) {
        err = QW_ERR_TIMEOUT;
    }
    if (err == QW_OK) {
        qsort(f->ms, f->count, sizeof f->ms[0], by_size);
        err = measure_idle(run, f);
    }
    return err;
}

static uint32_t percentile(const struct figures *f, size_t percent)
{
    return f->ms[(f->count - 1) * percent / 100];
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const struct figures *f = self;
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = { { "rotation_ms_p50", percentile(f, 50) },
                   { "rotation_ms_p99", percentile(f, 99) },
                   { "lost_packets", f->lost },
                   { "sent_packets", f->sent },
                   { "rotations", f->count },
                   { "heartbeat_s", (uint64_t)f->asked.heartbeat },
                   { "peers", (uint64_t)f->asked.peers },
                   { "peer_agents", f->far_count } };

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        qw_json_name(w, counts[i].name);
        qw_json_uint(w, counts[i].value);
    }
    qw_json_name(w, "idle_cpu_share");
    qw_json_real(w, f->idle_cpu_share);
    qw_json_name(w, "probe");
    qw_json_text(w,
                 "own UDP stream on loopback, one packet per 2 ms over all links in turn, sealed "
                 "under the keys that stand in the key files of both ends at that moment");
}

static void print_text(const struct figures *f)
{
    printf("%ld links of one agent to %zu others, keys in files\n", f->asked.peers, f->far_count);
    printf("changes of key   %8zu   by command, one each %d ms\n", f->count, ROTATE_MS);
    printf("one takes        %8u ms (half of them), %u ms (99 %%)\n", (unsigned)percentile(f, 50),
           (unsigned)percentile(f, 99));
    printf("probe lost       %8llu of %llu packets: our own UDP stream on loopback, sealed under "
           "the keys in the files\n",
           (unsigned long long)f->lost, (unsigned long long)f->sent);
    printf("idle             %8.2f %% of a core\n", 100 * f->idle_cpu_share);
}

int bench_link(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Changes keys of links: a qwaved, one agent with N links and up to four agents at their "
        "other ends, real processes on this machine. A probe stream of our own runs over all "
        "links, sealed under the keys that stand in their files.",
        NULL,
        NULL,
        NULL
    };
    static struct figures f = { .asked = { .peers = 10, .seconds = 10, .heartbeat = 10 } };
    struct run *run = calloc(1, sizeof *run);
    char *answer = malloc(QW_LINK_DESK_ANSWER_MAX);
    qw_err err = run == NULL || answer == NULL ? QW_ERR_NOMEM : QW_OK;

    argp_parse(&argp, argc, argv, 0, NULL, &f.asked);
    if (err == QW_OK) {
        run->answer = answer;
        err = measure(run, &f);
        if (err != QW_OK) {
            link_site_print_logs(&run->ls);
        }
        link_site_close(&run->ls);
    }
    free(answer);
    free(run);
    if (err != QW_OK) {
        fprintf(stderr, "qwave bench: link: %s\n", qw_err_text(err));
        return EXIT_FAILED;
    }
    if (f.asked.as_json) {
        return json_print(JSON_LEN_MAX, write_json, &f);
    }
    print_text(&f);
    return EXIT_DONE;
}
