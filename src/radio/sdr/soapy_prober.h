/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_SOAPY_PROBER_H
#define QW_RADIO_SDR_SOAPY_PROBER_H

#include "radio/csi_source.h"
#include "radio/sdr/soapy_radio.h"
#include "radio/sdr/sounding_receiver.h"

/* A software radio that probes: listens, or takes turns with another one [W1 W15]
 * (docs/design/sdr.md, Turns). */
enum qw_soapy_role {
    QW_SOAPY_LISTEN,
    QW_SOAPY_FIRST, /* sends number 0, 1, 2 ... each interval */
    QW_SOAPY_SECOND /* sends each number back that it hears, a gap later */
};

enum { QW_SOAPY_SILENCE_MS = 5000 /* without a sample: the device is taken for dead */ };

struct qw_soapy_prober_config {
    struct qw_soapy_radio_config radio; /* can_send follows from the role */
    const struct qw_carrier *carrier;   /* of Wi-Fi */
    int station, peer;                  /* QW_SOUNDING_ANY_STATION: none of one's own; anybody */
    enum qw_soapy_role role;
    int64_t interval_ns; /* of the first, over gap_ns */
    int64_t gap_ns;      /* at least what samples take to the computer and back; > 0 */
};

struct qw_soapy_counters {
    struct qw_sounding_counters sounding;
    uint64_t overruns, corrupt;
    uint64_t sends, sends_late;
};

struct qw_soapy_prober;

/* As qw_soapy_radio_open; QW_ERR_ARG also for what the receiver refuses, times out of range (up to
 * an hour), and a role that sends without a station. */
qw_err qw_soapy_prober_open(const struct qw_soapy *soapy,
                            const struct qw_soapy_prober_config *config,
                            struct qw_soapy_prober **prober,
                            char text[static QW_SOAPY_TEXT_CAP]) QW_MUST_USE;
void qw_soapy_prober_close(struct qw_soapy_prober *prober); /* NULL is fine */

/* The next frame of the peer; sends meanwhile what the role has to send. QW_ERR_TIMEOUT: none in
 * timeout_ms; QW_ERR_CLOSED: no sample for QW_SOAPY_SILENCE_MS; QW_ERR_IO: the stream failed. */
qw_err qw_soapy_prober_next(struct qw_soapy_prober *prober, struct qw_csi_frame *frame,
                            int timeout_ms) QW_MUST_USE;

struct qw_soapy_counters qw_soapy_prober_counters(struct qw_soapy_prober *prober);

/* As a front end: amplitudes only, since the ends share no clock; transmit sends the number modulo
 * 4096. Takes the prober. */
struct qw_csi_source qw_soapy_prober_source(struct qw_soapy_prober *prober, const char *label);

#endif
