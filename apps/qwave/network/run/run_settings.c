/* SPDX-License-Identifier: Apache-2.0 */
/* What the nodes of a run find on disk: pools, and settings. */
#define _GNU_SOURCE
#include "network/run/run.h"

#include "base/file.h"
#include "qkd/node/pool.h"
#include "scratch_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LARGE_LINKS = 48, /* from here on pools are small */
    CAPACITY_LEN = 1 << 21,
    LARGE_CAPACITY_LEN = 1 << 18,
    END_LEN = 1 << 19,
    LARGE_END_LEN = 1 << 16,
    END_LEASE_LEN = 2048,
    QKD_CAPACITY_LEN =
        1 << 16,         /* some seconds of a link: routes are priced by what is left of it */
    QKD_LEASE_LEN = 512, /* and a batch */
    SETTINGS_CAP = 8192
};

void run_file(size_t node, const char *kind, char path[static RUN_FILE_CAP])
{
    (void)snprintf(path, RUN_FILE_CAP, "%zu.%s", node, kind);
}

void run_link_file(size_t node, size_t neighbour, const char *kind, char path[static RUN_FILE_CAP])
{
    (void)snprintf(path, RUN_FILE_CAP, "%zu-%zu.%s", node, neighbour, kind);
}

qw_err run_folder_enter(struct run *run)
{
    const char *tmp = getenv("TMPDIR");
    char path[RUN_PATH_CAP];

    if (run->options.folder != NULL) {
        if (mkdir(run->options.folder, 0700) != 0 && access(run->options.folder, W_OK) != 0) {
            return QW_ERR_IO;
        }
        (void)snprintf(path, sizeof path, "%s", run->options.folder);
    } else if ((size_t)snprintf(path, sizeof path, "%s/qwave-network.XXXXXX",
                                tmp == NULL ? "/tmp" : tmp) >= sizeof path ||
               mkdtemp(path) == NULL) {
        return QW_ERR_IO;
    }
    return realpath(path, run->folder) == NULL || chdir(run->folder) != 0 ? QW_ERR_IO : QW_OK;
}

void run_folder_leave(const struct run *run)
{
    if (run->options.folder == NULL && run->folder[0] != '\0' && chdir("/") == 0) {
        scratch_folder_remove(run->folder);
    }
}

/* Pools of QKD links hold no other keys, also in a folder that is used again. */
static const char *link_kind(const struct run *run)
{
    return run->options.has_qkd ? "qkd-link" : "link";
}

static bool is_large(const struct run *run)
{
    return run->graph->link_count >= LARGE_LINKS;
}

/* How much the pool of a link holds, what a crash costs, and what it begins with, in len. */
static void size_of(const struct run *run, const struct qw_key_link *link,
                    struct qw_node_pool_head *head, size_t *len)
{
    uint64_t buffer = (uint64_t)(run->topology->pool_bits / 8);

    if (run->options.has_qkd) {
        head->capacity = QKD_CAPACITY_LEN;
        head->lease = run->options.batch_keys * RUN_KEY_LEN + QKD_LEASE_LEN;
        *len = RUN_START_LEN;
    } else if (link->kind ==
               QW_KEY_LINK_PASS) { /* lasts to the next pass; empty before the first */
        head->capacity = buffer > QW_NODE_CAPACITY_MAX ? QW_NODE_CAPACITY_MAX
                         : buffer < QKD_CAPACITY_LEN   ? QKD_CAPACITY_LEN
                                                       : buffer;
        head->lease = run->options.batch_keys * RUN_KEY_LEN + QKD_LEASE_LEN;
        *len = RUN_START_LEN;
    } else {
        head->capacity = is_large(run) ? LARGE_CAPACITY_LEN : CAPACITY_LEN;
        head->lease = (is_large(run) ? 2 : 16) * run->options.batch_keys * RUN_KEY_LEN +
                      END_LEASE_LEN; /* batches in locked memory, for one sync of the disk */
        *len = (size_t)(head->capacity / 2);
    }
}

/* Both ends of a pool, unless they are there; link NULL: an end pool. */
static qw_err charge(const struct run *run, const struct qw_key_link *link, size_t a, size_t b)
{
    const char *kind = link == NULL ? "end" : link_kind(run);
    struct qw_node_pool_head head = {
        .node = (uint32_t)a, .neighbour = (uint32_t)b, .lease = END_LEASE_LEN, .is_simulated = true
    };
    char one[RUN_FILE_CAP];
    char other[RUN_FILE_CAP];
    size_t len;

    run_link_file(a, b, kind, one);
    run_link_file(b, a, kind, other);
    if (access(one, F_OK) == 0 && access(other, F_OK) == 0) {
        return QW_OK;
    }
    (void)unlink(one); /* one end alone is worth nothing */
    (void)unlink(other);
    if (link != NULL) {
        size_of(run, link, &head, &len);
    } else {
        len = is_large(run) ? LARGE_END_LEN : END_LEN;
        head.capacity = len;
    }
    return qw_node_pool_charge(one, other, &head, len);
}

