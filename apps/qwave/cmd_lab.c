/* SPDX-License-Identifier: Apache-2.0 */
/* qwave lab: evaluation on simulated channels. A table of laboratories and a loop. */
#include "command.h"

#include <stdio.h>
#include <string.h>

int lab_plkg_main(int argc, char **argv);

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} laboratories[] = {
    { "plkg", lab_plkg_main, "keys from a radio channel: rate, share of the capacity, attacks" },
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: qwave lab NAME [OPTION...]\n\n");
    for (size_t i = 0; i < sizeof laboratories / sizeof laboratories[0]; i++) {
        fprintf(stream, "  %-8s %s\n", laboratories[i].name, laboratories[i].text);
    }
}

int cmd_lab(int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof laboratories / sizeof laboratories[0]; i++) {
        if (strcmp(argv[1], laboratories[i].name) == 0) {
            return laboratories[i].run(argc - 1, argv + 1);
        }
    }
    print_usage(stderr);
    return EXIT_USAGE;
}
