/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/sdr/soapy_radio.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEND_TIMEOUT_US = 100000, SEND_CHUNKS_MAX = 64, STATUS_MAX = 64 };

static const double RATE_TOLERANCE = 1e-3;
static const long long TIME_MAX_NS = 1LL << 62; /* sums of times stay in range */

struct qw_soapy_radio {
    const struct qw_soapy *soapy; /* borrowed */
    struct SoapySDRDevice *device;
    struct SoapySDRStream *receive, *send; /* send NULL: cannot */
    size_t channel;
    double rate_hz;
    int64_t counted_ns; /* time of the next sample, should it come without one */
    bool has_counted;
    uint64_t late;
};

/* What was refused, and the library's words. */
static qw_err refused(const struct qw_soapy *soapy, qw_err err, const char *what,
                      char text[static QW_SOAPY_TEXT_CAP])
{
    const char *words = soapy->last_error();

    (void)snprintf(text, QW_SOAPY_TEXT_CAP, "%s%s%s", what,
                   words != NULL && words[0] != '\0' ? ": " : "", words != NULL ? words : "");
    return err;
}

static bool rate_ok(const struct qw_soapy_radio *radio, int direction, double rate_hz)
{
    double got_hz = radio->soapy->get_rate(radio->device, direction, radio->channel);

    return fabs(got_hz / rate_hz - 1.0) <= RATE_TOLERANCE; /* false for what is no number */
}

static qw_err tune(struct qw_soapy_radio *radio, const struct qw_soapy_radio_config *config,
                   int direction, char text[static QW_SOAPY_TEXT_CAP])
{
    const struct qw_soapy *soapy = radio->soapy;
    struct SoapySDRDevice *device = radio->device;
    size_t channel = config->channel;
    const char *antenna = direction == QW_SOAPY_SEND ? config->send_antenna : config->antenna;
    double gain_db = direction == QW_SOAPY_SEND ? config->send_gain_db : config->gain_db;

    if (channel >= soapy->channels(device, direction)) {
        return refused(soapy, QW_ERR_ARG, "no such channel", text);
    }
    if (soapy->set_rate(device, direction, channel, config->rate_hz) != 0 ||
        !rate_ok(radio, direction, config->rate_hz)) {
        return refused(soapy, QW_ERR_ARG, "the sample rate is not to be had", text);
    }
    if (soapy->set_frequency(device, direction, channel, config->frequency_hz, NULL) != 0) {
        return refused(soapy, QW_ERR_ARG, "the frequency is refused", text);
    }
    if (antenna != NULL && soapy->set_antenna(device, direction, channel, antenna) != 0) {
        return refused(soapy, QW_ERR_ARG, "the antenna is refused", text);
    }
    if ((soapy->has_gain_mode(device, direction, channel) &&
         soapy->set_gain_mode(device, direction, channel, false) != 0) ||
        soapy->set_gain(device, direction, channel, gain_db) != 0) {
        return refused(soapy, QW_ERR_ARG, "the gain is refused", text);
    }
    return QW_OK;
}

static qw_err start(struct qw_soapy_radio *radio, int direction, struct SoapySDRStream **stream,
                    char text[static QW_SOAPY_TEXT_CAP])
{
    const struct qw_soapy *soapy = radio->soapy;

    *stream = soapy->setup_stream(radio->device, direction, "CF32", &radio->channel, 1, NULL);
    if (*stream == NULL) {
        return refused(soapy, QW_ERR_IO, "no stream", text);
    }
    if (soapy->activate(radio->device, *stream, 0, 0, 0) != 0) {
        return refused(soapy, QW_ERR_IO, "the stream does not start", text);
    }
    return QW_OK;
}

static qw_err set_up(struct qw_soapy_radio *radio, const struct qw_soapy_radio_config *config,
                     char text[static QW_SOAPY_TEXT_CAP])
{
    const struct qw_soapy *soapy = radio->soapy;
    qw_err err;

    radio->device = soapy->make(config->args);
    if (radio->device == NULL) {
        return refused(soapy, QW_ERR_NOT_FOUND, "no such device", text);
    }
    err = tune(radio, config, QW_SOAPY_RECEIVE, text);
    if (err == QW_OK && config->can_send) {
        if (soapy->channels(radio->device, QW_SOAPY_SEND) == 0 ||
            !soapy->has_time(radio->device, "")) {
            (void)snprintf(text, QW_SOAPY_TEXT_CAP, "%s",
                           "the device has no transmitter, or no clock to send by");
            return QW_ERR_UNAVAILABLE;
        }
        err = tune(radio, config, QW_SOAPY_SEND, text);
    }
    /* The transmitter first: some devices only stream both when both were set up before. */
    if (err == QW_OK && config->can_send) {
        err = start(radio, QW_SOAPY_SEND, &radio->send, text);
    }
    return err == QW_OK ? start(radio, QW_SOAPY_RECEIVE, &radio->receive, text) : err;
}

qw_err qw_soapy_radio_open(const struct qw_soapy *soapy, const struct qw_soapy_radio_config *config,
                           struct qw_soapy_radio **radio, char text[static QW_SOAPY_TEXT_CAP])
{
    struct qw_soapy_radio *made = calloc(1, sizeof *made);
    qw_err err;

