/* SPDX-License-Identifier: Apache-2.0 */
#include "json_print.h"

#include "command.h"

#include <stdio.h>
#include <stdlib.h>

int json_print(size_t cap, void (*write)(struct qw_json_writer *w, const void *self),
               const void *self)
{
    char *text = malloc(cap);
    struct qw_json_writer w;
    int status = EXIT_FAILED;

    if (text == NULL) {
        return EXIT_FAILED;
    }
    w = qw_json_writer_on(text, cap);
    qw_json_object_begin(&w);
    write(&w, self);
    qw_json_object_end(&w);
    if (qw_json_done(&w)) {
        printf("%s\n", text);
        status = EXIT_DONE;
    }
    free(text);
    return status;
}
