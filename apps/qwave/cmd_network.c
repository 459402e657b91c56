/* SPDX-License-Identifier: Apache-2.0 */
/* qwave network: networks of QKD links. A table of parts and a loop. */
#include "command.h"

#include "network/network.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} parts[] = {
    { "list", network_list, "the topologies that are built in" },
    { "show", network_show, "nodes, links and rates of one, and a drawing" },
    { "generate", network_generate, "make a backbone of two rings, as a topology file" },
};

static void print_usage(FILE *stream)
{
    fprintf(stream, "usage: qwave network PART [OPTION...]\n\nNetworks of QKD links.\n\n");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        fprintf(stream, "  %-10s %s\n", parts[i].name, parts[i].text);
    }
    fprintf(stream, "\n`qwave network PART --help` explains one; `qwave lab network` loads one.\n");
}

int cmd_network(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(argv[1], parts[i].name) == 0) {
            return parts[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "qwave network: no part '%s'; `qwave network --help` lists them\n", argv[1]);
    return EXIT_USAGE;
}
