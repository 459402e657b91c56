/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_RADIO_SOAPY_FAKE_H
#define QW_TESTS_UNIT_RADIO_SOAPY_FAKE_H

#include "radio/sdr/soapy_library.h"
#include "soapy/virtual_air.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The functions of SoapySDR over a simulated air, without the library: two devices "0" and "1" are
 * the ends of one air. What goes wrong is a row of results for the next reads and writes. */
enum { FAKE_ENDS = 2, FAKE_SCRIPT = 16, FAKE_PACKET = 777 };

struct SoapySDRDevice {
    int end;
    struct virtual_air *air; /* borrowed */
    const char *refuse;      /* name of the function that fails; NULL: none */
    const char *driver;      /* its name; NULL: qwave-test */
    double rate_hz, rate_got_hz;
    bool has_clock, has_gain_mode;
    bool stamps;             /* reads tell their times */
    size_t channels[2];      /* by direction */
    int script[FAKE_SCRIPT]; /* results of the next reads before any samples; 0: none */
    int write_result;        /* of the next writes; 0: as it is */
    int status[FAKE_SCRIPT]; /* results of read_status; 0: timeout */
    size_t reads, writes, open_streams;
    long long first_write_ns;
    int first_write_flags;
    bool is_open;
};

struct SoapySDRStream {
    int direction;
};

struct fake {
    struct virtual_air *air;
    struct SoapySDRDevice device[FAKE_ENDS];
};

static struct fake fake; /* what the functions without a device look at */
static struct SoapySDRStream fake_stream[2] = { { QW_SOAPY_SEND }, { QW_SOAPY_RECEIVE } };

static bool fake_refuses(const struct SoapySDRDevice *device, const char *what)
{
    return device->refuse != NULL && strcmp(device->refuse, what) == 0;
}

static struct SoapySDRDevice *fake_make(const char *args)
{
    int end = args[0] == '1' ? 1 : 0;

    if (fake_refuses(&fake.device[end], "make") || fake.device[end].is_open) {
        return NULL;
    }
    fake.device[end].is_open = true;
    return &fake.device[end];
}

static int fake_unmake(struct SoapySDRDevice *device)
{
    device->is_open = false;
    return 0;
}

static const char *fake_last_error(void)
{
    return "words of the driver";
}

static char *fake_driver_key(const struct SoapySDRDevice *device)
{
    const char *name = device->driver != NULL ? device->driver : "qwave-test";
    char *key = fake_refuses(device, "driver") ? NULL : malloc(strlen(name) + 1);

    return key != NULL ? strcpy(key, name) : NULL;
}

static int fake_set_antenna(struct SoapySDRDevice *device, int direction, size_t channel,
                            const char *name)
{
    (void)direction;
    (void)channel;
    return fake_refuses(device, "antenna") || strcmp(name, "A") != 0 ? -1 : 0;
}

static bool fake_has_gain_mode(const struct SoapySDRDevice *device, int direction, size_t channel)
{
    (void)direction;
    (void)channel;
    return device->has_gain_mode;
}

static int fake_set_gain_mode(struct SoapySDRDevice *device, int direction, size_t channel, bool on)
{
    (void)direction;
    (void)channel;
    return on || fake_refuses(device, "gain mode") ? -1 : 0;
}

static int fake_set_gain(struct SoapySDRDevice *device, int direction, size_t channel, double db)
{
    (void)direction;
    (void)channel;
    (void)db;
    return fake_refuses(device, "gain") ? -1 : 0;
}

static int fake_set_frequency(struct SoapySDRDevice *device, int direction, size_t channel,
                              double hz, const QW_SOAPY_KWARGS *args)
{
    (void)direction;
    (void)channel;
    return args != NULL || hz <= 0.0 || fake_refuses(device, "frequency") ? -1 : 0;
}

static int fake_set_rate(struct SoapySDRDevice *device, int direction, size_t channel, double hz)
{
    (void)direction;
    (void)channel;
    device->rate_hz = hz;
    return fake_refuses(device, "rate") ? -1 : 0;
}

static double fake_get_rate(const struct SoapySDRDevice *device, int direction, size_t channel)
{
    (void)direction;
    (void)channel;
    return device->rate_got_hz != 0.0 ? device->rate_got_hz : device->rate_hz;
}

static size_t fake_channels(const struct SoapySDRDevice *device, int direction)
{
    return device->channels[direction];
}

static bool fake_has_time(const struct SoapySDRDevice *device, const char *what)
{
    return what[0] == '\0' && device->has_clock;
}

