/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_OPTIONS_LAB_OPTION_VALUE_H
#define QWAVE_LAB_OPTIONS_LAB_OPTION_VALUE_H

#include <argp.h>

/* What stands behind an option. All end the program with a message when it is wrong. */
double lab_option_real(const char *text, double min, double max, struct argp_state *state);
/* Index of a word in a list that ends with NULL. */
int lab_option_word(const char *text, const char *const *words, struct argp_state *state);

#endif
