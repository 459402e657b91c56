/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/tap.h"

#include "base/socket.h"
#include "base/wire_tcp.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { CONNECT_TIMEOUT_MS = 2000, SEND_TIMEOUT_MS = 5000, TURN_MS = 20 };

struct tap {
    int listener;
    uint16_t target_port;
    void (*hear)(void *self, bool from_terminal, const uint8_t *message, size_t len);
    void *self;
    uint8_t *message; /* QW_WIRE_MESSAGE_MAX bytes: what crosses a public wire is no secret */
    atomic_bool stop;
    pthread_t thread;
};

/* Passes on what is waiting at one end. False when an end is gone. */
static bool pass(struct tap *tap, struct qw_wire *from, struct qw_wire *to, bool from_terminal,
                 int timeout_ms)
{
    size_t len = 0;
    qw_err err = qw_wire_receive(from, tap->message, QW_WIRE_MESSAGE_MAX, &len, timeout_ms);

    if (err == QW_ERR_TIMEOUT) {
        return true;
    }
    if (err != QW_OK) {
        return false;
    }
    tap->hear(tap->self, from_terminal, tap->message, len);
    return qw_wire_send(to, tap->message, len) == QW_OK;
}

static void serve(struct tap *tap, int terminal_fd)
{
    struct qw_wire terminal = { 0 };
    struct qw_wire access_point = { 0 };
    int fd = -1;

    if (qw_wire_tcp_new(terminal_fd, SEND_TIMEOUT_MS, &terminal) == QW_OK &&
        qw_socket_connect("127.0.0.1", tap->target_port, CONNECT_TIMEOUT_MS, &fd) == QW_OK &&
        qw_wire_tcp_new(fd, SEND_TIMEOUT_MS, &access_point) == QW_OK) {
        bool both = true;

        while (both && !atomic_load(&tap->stop)) {
            both = pass(tap, &terminal, &access_point, true, TURN_MS) &&
                   pass(tap, &access_point, &terminal, false, TURN_MS);
        }
    }
    qw_wire_close(&terminal);
    qw_wire_close(&access_point);
}

static void *run(void *argument)
{
    struct tap *tap = argument;

    while (!atomic_load(&tap->stop)) {
        int fd = -1;

        if (qw_socket_accept(tap->listener, 100, &fd) == QW_OK) {
            serve(tap, fd);
        }
    }
    return NULL;
}

qw_err tap_new(uint16_t target_port,
               void (*hear)(void *self, bool from_terminal, const uint8_t *message, size_t len),
               void *self, struct tap **out, uint16_t *port)
{
    struct tap *tap = calloc(1, sizeof *tap);
    qw_err err = QW_ERR_NOMEM;

    if (tap == NULL) {
        return QW_ERR_NOMEM;
    }
    *tap = (struct tap){ .listener = -1, .target_port = target_port, .hear = hear, .self = self };
    tap->message = malloc(QW_WIRE_MESSAGE_MAX);
    if (tap->message == NULL) {
        goto out;
    }
    err = qw_socket_listen("127.0.0.1", 0, &tap->listener, port);
    if (err != QW_OK) {
        goto out;
    }
    if (pthread_create(&tap->thread, NULL, run, tap) != 0) {
        err = QW_ERR_IO;
        goto out;
    }
    *out = tap;
    return QW_OK;
out:
    qw_socket_close(tap->listener);
    free(tap->message);
    free(tap);
    return err;
}

void tap_free(struct tap *tap)
{
    if (tap == NULL) {
        return;
    }
    atomic_store(&tap->stop, true);
    pthread_join(tap->thread, NULL);
    qw_socket_close(tap->listener);
    free(tap->message);
    free(tap);
}
