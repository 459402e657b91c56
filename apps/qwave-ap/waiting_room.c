/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "waiting_room.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/socket.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { FRAME_HEAD_LEN = 4, SHORT_PAUSE_MS = 20 };

enum state { SILENT, READY, HOPELESS };

/* Looks without taking: the session reads the message itself. */
static enum state look_at(int fd)
{
    uint8_t head[WAITING_ROOM_FIRST_MAX];
    ssize_t got = recv(fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    size_t announced;

    if (got == 0) {
        return HOPELESS; /* gone again */
    }
    if (got < FRAME_HEAD_LEN) {
        return SILENT; /* also for an error: the silence has its limit */
    }
    announced = qw_load_u32be(head);
    if (announced > sizeof head - FRAME_HEAD_LEN) {
        return HOPELESS;
    }
    return (size_t)got >= FRAME_HEAD_LEN + announced ? READY : SILENT;
}

static int take_seat(struct waiting_room *room, unsigned seat)
{
    int fd = room->seats[seat].fd;

    room->count--;
    for (unsigned i = seat; i < room->count; i++) {
        room->seats[i] = room->seats[i + 1];
    }
    return fd;
}

/* Takes in everybody who stands at the door; *broken when the listening socket is. */
static void let_in(struct waiting_room *room, bool *broken)
{
    while (room->count < WAITING_ROOM_SEATS) {
        int fd = -1;
        qw_err err = qw_socket_accept(room->listener, 0, &fd);

        if (err != QW_OK) {
            *broken = err != QW_ERR_TIMEOUT;
            return;
        }
        room->seats[room->count].fd = fd;
        room->seats[room->count].since_ms = qw_clock_monotonic_ms();
        room->count++;
    }
}

/* The first who is ready, else -1; shows the hopeless and the silent the door. */
static int find_ready(struct waiting_room *room)
{
    unsigned seat = 0;

    while (seat < room->count) {
        enum state state = look_at(room->seats[seat].fd);
        int64_t waited_ms = qw_clock_monotonic_ms() - room->seats[seat].since_ms;

        if (state == READY) {
            return take_seat(room, seat);
        }
        if (state == HOPELESS || waited_ms > WAITING_ROOM_SILENT_MS) {
            qw_socket_close(take_seat(room, seat));
        } else {
            seat++;
        }
    }
    return -1;
}

qw_err waiting_room_next(struct waiting_room *room, int timeout_ms, int *fd)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    bool broken = false;

    for (;;) {
        struct pollfd door = { .fd = room->listener, .events = POLLIN };
        int64_t left_ms;
        int ready;

        let_in(room, &broken);
        ready = find_ready(room);
        if (ready >= 0) {
            *fd = ready;
            return QW_OK;
        }
        left_ms = deadline_ms - qw_clock_monotonic_ms();
        if (broken || left_ms <= 0) {
            return broken ? QW_ERR_IO : QW_ERR_TIMEOUT;
        }
        /* A waiting connection with half a message would wake poll at once and for ever: while
         * somebody waits, look at them all at short intervals. */
        (void)poll(&door, room->count < WAITING_ROOM_SEATS ? 1 : 0,
                   room->count > 0 && left_ms > SHORT_PAUSE_MS ? SHORT_PAUSE_MS : (int)left_ms);
    }
}

void waiting_room_close(struct waiting_room *room)
{
    while (room->count > 0) {
        qw_socket_close(take_seat(room, 0));
    }
}
