/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_OPTIONS_LAB_OPTIONS_PARSER_H
#define QWAVE_LAB_OPTIONS_LAB_OPTIONS_PARSER_H

#include "lab/options/lab_options.h"

#include <argp.h>

/* Parts of the parser; the input of each is a struct lab_options. */
extern const struct argp lab_options_channel, lab_options_chains;

/* Which options exclude each other. Ends the program with a message. */
void lab_options_check(const struct lab_options *options, struct argp_state *state);

#endif
