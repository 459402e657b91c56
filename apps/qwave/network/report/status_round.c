/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "network/report/status_round.h"

#include "api/json_reader.h"
#include "base/clock.h"
#include "base/socket.h"
#include "node/node_control.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_START = 4096, CONNECT_MS = 50 };

static void hang_up(struct status_ask *ask)
{
    qw_socket_close(ask->fd);
    ask->fd = -1;
}

static void call(struct status_ask *ask)
{
    static const char request[] = "status\n";

    ask->status = NULL;
    ask->len = 0;
    ask->fd = -1;
    if (qw_socket_connect_unix(ask->path, CONNECT_MS, &ask->fd) != QW_OK) {
        ask->fd = -1;
        return;
    }
    if (qw_socket_write(ask->fd, request, sizeof request - 1, qw_clock_monotonic_ms()) != QW_OK) {
        hang_up(ask);
    }
}

/* False: there is no memory, or the node says too much. */
static bool make_room(struct status_ask *ask)
{
    size_t cap = ask->cap == 0 ? LINE_START : 2 * ask->cap;
    char *line;

    if (ask->len < ask->cap) {
        return true;
    }
    line = cap > 2 * NODE_ANSWER_CAP ? NULL : realloc(ask->line, cap);
    if (line == NULL) {
        return false;
    }
    ask->line = line;
    ask->cap = cap;
    return true;
}

/* "ok {...}" */
static void take(struct status_ask *ask)
{
    struct qw_json_reader r;

    ask->line[ask->len - 1] = '\0';
    if (strncmp(ask->line, "ok {", 4) == 0 &&
        qw_json_open(ask->line + 3, ask->len - 4, &r) == QW_OK) {
        ask->status = ask->line + 3;
        qw_json_close(&r);
    }
}

static void hear(struct status_ask *ask)
{
    for (;;) {
        size_t got = 0;
        qw_err err = make_room(ask)
                         ? qw_socket_read_some(ask->fd, ask->line + ask->len, ask->cap - ask->len,
                                               &got, qw_clock_monotonic_ms())
                         : QW_ERR_SPACE;

        if (err == QW_ERR_TIMEOUT) {
            return;
        }
        ask->len += got;
        if (err == QW_OK && ask->line[ask->len - 1] == '\n') {
            take(ask);
            err = QW_ERR_CLOSED;
        }
        if (err != QW_OK) {
            hang_up(ask);
            return;
        }
    }
}

/* Those under way into polled, with their numbers in which; gives how many. */
static size_t wait_for(const struct status_ask *ask, size_t count, struct pollfd *polled,
                       size_t *which)
{
    size_t open = 0;

    for (size_t i = 0; i < count; i++) {
        if (ask[i].fd >= 0) {
            polled[open] = (struct pollfd){ .fd = ask[i].fd, .events = POLLIN };
            which[open++] = i;
        }
    }
    return open;
}

void status_round(struct status_ask *ask, size_t count, int timeout_ms)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    struct pollfd *polled = calloc(count, sizeof *polled);
    size_t *which = calloc(count, sizeof *which);

    for (size_t i = 0; i < count; i++) {
        call(&ask[i]);
    }
    while (polled != NULL && which != NULL) {
        int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();
        size_t open = wait_for(ask, count, polled, which);

        if (open == 0 || left_ms <= 0 || poll(polled, (nfds_t)open, (int)left_ms) <= 0) {
            break;
        }
        for (size_t i = 0; i < open; i++) {
            if (polled[i].revents != 0) {
                hear(&ask[which[i]]);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        hang_up(&ask[i]);
    }
    free(polled);
    free(which);
}

void status_round_free(struct status_ask *ask, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(ask[i].line);
        ask[i].line = NULL;
        ask[i].cap = 0;
    }
}
