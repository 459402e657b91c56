/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_SOAPY_LIBRARY_H
#define QW_RADIO_SDR_SOAPY_LIBRARY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The part of SoapySDR 0.8 that is used, found at run time (docs/adr/0079-soapysdr-at-run-time.md).
 * Prototypes and numbers are written down here once more; tests/soapy compiles them against the
 * library's own. Its functions do not throw: a failure is a negative number or NULL. */
#define QW_SOAPY_LIBRARY "libSoapySDR.so.0.8"

enum { QW_SOAPY_SEND = 0, QW_SOAPY_RECEIVE = 1 };
enum { QW_SOAPY_END_BURST = 1 << 1, QW_SOAPY_HAS_TIME = 1 << 2 };
enum {
    QW_SOAPY_TIMEOUT = -1,
    QW_SOAPY_CORRUPTION = -3,
    QW_SOAPY_OVERFLOW = -4,
    QW_SOAPY_TIME_ERROR = -6,
    QW_SOAPY_UNDERFLOW = -7
};

struct SoapySDRDevice;
struct SoapySDRStream;

/* Of each function: type of the result, name behind SoapySDRDevice_, name here, parameters. */
#define QW_SOAPY_FUNCTIONS(X) \
    X(struct SoapySDRDevice *, makeStrArgs, make, (const char *)) \
    X(int, unmake, unmake, (struct SoapySDRDevice *)) \
    X(const char *, lastError, last_error, (void)) \
    X(char *, getDriverKey, driver_key, (const struct SoapySDRDevice *)) \
    X(int, setAntenna, set_antenna, (struct SoapySDRDevice *, int, size_t, const char *)) \
    X(bool, hasGainMode, has_gain_mode, (const struct SoapySDRDevice *, int, size_t)) \
    X(int, setGainMode, set_gain_mode, (struct SoapySDRDevice *, int, size_t, bool)) \
    X(int, setGain, set_gain, (struct SoapySDRDevice *, int, size_t, double)) \
    X(int, setFrequency, set_frequency, \
      (struct SoapySDRDevice *, int, size_t, double, const QW_SOAPY_KWARGS *)) \
    X(int, setSampleRate, set_rate, (struct SoapySDRDevice *, int, size_t, double)) \
    X(double, getSampleRate, get_rate, (const struct SoapySDRDevice *, int, size_t)) \
    X(size_t, getNumChannels, channels, (const struct SoapySDRDevice *, int)) \
    X(bool, hasHardwareTime, has_time, (const struct SoapySDRDevice *, const char *)) \
    X(struct SoapySDRStream *, setupStream, setup_stream, \
      (struct SoapySDRDevice *, int, const char *, const size_t *, size_t, \
       const QW_SOAPY_KWARGS *)) \
    X(int, closeStream, close_stream, (struct SoapySDRDevice *, struct SoapySDRStream *)) \
    X(int, activateStream, activate, \
      (struct SoapySDRDevice *, struct SoapySDRStream *, int, long long, size_t)) \
    X(int, deactivateStream, deactivate, \
      (struct SoapySDRDevice *, struct SoapySDRStream *, int, long long)) \
    X(int, readStream, read, \
      (struct SoapySDRDevice *, struct SoapySDRStream *, void *const *, size_t, int *, \
       long long *, long)) \
    X(int, writeStream, write, \
      (struct SoapySDRDevice *, struct SoapySDRStream *, const void *const *, size_t, int *, \
       long long, long)) \
    X(int, readStreamStatus, read_status, \
      (struct SoapySDRDevice *, struct SoapySDRStream *, size_t *, int *, long long *, long))

#ifndef QW_SOAPY_KWARGS
#define QW_SOAPY_KWARGS void /* only NULL is passed */
#endif

struct qw_soapy {
    void *library; /* of dlopen; NULL: the functions are somebody else's */
#define QW_SOAPY_FIELD(result, theirs, ours, parameters) result(*ours) parameters;
    QW_SOAPY_FUNCTIONS(QW_SOAPY_FIELD)
#undef QW_SOAPY_FIELD
};

/* QW_ERR_UNAVAILABLE: it is not installed, or lacks a function. Its modules come with it. */
qw_err qw_soapy_load(const char *library, struct qw_soapy *soapy) QW_MUST_USE;
void qw_soapy_unload(struct qw_soapy *soapy); /* zeroed is fine; zeroes it */

#endif
