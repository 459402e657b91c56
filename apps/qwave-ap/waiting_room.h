/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AP_WAITING_ROOM_H
#define QWAVE_AP_WAITING_ROOM_H

#include "base/error.h"

#include <stdint.h>

/* Connections that wait for the one radio. Whoever has a whole first message in hand is next; who
 * stays silent goes, so that idle or half-open connections do not keep a terminal waiting. */
enum {
    WAITING_ROOM_SEATS = 32,
    WAITING_ROOM_SILENT_MS = 5000,
    WAITING_ROOM_FIRST_MAX = 4096 /* of a first message with its length: OPEN is far shorter */
};

struct waiting_room {
    int listener; /* borrowed */
    unsigned count;
    struct {
        int fd;
        int64_t since_ms;
    } seats[WAITING_ROOM_SEATS]; /* in order of arrival */
};

/* Waits up to timeout_ms; *fd is the caller's. QW_ERR_TIMEOUT: nobody is ready; QW_ERR_IO: the
 * listening socket is broken. */
qw_err waiting_room_next(struct waiting_room *room, int timeout_ms, int *fd) QW_MUST_USE;
void waiting_room_close(struct waiting_room *room);

#endif
