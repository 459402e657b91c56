/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_PARTS_H
#define QWAVE_PARTS_H

#include <stddef.h>

/* A command that consists of others: `qwave COMMAND PART [OPTION...]`. */
struct part {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text; /* one line for the list */
};

struct parts {
    const char *command; /* "network" */
    const char *about;   /* one line for its --help */
    const struct part *part;
    size_t count;
};

/* Runs the part that argv[1] names, with argv from there; its status. --help lists them. Without a
 * part, or with one that is not there, EXIT_USAGE and a word about it. */
int parts_run(const struct parts *parts, int argc, char **argv);

#endif
