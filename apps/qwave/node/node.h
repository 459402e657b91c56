/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_H
#define QWAVE_NODE_NODE_H

#include "base/backoff.h"
#include "base/config.h"
#include "base/log.h"
#include "base/wire.h"
#include "node/node_entry.h"
#include "node/node_keys.h"
#include "qkd/relay/two_paths.h"

#include <signal.h>
#include <stdio.h>

/* qwave node: one node of a relay network as a process: pools, TCP connections to neighbours, the
 * relay. One thread, one loop. */
enum { NODE_LIST_CAP = 4096, NODE_LINKS_MAX = 64 };

struct node_settings {
    int64_t node; /* its id */
    char listen_address[NODE_HOST_CAP];
    int64_t listen_port;
    char neighbours[NODE_LIST_CAP]; /* "ID=FILE" or "ID=FILE@HOST:PORT", separated by spaces */
    char ends[NODE_LIST_CAP];       /* "ID=FILE" */
    char feeds[NODE_LIST_CAP];      /* "ID=SOCKET" */
    char lights[NODE_LIST_CAP];     /* likewise */
    char hand_to[NODE_LIST_CAP];    /* likewise */
    int64_t simulated_seed;         /* of link keys; 0: none are made */
    int64_t batch_keys;
    int64_t timeout_ms;
    int64_t reserve_percent; /* of a full link, what bronze leaves to others; silver half of it */
    int64_t key_age_s;       /* older link key is given up; 0: never */
    char key_file[NODE_PATH_CAP];      /* "": none */
    char topology[NODE_PATH_CAP];      /* "": batches go over given paths only */
    char start_file[NODE_PATH_CAP];    /* how often the node has started */
    char control[NODE_PATH_CAP];       /* Unix socket; "": none */
    char event_file[NODE_PATH_CAP];    /* "": none */
    char feed_file[NODE_PATH_CAP];     /* "": none */
    char schedule_file[NODE_PATH_CAP]; /* "": none */
    char journal[NODE_PATH_CAP];       /* "": none */
    char journal_key[NODE_PATH_CAP];   /* "": it is not signed */
    char metrics[NODE_HOST_CAP];       /* ADDRESS:PORT; "": none */
    double simulated_scale;            /* of the rates of the topology; 0: as much as is used */
    double time_scale;                 /* the network's clock goes so fast */
    int64_t clock_zero_ms;             /* ms since 1970 when it stood at 0 */
    int source;                        /* 0 the best, 1 the kernel */
    int log_level;
};
qw_err node_settings_read(const char *path, struct node_settings *settings,
                          char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

struct node;
struct node_feed;  /* node_feed.h */
struct node_hand;  /* node_hand.h */
struct node_light; /* node_light.h */

struct node_link { /* to one neighbour */
    struct node *node;
    uint32_t neighbour;
    struct node_entry entry; /* no host: the neighbour connects to us */
    struct qw_node_pool *pool;
    struct qw_hop *hop;
    struct node_feed *feed;   /* keys of a QKD link; NULL: none */
    struct node_light *light; /* of that link, behind a switch; NULL: none */
    struct qw_wire wire;
    int fd; /* of the wire; -1: none */
    int64_t since_ms, try_at_ms;
    struct qw_backoff backoff; /* until a session is up */
    bool is_cut;               /* as asked: does not come up */
    int64_t fed_ms;            /* by rates: until when */
    double owed_len;           /* made, for each direction, and not appended yet */
    uint64_t aged_len; /* given up for its age, of both streams, that the journal knows of */
};

struct node_end { /* of batches, the other one */
    struct node_entry entry;
    struct qw_node_pool *pool;
};

struct node_guest { /* connected, and has not said or not proven who it is */
    struct qw_wire wire;
    int fd; /* -1: none */
    int64_t since_ms;
    struct node_link *link; /* whose connection it may replace; NULL: has not said HELLO */
    struct qw_hop_rival rival;
};

struct node_sending {          /* --send */
    struct qw_relay_path path; /* nodes 0: nothing to send */
    bool by_route;             /* --to: the order of node_delivery.h */
    uint32_t target;           /* --to */
    enum qw_node_class class;  /* --to, --class */
    bool is_two;               /* --to, --two-paths */
    uint64_t keys;             /* wanted */
    int64_t start_ms, end_ms;  /* of the first and last batch; 0: not yet */
    int64_t again_at_ms;       /* after a void batch: not at once */
};

enum {
    NODE_IN_FLIGHT = 8,
    NODE_PASSING_MAX = 256,
    NODE_PAIRS_MAX = 32, /* batches over two paths that begin or end here, at a time */
    NODE_GUESTS_MAX = 8,
    NODE_MEET_MS = 3000, /* who has not shown by then who it is, is let go */
    NODE_MESSAGE_MAX = 1 << 20
};

struct node {
    struct node_settings settings;
    const struct qw_log *log;
    struct node_link links[NODE_LINKS_MAX];
    size_t links_count;
    struct node_end ends[NODE_LINKS_MAX];
    size_t ends_count;
    struct node_hand *hands[NODE_LINKS_MAX]; /* to centres */
    size_t hands_count;
    struct node_guest guests[NODE_GUESTS_MAX];
    struct qw_relay *relay;
    struct qw_two_paths *two_paths;         /* NULL: no batches end here */
    uint64_t delivered_keys, received_keys; /* whole ones; the relay counts halves as well */
    struct qw_key_source source;
    struct node_sending sending;
    uint8_t *message; /* [NODE_MESSAGE_MAX] */
    struct node_keys keys;
    struct node_routing *routing;   /* node_routing.h; NULL: no topology */
    struct node_delivery *delivery; /* node_delivery.h */
    struct node_schedule *schedule; /* node_schedule.h; NULL: links are always on */
    struct node_journal *journal;   /* node_journal.h; NULL: none */
    struct node_metrics *metrics;   /* node_metrics.h; NULL: none */
    uint64_t refused;               /* who connected and was no neighbour, so far */
    uint64_t limited, wrong_tags;   /* that the journal has been told of */
    struct node_control *control;   /* node_control.h */
    int listener;
    bool has_failed; /* the disk, for example: ends the loop */
    bool is_ended;   /* as asked */
};

/* node->settings, log and sending are set. Says on the log what is wrong. */
qw_err node_open(struct node *node) QW_MUST_USE;
void node_close(struct node *node);
/* Listens for neighbours; gives the port. */
qw_err node_listen(struct node *node, uint16_t *port) QW_MUST_USE;
/* Until *stop, or everything is sent. */
qw_err node_run(struct node *node, const volatile sig_atomic_t *stop) QW_MUST_USE;

/* Of the pools of this node; what those of relays are it does not know. */
bool node_is_simulated(const struct node *node);

/* connections: node_link.c */
qw_err node_links_parse(struct node *node) QW_MUST_USE;
void node_link_drop(struct node_link *link, const char *why);
void node_link_keep_up(struct node_link *link, int64_t now_ms); /* connects, feeds, ages */
void node_link_read(struct node_link *link);
/* Takes fd, also when it fails. */
qw_err node_link_wire(int fd, struct qw_wire *wire) QW_MUST_USE;
/* A guest's HELLO for a link that has no connection: takes wire and fd. */
void node_link_let_in(struct node_link *link, struct qw_wire *wire, int fd, uint8_t *hello,
                      size_t len);
void node_link_refused(struct node *node, const char *who); /* counts, and in the journal */

/* who comes: node_guest.c */
void node_guest_come(struct node *node, int64_t now_ms);
void node_guest_read(struct node_guest *guest, struct node *node);
void node_guest_close(struct node_guest *guest);

/* Commands: node_charge.c, node_run.c */
int cmd_node_charge(int argc, char **argv);
int cmd_node_key(int argc, char **argv);
int cmd_node_run(int argc, char **argv);
int cmd_node_tell(int argc, char **argv);

#endif
