/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "terminal/card_vpcd.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"

#include <poll.h>
#include <string.h>

enum { LOOK_MS = 200, MESSAGE_MS = 5000 };
enum { POWER_OFF = 0, POWER_ON = 1, RESET = 2, GIVE_ATR = 4 };

/* 3B; T0: TD1 follows, 5 historical bytes; T=0, then T=1; "QWAVE"; check byte. */
const uint8_t qw_card_atr[QW_CARD_ATR_LEN] = {
    0x3b, 0x85, 0x80, 0x01, 'Q', 'W', 'A', 'V', 'E', 0x50
};

static qw_err reply(int fd, const uint8_t *data, size_t len)
{
    uint8_t message[2 + QW_APDU_ANSWER_MAX];
    qw_err err;

    message[0] = (uint8_t)(len >> 8);
    message[1] = (uint8_t)len;
    memcpy(message + 2, data, len);
    err = qw_socket_write(fd, message, 2 + len, qw_clock_monotonic_ms() + MESSAGE_MS);
    qw_wipe(message, sizeof message);
    return err;
}

static qw_err control(struct qw_card_chip *chip, int fd, uint8_t what)
{
    switch (what) {
    case GIVE_ATR:
        return reply(fd, qw_card_atr, sizeof qw_card_atr);
    case POWER_OFF:
    case POWER_ON:
    case RESET:
        qw_card_chip_reset(chip);
        return QW_OK;
    default:
        return QW_OK; /* of a later vpcd: no answer is expected to a control byte */
    }
}

/* len bytes are coming. What is longer than any command of ours is read all the same, and refused
 * by its length. */
static qw_err command(struct qw_card_chip *chip, int fd, size_t len)
{
    uint8_t bytes[QW_APDU_COMMAND_MAX + 1], answer[QW_APDU_ANSWER_MAX];
    int64_t deadline_ms = qw_clock_monotonic_ms() + MESSAGE_MS;
    size_t answer_len = 0, kept = len < sizeof bytes ? len : sizeof bytes;
    qw_err err = QW_OK;

    while (err == QW_OK && len > 0) {
        size_t piece = len < sizeof bytes ? len : sizeof bytes;

        err = qw_socket_read(fd, bytes, piece, deadline_ms);
        len -= piece;
    }
    if (err == QW_OK) {
        qw_card_chip_execute(chip, bytes, kept, answer, &answer_len);
        err = reply(fd, answer, answer_len);
    }
    qw_wipe(bytes, sizeof bytes);
    qw_wipe(answer, sizeof answer);
    return err;
}

static qw_err message(struct qw_card_chip *chip, int fd)
{
    uint8_t head[2], what = 0;
    int64_t deadline_ms = qw_clock_monotonic_ms() + MESSAGE_MS;
    qw_err err = qw_socket_read(fd, head, sizeof head, deadline_ms);
    size_t len;

    if (err != QW_OK) {
        return err;
    }
    len = (size_t)(head[0] << 8 | head[1]);
    if (len == 0) {
        return QW_OK;
    }
    if (len > 1) {
        return command(chip, fd, len);
    }
    err = qw_socket_read(fd, &what, 1, deadline_ms);
    return err == QW_OK ? control(chip, fd, what) : err;
}

qw_err qw_card_vpcd_run(struct qw_card_chip *chip, int fd, const atomic_bool *stop)
{
    struct pollfd watched = { .fd = fd, .events = POLLIN };
    qw_err err = QW_OK;

    while (err == QW_OK && !atomic_load(stop)) {
        if (poll(&watched, 1, LOOK_MS) > 0) {
            err = message(chip, fd);
        }
    }
    return err;
}
