/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_CONFORM_004_H
#define QWAVE_CONFORM_CONFORM_004_H

#include "base/error.h"
#include "conform/conform.h"
#include "conform/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Checks of ETSI GS QKD 004. They see the server as connections and bytes on them, and time through
 * it as well, so that they can be tested against servers that are wrong on purpose. */
enum { CONFORM_LINES_MAX = 8 };

struct conform_streams {
    void *self;
    /* A connection; *line is its number, below CONFORM_LINES_MAX, until hang_up. */
    qw_err (*connect)(void *self, enum conform_who who, int *line);
    qw_err (*send)(void *self, int line, const uint8_t *data, size_t len);
    /* One message, header and payload. QW_ERR_TIMEOUT: none within wait_ms; it can be asked for
     * again. QW_ERR_CLOSED: the connection has ended. QW_ERR_SPACE: longer than cap. */
    qw_err (*receive)(void *self, int line, int wait_ms, uint8_t *frame, size_t cap, size_t *len);
    void (*hang_up)(void *self, int line);
    int64_t (*now_ms)(void *self); /* monotonic */
    void (*pause)(void *self, int ms);
    const char *master_uri, *slave_uri;
    const char *other_uri; /* NULL: no third application */
};

/* Runs every check of ETSI GS QKD 004 V2.1.1 in order. Uses up some dozens of chunks. */
void conform_004(const struct conform_streams *server, struct conform_report *report);

#endif