    text[0] = '\0';
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    *made = (struct qw_soapy_radio){ .soapy = soapy,
                                     .channel = config->channel,
                                     .rate_hz = config->rate_hz };
    err = set_up(made, config, text);
    if (err != QW_OK) {
        qw_soapy_radio_close(made);
        return err;
    }
    *radio = made;
    return QW_OK;
}

static void stop(const struct qw_soapy_radio *radio, struct SoapySDRStream *stream)
{
    if (stream != NULL) {
        (void)radio->soapy->deactivate(radio->device, stream, 0, 0);
        (void)radio->soapy->close_stream(radio->device, stream);
    }
}

void qw_soapy_radio_close(struct qw_soapy_radio *radio)
{
    if (radio == NULL) {
        return;
    }
    stop(radio, radio->send);
    stop(radio, radio->receive);
    if (radio->device != NULL) {
        (void)radio->soapy->unmake(radio->device);
    }
    free(radio);
}

/* Printable, since it goes to logs: a driver is a plug-in of anybody's. */
void qw_soapy_radio_driver(const struct qw_soapy_radio *radio,
                           char driver[static QW_SOAPY_DRIVER_CAP])
{
    char *key = radio->soapy->driver_key(radio->device); /* of malloc, ours */

    (void)snprintf(driver, QW_SOAPY_DRIVER_CAP, "%s",
                   key != NULL && key[0] != '\0' ? key : "unknown");
    free(key);
    for (char *c = driver; *c != '\0'; c++) {
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
    }
}

/* The device's stamp; without one, on from the block before, or from the computer's clock where
 * there is none to go on from. */
static int64_t time_of(struct qw_soapy_radio *radio, size_t count, bool has_stamp, long long stamp)
{
    int64_t length_ns = (int64_t)llround(1e9 * (double)count / radio->rate_hz);
    int64_t first_ns = radio->counted_ns;

    if (has_stamp) {
        first_ns = stamp > TIME_MAX_NS ? TIME_MAX_NS : stamp < -TIME_MAX_NS ? -TIME_MAX_NS : stamp;
    } else if (!radio->has_counted) {
        first_ns = qw_clock_monotonic_ms() * 1000000 - length_ns;
    }
    radio->counted_ns = first_ns + length_ns;
    radio->has_counted = true;
    return first_ns;
}

qw_err qw_soapy_radio_read(struct qw_soapy_radio *radio, float complex *sample, size_t cap,
                           int timeout_ms, struct qw_soapy_block *block)
{
    void *const buffers[1] = { sample };
    int flags = 0;
    long long time_ns = 0;
    int got = radio->soapy->read(radio->device, radio->receive, buffers, cap, &flags, &time_ns,
                                 1000L * timeout_ms);

    if (got > 0 && (size_t)got <= cap) {
        block->event = QW_SOAPY_SAMPLES;
        block->count = (size_t)got;
        block->time_ns = time_of(radio, (size_t)got, (flags & QW_SOAPY_HAS_TIME) != 0, time_ns);
        return QW_OK;
    }
    switch (got) {
    case 0:
    case QW_SOAPY_TIMEOUT:
        *block = (struct qw_soapy_block){ .event = QW_SOAPY_NOTHING };
        return QW_OK;
    case QW_SOAPY_OVERFLOW:
        *block = (struct qw_soapy_block){ .event = QW_SOAPY_OVERRUN };
        break;
    case QW_SOAPY_CORRUPTION:
        *block = (struct qw_soapy_block){ .event = QW_SOAPY_CORRUPT };
        break;
    default:
        return QW_ERR_IO;
    }
    radio->has_counted = false;
    return QW_OK;
}

static void ask_late(struct qw_soapy_radio *radio)
{
    for (int i = 0; i < STATUS_MAX; i++) {
        size_t channels = 0;
        int flags = 0;
        long long time_ns = 0;
        int status =
            radio->soapy->read_status(radio->device, radio->send, &channels, &flags, &time_ns, 0);

        if (status == QW_SOAPY_TIME_ERROR || status == QW_SOAPY_UNDERFLOW) {
            radio->late++;
        } else if (status != 0) {
            return; /* nothing more to tell, or a device that never tells */
        }
    }
}

qw_err qw_soapy_radio_send(struct qw_soapy_radio *radio, const float complex *sample, size_t count,
                           int64_t time_ns)
{
    int timed = QW_SOAPY_HAS_TIME;

    if (radio->send == NULL) {
        return QW_ERR_UNAVAILABLE;
    }
    for (int i = 0; count > 0 && i < SEND_CHUNKS_MAX; i++) {
        const void *const buffers[1] = { sample };
        int flags = timed | QW_SOAPY_END_BURST;
        int took = radio->soapy->write(radio->device, radio->send, buffers, count, &flags,
                                       timed != 0 ? time_ns : 0, SEND_TIMEOUT_US);

        if (took == QW_SOAPY_TIME_ERROR || took == QW_SOAPY_UNDERFLOW) {
            radio->late++;
            return QW_OK;
        }
        if (took == QW_SOAPY_TIMEOUT || took == 0) {
            return QW_ERR_TIMEOUT;
        }
        if (took < 0 || (size_t)took > count) {
            return QW_ERR_IO;
        }
        sample += took;
        count -= (size_t)took;
        timed = 0;
    }
    ask_late(radio);
    return count == 0 ? QW_OK : QW_ERR_TIMEOUT;
}

uint64_t qw_soapy_radio_late(struct qw_soapy_radio *radio)
{
    if (radio->send != NULL) {
        ask_late(radio);
    }
    return radio->late;
}
