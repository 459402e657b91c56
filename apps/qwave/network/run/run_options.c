/* SPDX-License-Identifier: Apache-2.0 */
#include "network/run/run.h"

#include "command.h"
#include "network/run/run_named.h"
#include "option_value.h"

#include <argp.h>
#include <string.h>

enum {
    OPTION_ONE = 256,
    OPTION_MANY,
    OPTION_FOLDER,
    OPTION_RATE,
    OPTION_BATCH,
    OPTION_SCALE,
    OPTION_TIME_SCALE,
    OPTION_LINK,
    OPTION_KILL_END,
    OPTION_CENTRE,
    OPTION_KEY_AGE,
    OPTION_RESERVE
};
enum {
    HOW_CAP = 16,
    QKD_BATCH_MAX = 64
}; /* a crash costs a lease, and a pool begins with little */

static const struct argp_option options[] = {
    { "seconds", 's', "S", 0, "of load, 1 to 86400 (10)", 0 },
    { "pair", 'p', "A,Z[@HOW]", 0,
      "keys go from A to Z; HOW: silver or bronze (gold), two-paths, or both with ',' between; "
      "again "
      "for more (chosen when none is given)",
      0 },
    { "rate", OPTION_RATE, "N", 0,
      "keys per second of each pair, 0 to 1000000, 0: as many as go (1000)", 0 },
    { "batch", OPTION_BATCH, "N", 0, "keys of a batch, 1 to 1024 (16)", 0 },
    { "scale", OPTION_SCALE, "X", 0,
      "links make key with the topology's rates times X, 0 to 1e6, 0: as much as is used (0)", 0 },
    { "time-scale", OPTION_TIME_SCALE, "X", 0,
      "a second is X seconds for optical switches and satellites, 0.001 to 1e6 (1)", 0 },
    { "reserve", OPTION_RESERVE, "PERCENT", 0,
      "of a full link's key, what bronze leaves to others, 0 to 90; silver leaves half of it (25)",
      0 },
    { "key-age", OPTION_KEY_AGE, "S", 0,
      "link key older than S seconds is given up, 0 to 31536000, 0: never (0)", 0 },
    { "cut", 'c', "A,B@T[:L]", 0, "cut this link T seconds after keys flow, for L seconds", 0 },
    { "kill", 'k', "A@T", 0, "kill this node with SIGKILL after T seconds; it is started again",
      0 },
    { "link", OPTION_LINK, "KIND", 0,
      "where link keys come from: simulated, or qkd, a QKD link over SIMULATED light as three "
      "processes for each (simulated)",
      0 },
    { "kill-end", OPTION_KILL_END, "A,B@T", 0,
      "kill A's end of the QKD link to B with SIGKILL; the link is started again", 0 },
    { "centre", OPTION_CENTRE, "A,Z=SOCKET", 0,
      "node A hands its keys with Z of a --pair to the centre that listens there; once more for "
      "the "
      "other end",
      0 },
    { "folder", OPTION_FOLDER, "DIR", 0, "keep everything there (default: a temporary one)", 0 },
    { "nodes-as-processes", OPTION_MANY, NULL, 0, "each node is a process (the default)", 0 },
    { "in-one-process", OPTION_ONE, NULL, 0, "each node is a thread", 0 },
    REPORTER_OPTIONS,
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

/* Names are looked up when all options are known, the topology's among them. */
struct arguments {
    struct run *run;
    struct run_named named;
};

/* What is wrong with options that are right one by one. */
static void check_qkd(const struct arguments *arguments, struct argp_state *state)
{
    const struct run_options *o = &arguments->run->options;

    if (!o->has_qkd) {
        if (arguments->named.kill_ends > 0) {
            argp_error(state, "--kill-end is for --link qkd");
        }
        return;
    }
    if (o->is_one_process || o->scale > 0 || o->batch_keys > QKD_BATCH_MAX) {
        argp_error(state,
                   "--link qkd: nodes are processes, links make what they make (no --scale), "
                   "and a batch has at most %d keys",
                   QKD_BATCH_MAX);
    }
}

static void note(const char **list, size_t *count, size_t max, const char *value,
                 struct argp_state *state)
{
    if (*count == max) {
        argp_error(state, "at most %zu of them", max);
    }
    list[(*count)++] = value;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct run_options *o = &arguments->run->options;
    struct run_named *named = &arguments->named;

    switch (key) {
    case 's':
        o->seconds = option_real(value, 1, 86400, state);
        return 0;
    case 'p':
        note(named->pair, &named->pairs, RUN_PAIRS_MAX, value, state);
        return 0;
    case 'c':
        note(named->cut, &named->cuts, RUN_FAULTS_MAX, value, state);
        return 0;
    case 'k':
        note(named->kill, &named->kills, RUN_FAULTS_MAX, value, state);
        return 0;
    case OPTION_KILL_END:
        note(named->kill_end, &named->kill_ends, RUN_FAULTS_MAX, value, state);
        return 0;
    case OPTION_CENTRE:
        note(named->centre, &named->centres, RUN_CENTRES_MAX, value, state);
        return 0;
    case OPTION_LINK:
        o->has_qkd = strcmp(value, "qkd") == 0;
        if (!o->has_qkd && strcmp(value, "simulated") != 0) {
            argp_error(state, "--link is simulated or qkd, not '%s'", value);
        }
        return 0;
    case OPTION_RATE:
        o->per_second = (unsigned)option_number(value, 0, QW_NODE_RATE_MAX, state);
        return 0;
    case OPTION_BATCH:
        o->batch_keys = (unsigned)option_number(value, 1, 1024, state);
        return 0;
    case OPTION_SCALE:
        o->scale = option_real(value, 0, 1e6, state);
        return 0;
    case OPTION_TIME_SCALE:
        o->time_scale = option_real(value, 0.001, 1e6, state);
        return 0;
    case OPTION_RESERVE:
        o->reserve_percent = (unsigned)option_number(value, 0, 90, state);
        return 0;
    case OPTION_KEY_AGE:
        o->key_age_s = (unsigned)option_number(value, 0, 31536000, state);
        return 0;
    case OPTION_FOLDER:
        o->folder = value;
        return 0;
    case OPTION_ONE:
    case OPTION_MANY:
        o->is_one_process = key == OPTION_ONE;
        return 0;
    case 'j':
        o->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "one name");
        }
        o->name = value;
        return 0;
    case ARGP_KEY_END:
        if (o->name == NULL) {
            argp_error(state, "a name, of `qwave network list`, or a file");
        }
        check_qkd(arguments, state);
        run_named_resolve(arguments->run, named, state);
        break;
    default:
        break;
    }
    return reporter_option(&o->console, key, value, state);
}

void run_options_parse(int argc, char **argv, struct run *run)
{
    static const struct argp argp = {
        options,
        parse,
        "NAME|FILE",
        "Starts every node of a topology, on loopback, with SIMULATED link keys or with QKD links "
        "over SIMULATED light; has keys "
        "delivered between pairs of nodes over routes that the nodes find themselves, cuts links "
        "and kills nodes, and compares what both ends got.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .run = run };

    run->options = (struct run_options){
        .seconds = 10, .per_second = 1000, .batch_keys = 16, .reserve_percent = 25, .time_scale = 1
    };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
}
