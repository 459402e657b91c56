/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/json_writer.h"
#include "bench/bench.h"
#include "bench/claim.h"

#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* qwave bench store: whether claiming keys depends on how many there are, and what a durable group
 * costs [C5]. */

enum { KEYS_MAX = 100000000, CLAIMS_MAX = 100000, JSON_TEXT_CAP = 1024, TEN_MILLION = 10000000 };

struct arguments {
    unsigned long keys, claims;
    bool as_json;
};

static const struct argp_option options[] = {
    { "keys", 'n', "N", 0, "in the larger store, 1000 to 100000000 (default: 10000000)", 0 },
    { "claims", 'c', "N", 0, "from each store, 10 to 100000 (default: 500)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static unsigned long number_of(const char *text, unsigned long min, unsigned long max,
                               struct argp_state *state)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value < min || value > max) {
        argp_error(state, "'%s' is not a number from %lu to %lu", text, min, max);
    }
    return value;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'n':
        arguments->keys = number_of(value, CLAIM_SMALL_KEYS, KEYS_MAX, state);
        return 0;
    case 'c':
        arguments->claims = number_of(value, 10, CLAIMS_MAX, state);
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

static int print_json(const struct claim_figures *figures, double ratio)
{
    char text[JSON_TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    const struct {
        const char *name;
        double value;
    } reals[] = { { "claim_ms", figures->large_ms },
                  { "claim_1e3_ms", figures->small_ms },
                  { "claim_ratio", ratio },
                  { "claim_ratio_1e7", figures->stored_keys >= TEN_MILLION ? ratio : NAN },
                  { "groups_per_s", figures->groups_per_s },
                  { "bytes_per_key", figures->bytes_per_key } };

    qw_json_object_begin(&w);
    qw_json_name(&w, "backend");
    qw_json_text(&w, "sqlite");
    qw_json_name(&w, "stored_keys");
    qw_json_uint(&w, figures->stored_keys);
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        qw_json_name(&w, reals[i].name);
        qw_json_real(&w, reals[i].value); /* not a number: null */
    }
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return EXIT_FAILED;
    }
    printf("%s\n", text);
    return EXIT_DONE;
}

static void print_text(const struct claim_figures *figures, double ratio)
{
    printf("claim of a block, %llu keys stored  %8.3f ms\n",
           (unsigned long long)figures->stored_keys, figures->large_ms);
    printf("claim of a block, %d keys stored      %8.3f ms\n", CLAIM_SMALL_KEYS, figures->small_ms);
    printf("ratio                                %8.2f\n", ratio);
    printf("durable groups                       %8.0f /s\n", figures->groups_per_s);
    printf("on the disk                          %8.1f bytes per key\n", figures->bytes_per_key);
}

int bench_store(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Measures the embedded store on this machine's $TMPDIR or /tmp: claims of a block of 256 "
        "keys out of few and out of many, in turn; medians.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .keys = TEN_MILLION, .claims = 500 };
    struct claim_figures figures = { 0 };
    double ratio;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = claim_measure(arguments.keys, (unsigned)arguments.claims, &figures);
    if (err != QW_OK) {
        fprintf(stderr, "qwave bench: store: %s\n", qw_err_text(err));
        return EXIT_FAILED;
    }
    ratio = figures.large_ms / figures.small_ms;
    if (arguments.as_json) {
        return print_json(&figures, ratio);
    }
    print_text(&figures, ratio);
    return EXIT_DONE;
}
