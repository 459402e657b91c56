/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd_link/optics_switch.h"

#include "base/clock.h"
#include "base/socket.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum { DARK = 0, LIT = 1, WORDS = 64 };

qw_err optics_switch_open(struct optics_switch *light, const char *path)
{
    *light = (struct optics_switch){ .listener = -1, .fd = -1 };
    return qw_socket_listen_unix(path, &light->listener);
}

static void hang_up(struct optics_switch *light)
{
    qw_socket_close(light->fd);
    light->fd = -1;
    light->is_lit = false; /* W3 */
}

void optics_switch_close(struct optics_switch *light)
{
    hang_up(light);
    qw_socket_close(light->listener);
    light->listener = -1;
}

/* The newest word of the newest relay. */
static void look(struct optics_switch *light)
{
    int fd;

    while (qw_socket_accept(light->listener, 0, &fd) == QW_OK) {
        hang_up(light);
        light->fd = fd;
    }
    while (light->fd >= 0) {
        uint8_t word[WORDS];
        size_t len = 0;
        qw_err err =
            qw_socket_read_some(light->fd, word, sizeof word, &len, qw_clock_monotonic_ms());

        if (err == QW_ERR_TIMEOUT) {
            return;
        }
        for (size_t i = 0; err == QW_OK && i < len; i++) {
            err = word[i] == DARK || word[i] == LIT ? QW_OK : QW_ERR_FORMAT;
            light->is_lit = word[i] == LIT;
        }
        if (err != QW_OK) {
            hang_up(light);
        }
    }
}

qw_err optics_switch_wait(struct optics_switch *light, int waiter_fd)
{
    for (;;) {
        struct pollfd polled[] = { { .fd = waiter_fd, .events = POLLIN },
                                   { .fd = light->listener, .events = POLLIN },
                                   { .events = POLLIN } };

        look(light);
        if (light->is_lit) {
            return QW_OK;
        }
        polled[2].fd = light->fd; /* -1 is not looked at */
        if (poll(polled, sizeof polled / sizeof polled[0], -1) < 0 && errno != EINTR) {
            return QW_ERR_IO;
        }
        if (polled[0].revents != 0) {
            return QW_ERR_CLOSED;
        }
    }
}
