/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "client.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "base/socket.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

static bool is_try_again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

void client_open(struct client *client, int fd, int64_t now_ms)
{
    qw_wipe(client, sizeof *client);
    client->fd = fd;
    client->since_ms = now_ms;
}

void client_close(struct client *client)
{
    qw_socket_close(client->fd);
    qw_wipe(client, sizeof *client);
    client->fd = -1;
}

/* Of the frame that is being read, as far as it is known: its head first. Never more is read, so
 * that a next request stays where it is. 0: its length is none of a request. */
static size_t frame_len(const struct client *client)
{
    uint32_t len;

    if (client->in_len < CLIENT_FRAME_HEAD_LEN) {
        return CLIENT_FRAME_HEAD_LEN;
    }
    len = qw_load_u32be(client->in);
    return len < QW_LOCAL_REQUEST_MIN || len > QW_LOCAL_REQUEST_MAX ? 0
                                                                    : CLIENT_FRAME_HEAD_LEN + len;
}

qw_err client_read(struct client *client, int64_t now_ms)
{
    size_t wanted = frame_len(client);
    ssize_t got =
        recv(client->fd, client->in + client->in_len, wanted - client->in_len, MSG_DONTWAIT);
    qw_err err;

    if (got == 0) {
        return QW_ERR_CLOSED;
    }
    if (got < 0) {
        return is_try_again() ? QW_OK : QW_ERR_IO;
    }
    if (client->in_len == 0) {
        client->since_ms = now_ms;
    }
    client->in_len += (size_t)got;
    if (client->in_len < CLIENT_FRAME_HEAD_LEN) {
        return QW_OK;
    }
    wanted = frame_len(client);
    if (wanted == 0) {
        return QW_ERR_FORMAT;
    }
    if (client->in_len < wanted) {
        return QW_OK; /* poll says again that there is more */
    }
    err = qw_local_request_decode(client->in + CLIENT_FRAME_HEAD_LEN,
                                  wanted - CLIENT_FRAME_HEAD_LEN, &client->request);
    if (err == QW_OK) {
        client->phase = CLIENT_WAITING;
        client->since_ms = now_ms;
        client->in_len = 0;
        client->attempts = 0;
    }
    return err;
}

qw_err client_answer(struct client *client, const struct qw_local_answer *answer, int64_t now_ms)
{
    size_t len = 0;
    qw_err err = qw_local_answer_encode(answer, client->out + CLIENT_FRAME_HEAD_LEN,
                                        QW_LOCAL_ANSWER_MAX, &len);

    if (err != QW_OK) {
        return err;
    }
    qw_store_u32be(client->out, (uint32_t)len);
    client->out_len = CLIENT_FRAME_HEAD_LEN + len;
    client->out_at = 0;
    client->phase = CLIENT_WRITING;
    client->since_ms = now_ms;
    return client_write(client, now_ms);
}

qw_err client_write(struct client *client, int64_t now_ms)
{
    ssize_t put = send(client->fd, client->out + client->out_at, client->out_len - client->out_at,
                       MSG_DONTWAIT | MSG_NOSIGNAL);

    if (put < 0) {
        return is_try_again() ? QW_OK : QW_ERR_IO;
    }
    client->out_at += (size_t)put;
    if (client->out_at == client->out_len) {
        qw_wipe(client->out, sizeof client->out);
        client->phase = CLIENT_READING;
        client->since_ms = now_ms;
    }
    return QW_OK;
}
