/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_OPTIONS_H
#define QWAVE_CONFORM_OPTIONS_H

#include "conform/conform.h"

#include <stdbool.h>
#include <stdint.h>

/* The command line of `qwave conform`. All texts are the command line's own. */
enum { CONFORM_HOST_CAP = 256 };

struct conform_end { /* one application */
    const char *id, *certificate, *key;
};

struct conform_arguments {
    const char *standard; /* "014" or "004" */
    const char *url, *ca;
    char host[CONFORM_HOST_CAP]; /* of the url, with 004 */
    uint16_t port;
    struct conform_end ends[CONFORM_WHO_COUNT]; /* an id NULL: not there */
    bool as_json;
};

/* Ends the program with status 2 when the line is wrong. */
void conform_options_parse(int argc, char **argv, struct conform_arguments *arguments);

#endif
