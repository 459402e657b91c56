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
    QW_SOAPY_FIRST,  /* sends number 0, 1, 2 ... each interval */
    QW_SOAPY_SECOND, /* sends each number back that it hears, a gap later */
    QW_SOAPY_AS_TOLD /* sends what qw_soapy_prober_send says, and nothing else */
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

/* The same; QW_ERR_TIMEOUT also when none has come by until_ns of the device's clock. */
qw_err qw_soapy_prober_next_until(struct qw_soapy_prober *prober, struct qw_csi_frame *frame,
                                  int timeout_ms, int64_t until_ns) QW_MUST_USE;
/* Sends this number modulo 4096 at time_ns of the device's clock; too late is counted, and no
 * error. QW_ERR_UNAVAILABLE: a role that listens; QW_ERR_IO. */
qw_err qw_soapy_prober_send(struct qw_soapy_prober *prober, uint64_t number,
                            int64_t time_ns) QW_MUST_USE;
/* What the device has kept from before is dropped, and *time_ns is its present time. QW_ERR_IO;
 * QW_ERR_TIMEOUT: it gives no samples, or more than can be read. */
qw_err qw_soapy_prober_catch_up(struct qw_soapy_prober *prober, int64_t *time_ns) QW_MUST_USE;
/* Of the sample that comes next, by the device's clock; 0 before the first one. */
int64_t qw_soapy_prober_time_ns(const struct qw_soapy_prober *prober);
void qw_soapy_prober_driver(const struct qw_soapy_prober *prober,
                            char driver[static QW_SOAPY_DRIVER_CAP]);
/* Seconds that a frame takes in the air. */
double qw_soapy_prober_frame_s(const struct qw_soapy_prober *prober);

struct qw_soapy_counters qw_soapy_prober_counters(struct qw_soapy_prober *prober);

/* As a front end: amplitudes only, since the ends share no clock; transmit sends the number modulo
 * 4096. Takes the prober. */
struct qw_csi_source qw_soapy_prober_source(struct qw_soapy_prober *prober, const char *label);

#endif
