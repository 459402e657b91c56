/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_LINK_CHARON_FEED_H
#define QW_TESTS_UNIT_LINK_CHARON_FEED_H

#include "link/prove/charon_log.h"

#include <string.h>

/* Gives a whole log to the reader, line by line; lines that begin as `without` does are left out
 * (NULL: none). */
static inline qw_err charon_feed(struct qw_charon_log *log, const char *text, const char *without)
{
    qw_err err = QW_OK;

    while (err == QW_OK && *text != '\0') {
        size_t len = strcspn(text, "\n");
        char line[QW_CHARON_LINE_CAP] = { 0 };

        memcpy(line, text, len < sizeof line ? len : sizeof line - 1);
        if (without == NULL || strstr(line, without) == NULL) {
            err = qw_charon_log_line(log, line);
        }
        text += len + (text[len] == '\n');
    }
    return err;
}

#endif
