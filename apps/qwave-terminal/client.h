/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_CLIENT_H
#define QWAVE_TERMINAL_CLIENT_H

#include "api/local_message.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* One application on the terminal's socket: reads a request, waits for its answer, writes it, and
 * starts again. Lives in secret memory: an answer holds a key. Never blocks. */
enum { CLIENT_FRAME_HEAD_LEN = 4 };

enum client_phase {
    CLIENT_READING, /* a request */
    CLIENT_WAITING, /* the server owes it an answer */
    CLIENT_WRITING  /* the answer */
};

struct client {
    int fd;
    enum client_phase phase;
    int64_t since_ms; /* start of the phase, or of the request's first byte */
    struct qw_local_request request;
    unsigned attempts; /* radio sessions run for this request */
    uint8_t in[CLIENT_FRAME_HEAD_LEN + QW_LOCAL_REQUEST_MAX];
    size_t in_len;
    uint8_t out[CLIENT_FRAME_HEAD_LEN + QW_LOCAL_ANSWER_MAX];
    size_t out_len, out_at;
};

/* Takes fd. */
void client_open(struct client *client, int fd, int64_t now_ms);
void client_close(struct client *client); /* wipes */

/* Reads what has come. QW_OK with phase WAITING: a whole request is there, see request.
 * QW_ERR_CLOSED, QW_ERR_FORMAT, QW_ERR_IO: close it. */
qw_err client_read(struct client *client, int64_t now_ms) QW_MUST_USE;
/* Makes the frame and starts to write. */
qw_err client_answer(struct client *client, const struct qw_local_answer *answer,
                     int64_t now_ms) QW_MUST_USE;
/* Writes on; back to READING when all is written. */
qw_err client_write(struct client *client, int64_t now_ms) QW_MUST_USE;

#endif
