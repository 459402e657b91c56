/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_MESSAGE_H
#define QW_RADIO_AIR_MESSAGE_H

#include "base/error.h"
#include "radio/air.h"
#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages between an air and the front ends that stand in it; bytes in docs/protocol/air.md. Every
 * decoder gives QW_ERR_FORMAT for anything but exactly one good message of its kind; outputs are
 * then untouched. */
enum qw_air_message_type {
    QW_AIR_HELLO = 1,
    QW_AIR_READY = 2,
    QW_AIR_PROBE = 3,
    QW_AIR_CSI = 4,
    QW_AIR_SILENCE = 5,
    QW_AIR_TUNE = 6,
    QW_AIR_TUNED = 7,
    QW_AIR_LOOK = 8, /* these two: radio/air/moment.h */
    QW_AIR_MOMENT = 9
};
enum {
    QW_AIR_VERSION = 4,
    QW_AIR_LABEL_CAP = 96,
    QW_AIR_CSI_HEAD_LEN = 35,
    QW_AIR_TONES_MAX = 1024,
    QW_AIR_BEGINNING_LEN = 8 * (QW_CSI_EARLY_TONES + QW_CSI_HALF_TONES), /* of a chain, 20 MHz */
    QW_AIR_MESSAGE_MAX = QW_AIR_CSI_HEAD_LEN + 2 * QW_AIR_TONES_MAX + 8 * QW_CSI_VALUES_MAX + 1
};

struct qw_air_ready {
    char label[QW_AIR_LABEL_CAP];
    bool is_simulated;
    bool is_one_sided; /* a replay: both front ends hear one record; implies is_simulated */
    bool has_phase;
};

struct qw_air_pilot { /* PROBE */
    uint64_t sequence;
    int64_t time_ns; /* >= 0 */
};

/* The first byte; 0 for an empty message. */
uint8_t qw_air_message_type(const uint8_t *data, size_t len);

/* Encoders write to out (cap bytes) and give the length; 0 when it does not fit. */
size_t qw_air_hello_encode(enum qw_air_role role, uint8_t *out, size_t cap);
qw_err qw_air_hello_decode(const uint8_t *data, size_t len, enum qw_air_role *role) QW_MUST_USE;
size_t qw_air_ready_encode(const struct qw_air_ready *ready, uint8_t *out, size_t cap);
qw_err qw_air_ready_decode(const uint8_t *data, size_t len, struct qw_air_ready *ready) QW_MUST_USE;
size_t qw_air_pilot_encode(const struct qw_air_pilot *pilot, uint8_t *out, size_t cap);
qw_err qw_air_pilot_decode(const uint8_t *data, size_t len, struct qw_air_pilot *pilot) QW_MUST_USE;
size_t qw_air_csi_encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap);
/* The same of its first chain alone. */
size_t qw_air_csi_encode_chain(const struct qw_csi_frame *frame, uint8_t *out, size_t cap);
/* Writes the fields and the values in use, nothing else of frame. */
qw_err qw_air_csi_decode(const uint8_t *data, size_t len, struct qw_csi_frame *frame) QW_MUST_USE;
size_t qw_air_silence_encode(uint64_t sequence, uint8_t *out, size_t cap);
qw_err qw_air_silence_decode(const uint8_t *data, size_t len, uint64_t *sequence) QW_MUST_USE;
size_t qw_air_tune_encode(const struct qw_tuning *tuning, uint8_t *out, size_t cap);
qw_err qw_air_tune_decode(const uint8_t *data, size_t len, struct qw_tuning *tuning) QW_MUST_USE;
size_t qw_air_tuned_encode(bool is_tuned, uint8_t *out, size_t cap);
qw_err qw_air_tuned_decode(const uint8_t *data, size_t len, bool *is_tuned) QW_MUST_USE;

#endif