static struct SoapySDRStream *fake_setup_stream(struct SoapySDRDevice *device, int direction,
                                                const char *format, const size_t *channels,
                                                size_t count, const QW_SOAPY_KWARGS *args)
{
    bool is_good = strcmp(format, "CF32") == 0 && channels[0] == 0 && count == 1 && args == NULL;

    if (!is_good || fake_refuses(device, direction == QW_SOAPY_SEND ? "send" : "receive")) {
        return NULL;
    }
    device->open_streams++;
    return &fake_stream[direction];
}

static int fake_close_stream(struct SoapySDRDevice *device, struct SoapySDRStream *stream)
{
    (void)stream;
    device->open_streams--;
    return 0;
}

static int fake_activate(struct SoapySDRDevice *device, struct SoapySDRStream *stream, int flags,
                         long long time_ns, size_t count)
{
    (void)stream;
    return flags != 0 || time_ns != 0 || count != 0 || fake_refuses(device, "activate") ? -1 : 0;
}

static int fake_deactivate(struct SoapySDRDevice *device, struct SoapySDRStream *stream, int flags,
                           long long time_ns)
{
    (void)device;
    (void)stream;
    (void)flags;
    (void)time_ns;
    return 0;
}

/* The first result of a row, which it leaves. */
static int fake_take(int row[static FAKE_SCRIPT])
{
    int first = row[0];

    memmove(row, row + 1, (FAKE_SCRIPT - 1) * sizeof row[0]);
    row[FAKE_SCRIPT - 1] = 0;
    return first;
}

static int fake_read(struct SoapySDRDevice *device, struct SoapySDRStream *stream,
                     void *const *buffers, size_t count, int *flags, long long *time_ns,
                     long timeout_us)
{
    size_t got = count < FAKE_PACKET ? count : FAKE_PACKET;
    int result = fake_take(device->script);

    (void)stream;
    (void)timeout_us;
    device->reads++;
    if (result != 0) {
        return result;
    }
    *flags = device->stamps ? QW_SOAPY_HAS_TIME : 0;
    *time_ns = virtual_air_time_ns(device->air, device->end);
    virtual_air_read(device->air, device->end, buffers[0], got);
    return (int)got;
}

static int fake_write(struct SoapySDRDevice *device, struct SoapySDRStream *stream,
                      const void *const *buffers, size_t count, int *flags, long long time_ns,
                      long timeout_us)
{
    size_t took = count < 200 ? count : 200; /* in pieces, as drivers do */

    (void)stream;
    (void)timeout_us;
    if (device->writes++ == 0) {
        device->first_write_ns = time_ns;
        device->first_write_flags = *flags;
    }
    if (device->write_result != 0) {
        return device->write_result;
    }
    return virtual_air_send(device->air, device->end, (*flags & QW_SOAPY_HAS_TIME) != 0, time_ns,
                            buffers[0], took)
               ? (int)took
               : QW_SOAPY_TIME_ERROR;
}

static int fake_read_status(struct SoapySDRDevice *device, struct SoapySDRStream *stream,
                            size_t *channels, int *flags, long long *time_ns, long timeout_us)
{
    int result = fake_take(device->status);

    (void)stream;
    (void)channels;
    (void)flags;
    (void)time_ns;
    (void)timeout_us;
    return result != 0 ? result : QW_SOAPY_TIMEOUT;
}

static const struct qw_soapy fake_soapy = {
    .make = fake_make,
    .unmake = fake_unmake,
    .last_error = fake_last_error,
    .driver_key = fake_driver_key,
    .set_antenna = fake_set_antenna,
    .has_gain_mode = fake_has_gain_mode,
    .set_gain_mode = fake_set_gain_mode,
    .set_gain = fake_set_gain,
    .set_frequency = fake_set_frequency,
    .set_rate = fake_set_rate,
    .get_rate = fake_get_rate,
    .channels = fake_channels,
    .has_time = fake_has_time,
    .setup_stream = fake_setup_stream,
    .close_stream = fake_close_stream,
    .activate = fake_activate,
    .deactivate = fake_deactivate,
    .read = fake_read,
    .write = fake_write,
    .read_status = fake_read_status,
};

static inline void fake_open(double rate_hz, double noise, double offset_hz)
{
    struct virtual_air_config config = {
        .rate_hz = rate_hz, .noise = noise, .offset_hz = offset_hz, .seed = 4
    };

    memset(&fake, 0, sizeof fake);
    fake.air = virtual_air_new(&config);
    for (int end = 0; end < FAKE_ENDS; end++) {
        fake.device[end] = (struct SoapySDRDevice){ .end = end,
                                                    .air = fake.air,
                                                    .has_clock = true,
                                                    .has_gain_mode = true,
                                                    .stamps = true,
                                                    .channels = { 1, 1 } };
    }
}

static inline void fake_close(void)
{
    virtual_air_free(fake.air);
    memset(&fake, 0, sizeof fake);
}

#endif
