/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_OPTICS_MESSAGE_H
#define QW_QKD_OPTICS_MESSAGE_H

#include "base/error.h"
#include "qkd/link/clicks.h"
#include "qkd/optics.h"

#include <stddef.h>
#include <stdint.h>

/* Messages between the simulated optics and the two ends of a link. Bytes:
 * docs/protocol/qkd-optics.md. Decoders give QW_ERR_FORMAT for anything but one message. */
enum {
    QW_OPTICS_HELLO_LEN = 2,
    QW_OPTICS_PULSES_LEN = 1 + 8 + 4 + 1 + 4 * QW_DECOY_INTENSITIES_MAX,
    QW_OPTICS_ASK_LEN = 5,
    QW_OPTICS_CLICKS_MAX = QW_QKD_PART_MAX,
    QW_OPTICS_CLICK_LEN = 9,
    QW_OPTICS_CLICKS_LEN_MAX = 1 + 4 + QW_OPTICS_CLICK_LEN * QW_OPTICS_CLICKS_MAX
};

void qw_optics_hello_encode(uint8_t role, uint8_t out[static QW_OPTICS_HELLO_LEN]);
qw_err qw_optics_hello_decode(const uint8_t *message, size_t len, uint8_t *role) QW_MUST_USE;

struct qw_optics_pulses {
    uint64_t seed;
    uint32_t key_basis_millionths;
    uint8_t intensities;
    uint32_t share_millionths[QW_DECOY_INTENSITIES_MAX];
};
void qw_optics_pulses_encode(const struct qw_optics_pulses *pulses,
                             uint8_t out[static QW_OPTICS_PULSES_LEN]);
qw_err qw_optics_pulses_decode(const uint8_t *message, size_t len,
                               struct qw_optics_pulses *pulses) QW_MUST_USE;
/* Alice's record of what she sent. */
struct qw_pulse_record qw_optics_pulses_record(const struct qw_optics_pulses *pulses);

void qw_optics_ask_encode(uint32_t count, uint8_t out[static QW_OPTICS_ASK_LEN]);
qw_err qw_optics_ask_decode(const uint8_t *message, size_t len, uint32_t *count) QW_MUST_USE;

/* count 1..QW_OPTICS_CLICKS_MAX; out [QW_OPTICS_CLICKS_LEN_MAX]. Gives the length. */
size_t qw_optics_clicks_encode(const struct qw_qkd_click *clicks, size_t count, uint8_t *out);
/* clicks [QW_OPTICS_CLICKS_MAX]; after an error undefined. */
qw_err qw_optics_clicks_decode(const uint8_t *message, size_t len, struct qw_qkd_click *clicks,
                               size_t *count) QW_MUST_USE;

#endif
