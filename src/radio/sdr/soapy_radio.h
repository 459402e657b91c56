/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_SOAPY_RADIO_H
#define QW_RADIO_SDR_SOAPY_RADIO_H

#include "base/error.h"
#include "radio/sdr/soapy_library.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One device of SoapySDR: what it is set to, samples with their times, and what went wrong with
 * them. One thread. */
enum { QW_SOAPY_TEXT_CAP = 256 };

struct qw_soapy_radio_config {
    const char *args; /* "driver=uhd,serial=...", as SoapySDRUtil takes them */
    size_t channel;
    double frequency_hz, rate_hz, gain_db;
    const char *antenna; /* NULL: as the device stands */
    bool can_send;       /* false: nothing of the transmitter is touched */
    double send_gain_db;
    const char *send_antenna; /* NULL: as the device stands */
};

struct qw_soapy_radio;

/* Borrows soapy; copies nothing of config that outlives the call. QW_ERR_NOT_FOUND (no device),
 * QW_ERR_ARG (a setting refused, another rate than asked for, no such channel), QW_ERR_UNAVAILABLE
 * (can_send, and the device has no clock or no transmitter), QW_ERR_IO (no stream), QW_ERR_NOMEM.
 * text then says why, for people; else it is empty. */
qw_err qw_soapy_radio_open(const struct qw_soapy *soapy, const struct qw_soapy_radio_config *config,
                           struct qw_soapy_radio **radio,
                           char text[static QW_SOAPY_TEXT_CAP]) QW_MUST_USE;
void qw_soapy_radio_close(struct qw_soapy_radio *radio); /* NULL is fine */

/* Which driver of SoapySDR it is, as that says itself; "unknown" of one that does not. */
enum { QW_SOAPY_DRIVER_CAP = 40 };
void qw_soapy_radio_driver(const struct qw_soapy_radio *radio,
                           char driver[static QW_SOAPY_DRIVER_CAP]);

enum qw_soapy_event {
    QW_SOAPY_SAMPLES, /* count >= 1 of them */
    QW_SOAPY_NOTHING, /* none in time */
    QW_SOAPY_OVERRUN, /* some were lost before the next ones */
    QW_SOAPY_CORRUPT  /* a packet could not be used */
};

struct qw_soapy_block {
    enum qw_soapy_event event;
    size_t count;
    int64_t time_ns; /* of the first sample: the device's clock, or a count of samples */
};

/* At most cap samples, waiting at most timeout_ms. QW_ERR_IO: any other error of the stream. */
qw_err qw_soapy_radio_read(struct qw_soapy_radio *radio, float complex *sample, size_t cap,
                           int timeout_ms, struct qw_soapy_block *block) QW_MUST_USE;

/* Sends samples, the first at time_ns of the device's clock. QW_ERR_UNAVAILABLE: opened without
 * can_send. QW_ERR_TIMEOUT: not taken, nothing is known to have been sent; QW_ERR_IO. */
qw_err qw_soapy_radio_send(struct qw_soapy_radio *radio, const float complex *sample, size_t count,
                           int64_t time_ns) QW_MUST_USE;
/* Sends that came too late for their time, or ran dry, as the device told since it was opened. */
uint64_t qw_soapy_radio_late(struct qw_soapy_radio *radio);

#endif
