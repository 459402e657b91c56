/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/viewer.h"

#include "base/socket.h"
#include "base/wire_tcp.h"

#include <stdlib.h>

enum { SEND_TIMEOUT_MS = 2000 };

struct qw_air_viewer {
    struct qw_wire wire;
    bool has_asked; /* LOOK is said, MOMENT has not come */
    uint8_t message[QW_AIR_MOMENT_MAX];
};

static qw_err say_hello(struct qw_air_viewer *viewer, int timeout_ms)
{
    struct qw_air_ready ready;
    size_t len = qw_air_hello_encode(QW_AIR_VIEWER, viewer->message, sizeof viewer->message);
    qw_err err = qw_wire_send(&viewer->wire, viewer->message, len);

    if (err == QW_OK) {
        err = qw_wire_receive(&viewer->wire, viewer->message, sizeof viewer->message, &len,
                              timeout_ms);
    }
    if (err == QW_OK) {
        err = qw_air_ready_decode(viewer->message, len, &ready);
    }
    return err == QW_OK && !ready.is_simulated ? QW_ERR_REFUSED : err;
}

qw_err qw_air_viewer_new(const char *address, uint16_t port, int timeout_ms,
                         struct qw_air_viewer **out)
{
    struct qw_air_viewer *viewer = calloc(1, sizeof *viewer);
    qw_err err = QW_ERR_NOMEM;
    int fd = -1;

    if (viewer == NULL) {
        return err;
    }
    err = qw_socket_connect(address, port, timeout_ms, &fd);
    if (err == QW_OK) {
        err = qw_wire_tcp_new(fd, SEND_TIMEOUT_MS, &viewer->wire); /* takes fd */
    }
    if (err == QW_OK) {
        err = say_hello(viewer, timeout_ms);
    }
    if (err != QW_OK) {
        qw_air_viewer_free(viewer);
        return err;
    }
    *out = viewer;
    return QW_OK;
}

qw_err qw_air_viewer_next(struct qw_air_viewer *viewer, struct qw_air_moment *moment,
                          int timeout_ms)
{
    size_t len = qw_air_look_encode(viewer->message, sizeof viewer->message);
    qw_err err = viewer->has_asked ? QW_OK : qw_wire_send(&viewer->wire, viewer->message, len);

    viewer->has_asked = true;
    if (err == QW_OK) {
        err = qw_wire_receive(&viewer->wire, viewer->message, sizeof viewer->message, &len,
                              timeout_ms);
    }
    if (err != QW_OK) {
        return err;
    }
    viewer->has_asked = false;
    return qw_air_moment_decode(viewer->message, len, moment);
}

void qw_air_viewer_free(struct qw_air_viewer *viewer)
{
    if (viewer == NULL) {
        return;
    }
    qw_wire_close(&viewer->wire);
    free(viewer);
}
