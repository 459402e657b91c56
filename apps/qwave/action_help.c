/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "action_help.h"

#include <argp.h>
#include <stdint.h>

char *action_help(int key, const char *text, void (*write)(FILE *stream))
{
    char *help = NULL;
    size_t len = 0;
    FILE *stream;

    if (key != ARGP_KEY_HELP_POST_DOC) {
        return (char *)(uintptr_t)text;
    }
    stream = open_memstream(&help, &len);
    if (stream == NULL) {
        return NULL;
    }
    fprintf(stream, "Actions:\n");
    write(stream);
    fclose(stream);
    return help;
}
