/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_OPTION_VALUE_H
#define QWAVE_OPTION_VALUE_H

#include <argp.h>
#include <stddef.h>
#include <stdint.h>

/* Values of options. What is wrong is said by argp_error, which ends the program with status 2. */
long option_number(const char *text, long low, long high, struct argp_state *state);
double option_real(const char *text, double low, double high, struct argp_state *state);
/* The same with something behind it, at *end. */
double option_real_part(const char *text, double low, double high, char **end,
                        struct argp_state *state);
/* "HOST:PORT", "[v6]:PORT" too; host [cap bytes] without the brackets. */
void option_endpoint(const char *text, char *host, size_t cap, uint16_t *port,
                     struct argp_state *state);
/* "2026-11-28" or "2026-11-28T12:00:00Z", as ms since 1970 UTC. */
int64_t option_time(const char *text, struct argp_state *state);
/* The only word of a command: *word begins as NULL and is set; `missing` is said when none came.
 * For ARGP_KEY_ARG and ARGP_KEY_END, in the default of a parser; ARGP_ERR_UNKNOWN for every other.
 */
error_t option_only_word(const char **word, const char *missing, int key, char *value,
                         struct argp_state *state);

#endif