qw_err run_pools_charge(const struct run *run)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < run->graph->link_count; i++) {
        const struct qw_key_link *link = &run->graph->link[i];

        err = charge(run, link, link->a, link->b);
    }
    for (size_t i = 0; err == QW_OK && i < run->options.pairs; i++) {
        size_t a = run->options.pair[i].a;
        size_t z = run->options.pair[i].z;

        err = a < z ? charge(run, NULL, a, z) : charge(run, NULL, z, a);
    }
    return err;
}

/* A node connects to the neighbours with higher numbers, which were started before it. */
static void write_neighbours(const struct run *run, size_t node, FILE *file)
{
    const struct qw_key_graph *g = run->graph;

    fprintf(file, "neighbours: \"");
    for (size_t i = g->first[node]; i < g->first[node + 1]; i++) {
        size_t other = g->arc[i].to;

        fprintf(file, "%s%zu=%zu-%zu.%s", i == g->first[node] ? "" : " ", other, node, other,
                link_kind(run));
        if (other > node) {
            fprintf(file, "@127.0.0.1:%u", run->node[other].port);
        }
    }
    fprintf(file, "\"\n");
}

static void write_feeds(const struct run *run, size_t node, FILE *file)
{
    const struct qw_key_graph *g = run->graph;

    fprintf(file, "feeds: \"");
    for (size_t i = g->first[node]; i < g->first[node + 1]; i++) {
        size_t other = g->arc[i].to;

        fprintf(file, "%s%zu=%zu-%zu.feed", i == g->first[node] ? "" : " ", other, node, other);
    }
    fprintf(file, "\"\n");
}

/* This node's links as the relay of a switch: it tells their light when it gets through. */
static void write_lights(const struct run *run, size_t node, FILE *file)
{
    const struct qw_key_graph *g = run->graph;
    const char *space = "";

    fprintf(file, "lights: \"");
    for (size_t i = g->first[node]; i < g->first[node + 1]; i++) {
        const struct qw_key_link *link = &g->link[g->arc[i].link];

        if (link->kind == QW_KEY_LINK_SWITCHED && link->b == node) {
            fprintf(file, "%s%zu=%zu-%zu.light", space, link->a, link->a, node);
            space = " ";
        }
    }
    fprintf(file, "\"\n");
}

static bool is_pair_known(const struct run *run, size_t node, size_t other, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const struct run_pair *pair = &run->options.pair[i];

        if ((pair->a == node && pair->z == other) || (pair->a == other && pair->z == node)) {
            return true;
        }
    }
    return false;
}

static void write_ends(const struct run *run, size_t node, FILE *file)
{
    const char *space = "";

    fprintf(file, "ends: \"");
    for (size_t i = 0; i < run->options.pairs; i++) {
        const struct run_pair *pair = &run->options.pair[i];
        size_t other = pair->a == node ? pair->z : pair->a;

        if ((pair->a == node || pair->z == node) && !is_pair_known(run, node, other, i)) {
            fprintf(file, "%s%zu=%zu-%zu.end", space, other, node, other);
            space = " ";
        }
    }
    fprintf(file, "\"\n");
}

static void write_centres(const struct run *run, size_t node, FILE *file)
{
    const char *space = "";

    fprintf(file, "hand_to: \"");
    for (size_t i = 0; i < run->options.centres; i++) {
        const struct run_centre *centre = &run->options.centre[i];

        if (centre->a == node) {
            fprintf(file, "%s%zu=%s", space, centre->z, centre->socket);
            space = " ";
        }
    }
    fprintf(file, "\"\n");
}

qw_err run_settings_write(const struct run *run, size_t node)
{
    char text[SETTINGS_CAP];
    char path[RUN_FILE_CAP];
    FILE *file = fmemopen(text, sizeof text, "w");
    long len;

    if (file == NULL) {
        return QW_ERR_NOMEM;
    }
    fprintf(file, "node: %zu\nlisten_port: %u\ntopology: \"%s\"\n", node, run->node[node].port,
            run->name);
    write_neighbours(run, node, file);
    write_ends(run, node, file);
    write_centres(run, node, file);
    if (run->options.has_qkd) {
        write_feeds(run, node, file);
        write_lights(run, node, file);
        fprintf(file, "feed_file: %zu.fed\n", node);
    } else {
        fprintf(file, "simulated_seed: 1\nsimulated_scale: %.9g\n", run->options.scale);
    }
    fprintf(file, "time_scale: %.9g\nclock_zero_ms: %lld\nschedule_file: %zu.schedule\n",
            run->options.time_scale, (long long)run->clock_zero_ms, node);
    fprintf(file, "source: kernel\nbatch_keys: %u\nkey_age_s: %u\nreserve_percent: %u\n",
            run->options.batch_keys, run->options.key_age_s, run->options.reserve_percent);
    fprintf(file, "key_file: %zu.keys\nevent_file: %zu.events\nstart_file: %zu.start\n", node, node,
            node);
    fprintf(file, "control: %zu.control\ntimeout_ms: 2000\n", node);
    len = fflush(file) == 0 ? ftell(file) : -1;
    fclose(file);
    if (len < 0 || (size_t)len >= sizeof text - 1) {
        return QW_ERR_SPACE;
    }
    run_file(node, "yaml", path);
    return qw_file_replace(path, (const uint8_t *)text, (size_t)len);
}
