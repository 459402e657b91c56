/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "radio/live/esp32_serial.h"

#include "radio/capture/esp32.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct esp32_serial {
    int fd;
    size_t len; /* of the line so far; what is beyond the longest line is not kept */
    uint8_t line[QW_ESP32_LINE_MAX];
    /* The reader's side. */
    struct qw_capture_clock clock;
    uint64_t frames;
};
_Static_assert((int)QW_ESP32_LINE_MAX <= (int)QW_LIVE_RECORD_MAX, "a line is a record");

static const struct {
    unsigned baud;
    speed_t speed;
} speeds[] = {
    { 115200, B115200 },   { 230400, B230400 },   { 460800, B460800 },   { 921600, B921600 },
    { 1000000, B1000000 }, { 1500000, B1500000 }, { 2000000, B2000000 },
};

static int64_t now_ns(void)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void take_byte(struct esp32_serial *serial, uint8_t byte, struct qw_live_receiver *receiver)
{
    if (byte == '\n') {
        /* A line that was too long is handed on cut: it is counted as text that is wrong. */
        qw_live_receiver_push(receiver, serial->line, serial->len, now_ns());
        serial->len = 0;
    } else if (serial->len < sizeof serial->line) {
        serial->line[serial->len++] = byte;
    }
}

static qw_err receive(void *self, struct qw_live_receiver *receiver)
{
    struct esp32_serial *serial = self;
    uint8_t bytes[4096];
    ssize_t got = read(serial->fd, bytes, sizeof bytes);

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? QW_OK
               : errno == EIO                    ? QW_ERR_CLOSED /* a terminal that hung up */
                                                 : QW_ERR_IO;
    }
    if (got == 0) {
        return QW_ERR_CLOSED;
    }
    for (ssize_t i = 0; i < got; i++) {
        take_byte(serial, bytes[i], receiver);
    }
    return QW_OK;
}

static enum qw_capture_outcome decode(void *self, const struct qw_live_record *record,
                                      struct qw_csi_frame *frame)
{
    struct esp32_serial *serial = self;
    enum qw_capture_outcome outcome =
        qw_esp32_line_to_frame((const char *)record->data, record->len, &serial->clock, frame);

    if (outcome == QW_CAPTURE_FRAME) {
        frame->sequence = serial->frames++;
    }
    return outcome;
}

static void close_serial(void *self)
{
    struct esp32_serial *serial = self;

    close(serial->fd);
    free(serial);
}

/* Bytes as they come, no echo: otherwise the board would be told its own lines. */
static qw_err set_terminal(int fd, speed_t speed)
{
    struct termios settings;

    if (isatty(fd) != 1) {
        return QW_OK;
    }
    if (tcgetattr(fd, &settings) != 0) {
        return QW_ERR_IO;
    }
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    return cfsetspeed(&settings, speed) == 0 && tcsetattr(fd, TCSANOW, &settings) == 0 ? QW_OK
                                                                                       : QW_ERR_IO;
}

static bool find_speed(unsigned baud, speed_t *speed)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud == baud) {
            *speed = speeds[i].speed;
            return true;
        }
    }
    return false;
}

qw_err qw_esp32_serial_open(const struct qw_esp32_serial_config *config,
                            struct qw_live_receiver **receiver)
{
    struct esp32_serial *serial;
    struct qw_live_device device;
    speed_t speed;
    qw_err err;

    if (!find_speed(config->baud, &speed)) {
        return QW_ERR_ARG;
    }
    serial = calloc(1, sizeof *serial);
    if (serial == NULL) {
        return QW_ERR_NOMEM;
    }
    serial->fd = open(config->path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (serial->fd < 0) {
        err = errno == ENOENT ? QW_ERR_NOT_FOUND : QW_ERR_IO;
        free(serial);
        return err;
    }
    err = set_terminal(serial->fd, speed);
    if (err != QW_OK) {
        close_serial(serial);
        return err;
    }
    device = (struct qw_live_device){ serial, serial->fd, receive, decode, close_serial };
    return qw_live_receiver_new(&device, config->queue_records, receiver);
}
