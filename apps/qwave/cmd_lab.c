/* SPDX-License-Identifier: Apache-2.0 */
/* qwave lab: evaluation on models. A table of benches and a loop. */
#include "command.h"

#include "lab/lab.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} benches[] = {
    { "plkg", lab_plkg_main, "keys from a radio channel: rate, share of the capacity, attacks" },
    { "qkd", lab_qkd, "key rate of a fibre link over distance, block and method" },
    { "network", lab_network, "a network under load: served of what it can carry, blocking, cuts" },
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: qwave lab BENCH [OPTION...]\n\nEvaluation on models.\n\n");
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        fprintf(stream, "  %-10s %s\n", benches[i].name, benches[i].text);
    }
    fprintf(stream, "\n`qwave lab BENCH --help` explains one.\n");
}

int cmd_lab(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        if (strcmp(argv[1], benches[i].name) == 0) {
            return benches[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "qwave lab: no bench '%s'; `qwave lab --help` lists them\n", argv[1]);
    return EXIT_USAGE;
}
