/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_RUN_RUN_H
#define QWAVE_NETWORK_RUN_RUN_H

#include "base/log.h"
#include "child.h"
#include "network/report/reporter.h"
#include "node/node_entry.h"
#include "qkd/network/key_graph.h"
#include "qkd/network/node_command.h"

#include <pthread.h>
#include <signal.h>

/* qwave network run: a topology as running nodes on loopback, under load, with cuts and kills, and
 * what came of it. Link keys are SIMULATED, or come from QKD links over SIMULATED light. One file
 * for each step: run_options.c and run_named.c (what is asked), run_settings.c (pools and settings
 * on disk), run_pairs.c (who with whom), run_nodes.c, run_links.c (processes), run_console.c (who
 * looks), run_play.c (the load and what happens to it), run_files.c (what the nodes wrote),
 * run_verify.c, run_report.c. */
enum {
    RUN_START_LEN = 4096, /* key in a stream of a pool before its QKD link makes any: what relays
                             leave alone, so that batches go under distilled key or not at all */
    RUN_PATH_CAP = 4096,
    RUN_FILE_CAP = 64,
    RUN_KEY_LEN = 32,
    RUN_PAIRS_MAX = 64,
    RUN_FAULTS_MAX = 32,
    RUN_CENTRES_MAX = 16,
    RUN_ROUTE_CAP = 256,
    RUN_CONSOLE_FILES = 3
};

struct run_pair {
    size_t a, z; /* nodes; keys go from a to z */
    enum qw_node_class class;
    bool is_two;         /* over two paths without a common node */
    unsigned per_second; /* keys; 0: as many as go */
};

struct run_centre { /* beside node a, takes its keys with z */
    size_t a, z;
    char socket[NODE_PATH_CAP]; /* absolute */
};

enum run_fault_kind { RUN_CUT, RUN_KILL_NODE, RUN_KILL_END };

struct run_fault {
    enum run_fault_kind kind;
    size_t a, b; /* ends of the link; a: the node, or that of the end of the link */
    double at_s;
    double length_s; /* of a cut; INFINITY: to the end */
    bool is_done, is_mended;
    int64_t done_ms; /* when, by the monotonic clock */
};

struct run_options {
    const char *name;   /* of the topology, or its file */
    const char *folder; /* NULL: a temporary one */
    bool is_one_process, as_json;
    bool has_qkd; /* each link is a QKD link */
    double seconds;
    struct reporter_config console;
    unsigned per_second; /* keys of each pair; 0: as many as go */
    unsigned batch_keys;
    double scale;             /* of the links' rates; 0: as much key as is used */
    unsigned reserve_percent; /* of a full link, what bronze leaves to others */
    unsigned key_age_s;       /* older link key is given up; 0: never */
    double time_scale;        /* the network's clock, of switches and satellites, goes so fast */
    size_t pairs;             /* 0: chosen */
    struct run_pair pair[RUN_PAIRS_MAX];
    size_t faults;
    struct run_fault fault[RUN_FAULTS_MAX];
    size_t centres;
    struct run_centre centre[RUN_CENTRES_MAX];
};

struct node;

struct run_node {
    bool is_on; /* a switch is no node */
    uint16_t port;
    struct child child;
    struct node *node; /* in one process: on a thread */
    struct qw_log log;
    pthread_t thread;
    bool has_thread;
    unsigned restarts;
};

enum run_link_process { RUN_LIGHT, RUN_BOB, RUN_ALICE, RUN_LINK_PROCESSES };

struct run_link {
    struct child child[RUN_LINK_PROCESSES];
    int64_t again_at_ms; /* not started anew before */
    unsigned restarts;
};

struct run {
    struct run_options options;
    struct qw_topology *topology;
    struct qw_key_graph *graph;
    char name[RUN_PATH_CAP];   /* of the topology, or the absolute path of its file */
    char folder[RUN_PATH_CAP]; /* absolute; the programs run in it */
    struct run_node *node;     /* [node_count] */
    struct run_link *link;     /* [link_count]; NULL: no QKD links */
    int64_t clock_zero_ms;     /* ms since 1970 when the network's clock stood at 0 */
    int64_t start_ms;          /* every source has delivered something */
    char console_file[RUN_CONSOLE_FILES][RUN_PATH_CAP];
    struct reporter *reporter; /* NULL: none */
    struct qw_log log;
    unsigned restarts;
    bool left_under_way; /* batches were still on their way when it ended */
    double played_s;
    const volatile sig_atomic_t *stop; /* signals so far: the load ends at the first, all at the
                                          second */
};

