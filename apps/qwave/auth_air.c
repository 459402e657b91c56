/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_air.h"

#include "base/clock.h"
#include "base/host.h"
#include "base/wire_tcp.h"
#include "radio/air.h"
#include "terminal/deadline_wire.h"
#include "terminal/word_contact.h"

enum { TIMEOUT_MS = 30000, CONNECT_TIMEOUT_MS = 5000 };

qw_err auth_air_carry(void *self, const uint8_t *message, size_t len, uint8_t *answer, size_t cap,
                      size_t *answer_len)
{
    const struct auth_air *air = self;
    struct qw_wire stream = { 0 }, wire = { 0 };
    struct qw_csi_source radio = { 0 };
    struct qw_deadline_wire limits = { .inner = &stream,
                                       .deadline_ms = qw_clock_monotonic_ms() + TIMEOUT_MS };
    const struct qw_word_contact contact = { .terminal_id = air->terminal_id,
                                             .radio = &radio,
                                             .wire = &wire };
    int fd = -1;
    qw_err err =
        qw_host_connect(air->access_point_host, air->access_point_port, CONNECT_TIMEOUT_MS, &fd);

    if (err == QW_OK) {
        err = qw_wire_tcp_new(fd, TIMEOUT_MS, &stream); /* takes fd */
    }
    if (err == QW_OK) {
        err = qw_air_connect(air->air_host, air->air_port, QW_AIR_TERMINAL, CONNECT_TIMEOUT_MS,
                             &radio);
    }
    if (err == QW_OK) {
        qw_deadline_wire_on(&limits, &wire);
        err = qw_word_contact_run(&contact, message, len, answer, cap, answer_len);
    }
    qw_csi_source_close(&radio);
    qw_wire_close(&wire);
    qw_wire_close(&stream);
    return err;
}
