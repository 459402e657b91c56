/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/management.h"

#include "api/json_writer.h"
#include "bench/bench.h"
#include "command.h"
#include "json_print.h"
#include "option_value.h"
#include "store/store_postgres.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

/* qwave bench management: what managing a centre costs. */

enum { QUERIES_MAX = 100000, DEVICES_MAX = 10000000, JSON_LEN_MAX = 2048 };

struct arguments {
    long queries, devices;
    const char *database, *small_database;
    bool as_json;
};

static const struct {
    const char *name;
    qw_err (*run)(const struct management_wishes *wishes, struct management_sheet *sheet);
    bool on_database; /* can be had on a database that is given */
} measurements[] = {
    { "audit", bench_audit, false },
    { "unseal", bench_unseal, false },
    { "authentication", bench_authentication, false },
    { "registry", bench_registry, true },
};

enum { OPTION_DATABASE = 256, OPTION_SMALL };

static const struct argp_option options[] = {
    { "queries", 'q', "N", 0, "calls in a round, 8 to 100000 (default: 4000)", 0 },
    { "devices", 'd', "N", 0, "in the large registry, 1000 to 10000000 (default: 1000000)", 0 },
    { "database", OPTION_DATABASE, "URI", 0,
      "postgresql://... of an empty database for the large registry, in which the tables stay: "
      "then "
      "only the registry is measured (default: SQLite files)",
      0 },
    { "small-database", OPTION_SMALL, "URI", 0, "the same for the one of a thousand devices", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'q':
        arguments->queries = option_number(value, 8, QUERIES_MAX, state);
        return 0;
    case 'd':
        arguments->devices = option_number(value, 1000, DEVICES_MAX, state);
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case OPTION_DATABASE:
    case OPTION_SMALL:
        if (!qw_store_postgres_is_uri(value)) {
            argp_error(state, "a database begins with postgresql://");
        }
        *(key == OPTION_SMALL ? &arguments->small_database : &arguments->database) = value;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "too many words");
        return 0;
    case ARGP_KEY_END:
        if ((arguments->database == NULL) != (arguments->small_database == NULL)) {
            argp_error(state, "--database and --small-database go together");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void management_add(struct management_sheet *sheet, const char *name, double value)
{
    qw_assert(sheet->count < MANAGEMENT_FIGURES_MAX);
    sheet->figures[sheet->count].name = name;
    sheet->figures[sheet->count].value = value;
    sheet->count++;
}

static void write_json(struct qw_json_writer *w, const void *self)
{
    const struct management_sheet *sheet = self;

    for (size_t i = 0; i < sheet->count; i++) {
        qw_json_name(w, sheet->figures[i].name);
        qw_json_real(w, sheet->figures[i].value);
    }
}

int bench_management(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Measures what managing a centre costs: the journal's part of the time of audited verbs, "
        "on two stores in a temporary folder, one of which drops what belongs to the journal; the "
        "time from the last share of a quorum to serving; what the size of the registry of "
        "devices costs whoever asks it; and how many proofs of certificate and quantum key it "
        "takes.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .queries = 4000, .devices = 1000000 };
    struct management_sheet sheet = { .count = 0 };
    struct management_wishes wishes;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    wishes = (struct management_wishes){ .queries = (size_t)arguments.queries,
                                         .devices = (size_t)arguments.devices,
                                         .database = arguments.database,
                                         .small_database = arguments.small_database };
    for (size_t i = 0; i < sizeof measurements / sizeof measurements[0]; i++) {
        bool is_wanted = arguments.database == NULL || measurements[i].on_database;
        qw_err err = is_wanted ? measurements[i].run(&wishes, &sheet) : QW_OK;

        if (err != QW_OK) {
            fprintf(stderr, "qwave bench: management: %s: %s\n", measurements[i].name,
                    qw_err_text(err));
            return EXIT_FAILED;
        }
    }
    if (arguments.as_json) {
        return json_print(JSON_LEN_MAX, write_json, &sheet);
    }
    for (size_t i = 0; i < sheet.count; i++) {
        printf("%-26s %12.4g\n", sheet.figures[i].name, sheet.figures[i].value);
    }
    return EXIT_DONE;
}
