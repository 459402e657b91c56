/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/handover/frame.h"

#include "base/bytes.h"
#include "base/socket.h"

qw_err qw_handover_send(int fd, const uint8_t *message, size_t len, int64_t deadline_ms)
{
    uint8_t head[4];
    qw_err err;

    qw_store_u32be(head, (uint32_t)len);
    err = qw_socket_write(fd, head, sizeof head, deadline_ms);
    return err == QW_OK ? qw_socket_write(fd, message, len, deadline_ms) : err;
}

static qw_err read_on(int fd, uint8_t *data, size_t len, size_t *at, int64_t deadline_ms)
{
    while (*at < len) {
        size_t got = 0;
        qw_err err = qw_socket_read_some(fd, data + *at, len - *at, &got, deadline_ms);

        if (err != QW_OK) {
            return err;
        }
        *at += got;
    }
    return QW_OK;
}

qw_err qw_handover_receive(int fd, struct qw_handover_inbox *inbox, size_t *len,
                           int64_t deadline_ms)
{
    size_t announced;
    qw_err err = read_on(fd, inbox->head, sizeof inbox->head, &inbox->head_got, deadline_ms);

    if (err != QW_OK) {
        return err;
    }
    announced = qw_load_u32be(inbox->head);
    if (announced > QW_HANDOVER_LEN_MAX) {
        return QW_ERR_SPACE;
    }
    err = read_on(fd, inbox->message, announced, &inbox->body_got, deadline_ms);
    if (err == QW_OK) {
        *len = announced;
        inbox->head_got = 0;
        inbox->body_got = 0;
    }
    return err;
}