struct run_reroute { /* of one pair after one cut */
    size_t pair, fault;
    int64_t ms;
};

struct run_route {
    char text[RUN_ROUTE_CAP]; /* numbers of nodes */
    uint64_t batches, keys;
};

struct run_link_sum { /* of a QKD link, by the node beside Alice */
    uint64_t blocks, bits;
    double errors_ppm; /* of all blocks together */
};

struct run_link_slots { /* of a link through a switch, or to a satellite, by its relay */
    uint64_t slots;
    uint64_t passes, clear_passes;
    double pass_bits;
};

struct run_result {
    struct run_link_slots *slots;                     /* [link_count] */
    struct run_link_sum *link;                        /* [link_count] */
    uint64_t link_blocks_apart, link_blocks_repeated; /* only at Alice's node; twice there */
    uint64_t delivered_keys, batches;
    uint64_t mismatched_keys, lost_keys, repeated_keys;
    size_t routes;
    struct run_route *route; /* [routes] */
    size_t reroutes;
    struct run_reroute *reroute; /* [reroutes] */
    uint64_t not_rerouted;       /* pairs that a cut hit and that got no key after it */
};

/* Ends the program with a message when an argument is wrong. Names are looked up in the topology,
 * which it loads. */
void run_options_parse(int argc, char **argv, struct run *run);
/* "", or '@' and words with ',' between: a class, two-paths. False: other words, at *wrong. */
bool run_pair_how(const char *text, struct run_pair *pair, const char **wrong);
/* QW_ERR_REFUSED: it is for two paths without a common node, and the topology has none, whatever
 * is up; QW_ERR_NOMEM. */
qw_err run_pair_check(const struct run *run, const struct run_pair *pair) QW_MUST_USE;
/* Pairs when none was given: the demands of the topology; without any up to 8 users, or other nodes
 * where there are no users, each with the one half way round the list. As run_pair_check, said. */
qw_err run_pairs_choose(struct run *run) QW_MUST_USE;

/* Pools that are not there yet, and the settings of one node. */
qw_err run_pools_charge(const struct run *run) QW_MUST_USE;
qw_err run_settings_write(const struct run *run, size_t node) QW_MUST_USE;
/* "NODE.KIND", in the folder. */
void run_file(size_t node, const char *kind, char path[static RUN_FILE_CAP]);
/* "NODE-NEIGHBOUR.KIND" */
void run_link_file(size_t node, size_t neighbour, const char *kind, char path[static RUN_FILE_CAP]);
/* The folder, entered; and its end. */
qw_err run_folder_enter(struct run *run) QW_MUST_USE;
void run_folder_leave(const struct run *run);

qw_err run_nodes_start(struct run *run) QW_MUST_USE;
qw_err run_node_start(struct run *run, size_t node) QW_MUST_USE;
bool run_node_is_running(struct run *run, size_t node);
void run_nodes_stop(struct run *run);
/* Until every node knows of every link. QW_ERR_TIMEOUT. */
qw_err run_nodes_settle(struct run *run) QW_MUST_USE;

/* QKD links, when there are any: authentication pools, processes, those that ended again. */
qw_err run_links_charge(const struct run *run) QW_MUST_USE;
qw_err run_links_start(struct run *run) QW_MUST_USE;
qw_err run_links_keep(struct run *run) QW_MUST_USE;
void run_links_stop(struct run *run);
/* The node's end of its link to the neighbour. False: it was dead already. */
bool run_link_kill_end(struct run *run, size_t node, size_t neighbour);

/* --console: absolute names of its files; false: one is not there, which is said. */
bool run_console_resolve(struct run *run);
/* From now on the centre hears of the nodes. */
qw_err run_console_open(struct run *run) QW_MUST_USE;
void run_console_close(struct run *run);

qw_err run_play(struct run *run) QW_MUST_USE;

/* What the nodes' files say. */
qw_err run_verify(const struct run *run, struct run_result *result) QW_MUST_USE;
void run_result_free(struct run_result *result);

int run_report(const struct run *run, const struct run_result *result);

#endif
