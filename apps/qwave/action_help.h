/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_ACTION_HELP_H
#define QWAVE_ACTION_HELP_H

#include <stdio.h>

/* For help_filter of an argp whose command has actions: the text behind the options becomes
 * "Actions:" and what write puts there, allocated for argp; every other text stays. */
char *action_help(int key, const char *text, void (*write)(FILE *stream));

#endif
