/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

static void print_usage(const struct parts *parts, FILE *stream)
{
    fprintf(stream, "usage: qwave %s PART [OPTION...]\n\n%s\n\n", parts->command, parts->about);
    for (size_t i = 0; i < parts->count; i++) {
        fprintf(stream, "  %-10s %s\n", parts->part[i].name, parts->part[i].text);
    }
    fprintf(stream, "\n`qwave %s PART --help` explains one.\n", parts->command);
}

int parts_run(const struct parts *parts, int argc, char **argv)
{
    if (argc < 2) {
        print_usage(parts, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(parts, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < parts->count; i++) {
        if (strcmp(argv[1], parts->part[i].name) == 0) {
            return parts->part[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "qwave %s: no part '%s'; `qwave %s --help` lists them\n", parts->command,
            argv[1], parts->command);
    return EXIT_USAGE;
}
