/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/network/network_options.h"

#include "option_value.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_WARM_UP = 256, OPTION_PAIR, OPTION_MEAN, OPTION_START, OPTION_CLASSES, OPTION_FAIR };

static const struct argp_option arguments[] = {
    { "load", 'l', "X[,X...]", 0,
      "times what the network can just carry, 0.01 to 100 (default: 0.8,1,1.5)", 0 },
    { "seconds", 's', "S", 0, "of the measurement, on the network's clock (default: 600)", 0 },
    { "warm-up", OPTION_WARM_UP, "S", 0, "before it (default: 600)", 0 },
    { "start-percent", OPTION_START, "N", 0,
      "of their size is in the pools at first (default: 100)", 0 },
    { "pairs", 'p', "N", 0, "that ask for keys, drawn by the seed, 1 to 10000 (default: 200)", 0 },
    { "pair", OPTION_PAIR, "A,B", 0, "these two nodes alone ask", 0 },
    { "mean-keys", OPTION_MEAN, "N", 0, "of 256 bits in a request, 2 to 100000 (default: 64)", 0 },
    { "classes", OPTION_CLASSES, NULL, 0, "a third each of bronze, silver and gold", 0 },
    { "fair", OPTION_FAIR, NULL, 0, "a request may pay by the links it needs at least", 0 },
    { "fail", 'f', "A,B@S[:S]", 0,
      "cuts that link so many seconds into the measurement, for so long or for good; may be given "
      "again",
      0 },
    { "seed", 'S', "N", 0, "of pairs, requests and weather (default: 1)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static double parse_seconds(const char *text, double low, struct argp_state *state)
{
    char *end;
    double value = option_real_part(text, low, 1e8, &end, state);

    if (*end != '\0') {
        argp_error(state, "'%s' is not a number of seconds", text);
    }
    return value;
}

static void parse_loads(const char *text, struct network_options *o, struct argp_state *state)
{
    o->load_count = 0;
    for (const char *at = text;; at++) {
        char *end;

        if (o->load_count == NETWORK_LOADS_MAX) {
            argp_error(state, "at most %d loads", NETWORK_LOADS_MAX);
        }
        o->load[o->load_count++] = option_real_part(at, 0.01, 100, &end, state);
        if (*end == '\0') {
            return;
        }
        if (*end != ',') {
            argp_error(state, "'%s' is not a list of loads", text);
        }
        at = end;
    }
}

/* "A,B", then what follows. */
static const char *parse_ends(const char *text, char *from, char *to, struct argp_state *state)
{
    const char *comma = strchr(text, ',');
    const char *end = comma == NULL ? NULL : comma + strcspn(comma, "@");

    if (comma == NULL || comma == text || end == comma + 1 || comma - text >= QW_NODE_ID_CAP ||
        end - comma - 1 >= QW_NODE_ID_CAP) {
        argp_error(state, "'%s' does not begin with two nodes, A,B", text);
        return text;
    }
    snprintf(from, QW_NODE_ID_CAP, "%.*s", (int)(comma - text), text);
    snprintf(to, QW_NODE_ID_CAP, "%.*s", (int)(end - comma - 1), comma + 1);
    return end;
}

static void parse_failure(const char *text, struct network_options *o, struct argp_state *state)
{
    struct network_failure_text *failure = &o->failure[o->failure_count];
    const char *at;
    char *end;

    if (o->failure_count == SIM_FAILURES_MAX) {
        argp_error(state, "at most %d failures", SIM_FAILURES_MAX);
    }
    at = parse_ends(text, failure->from, failure->to, state);
    if (*at != '@') {
        argp_error(state, "'%s' is not A,B@SECONDS", text);
    }
    failure->at_s = option_real_part(at + 1, 0, 1e8, &end, state);
    failure->length_s = *end == '\0' ? INFINITY : parse_seconds(end + 1, 0.001, state);
    if (*end != '\0' && *end != ':') {
        argp_error(state, "'%s' is not A,B@SECONDS:SECONDS", text);
    }
    o->failure_count++;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct network_options *o = state->input;

    switch (key) {
    case 'l':
        parse_loads(value, o, state);
        return 0;
    case 's':
        o->seconds = parse_seconds(value, 1, state);
        return 0;
    case OPTION_WARM_UP:
        o->warm_up_s = parse_seconds(value, 0, state);
        return 0;
    case OPTION_START:
        o->start_level = (double)option_number(value, 0, 100, state) / 100;
        return 0;
    case 'p':
        o->pairs_max = (unsigned)option_number(value, 1, 10000, state);
        return 0;
    case OPTION_PAIR:
        if (*parse_ends(value, o->from, o->to, state) != '\0' || strcmp(o->from, o->to) == 0) {
            argp_error(state, "'%s' is not two different nodes, A,B", value);
        }
        return 0;
    case OPTION_MEAN:
        o->mean_keys = (unsigned)option_number(value, 2, 100000, state);
        return 0;
    case OPTION_CLASSES:
        o->has_classes = true;
        return 0;
    case OPTION_FAIR:
        o->is_fair = true;
        return 0;
    case 'f':
        parse_failure(value, o, state);
        return 0;
    case 'S':
        o->seed = (uint64_t)option_number(value, 0, 2147483647, state);
        return 0;
    case 'j':
        o->as_json = true;
        return 0;
    default:
        return option_only_word(&o->topology, "a topology, of `qwave network list`, or a file", key,
                                value, state);
    }
}

void network_options_parse(int argc, char **argv, struct network_options *options)
{
    static const struct argp argp = {
        arguments,
        parse,
        "TOPOLOGY",
        "Loads a network: requests for key between pairs of its ends, routes, reservations and "
        "cuts. Says how much was served of what can be served at most. Simulated; load 1 is what "
        "the links' rates can just carry.",
        NULL,
        NULL,
        NULL
    };

    *options = (struct network_options){ .load_count = 3,
                                         .load = { 0.8, 1, 1.5 },
                                         .seconds = 600,
                                         .warm_up_s = 600,
                                         .start_level = 1,
                                         .pairs_max = 200,
                                         .mean_keys = 64,
                                         .seed = 1 };
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
