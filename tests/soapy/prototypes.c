/* SPDX-License-Identifier: Apache-2.0 */
/* Our prototypes and numbers of SoapySDR against its own headers: a wrong one does not compile. */
#include <SoapySDR/Constants.h>
#include <SoapySDR/Device.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>

#define QW_SOAPY_KWARGS SoapySDRKwargs
#include "radio/sdr/soapy_library.h"

extern const struct qw_soapy qw_soapy_of_headers;
const struct qw_soapy qw_soapy_of_headers = { .library = NULL,
#define SAME(result, theirs, ours, parameters) .ours = SoapySDRDevice_##theirs,
                                              QW_SOAPY_FUNCTIONS(SAME)
#undef SAME
};

_Static_assert(QW_SOAPY_SEND == SOAPY_SDR_TX && QW_SOAPY_RECEIVE == SOAPY_SDR_RX, "directions");
_Static_assert(QW_SOAPY_END_BURST == SOAPY_SDR_END_BURST, "flag");
_Static_assert(QW_SOAPY_HAS_TIME == SOAPY_SDR_HAS_TIME, "flag");
_Static_assert(QW_SOAPY_TIMEOUT == SOAPY_SDR_TIMEOUT, "error");
_Static_assert(QW_SOAPY_CORRUPTION == SOAPY_SDR_CORRUPTION, "error");
_Static_assert(QW_SOAPY_OVERFLOW == SOAPY_SDR_OVERFLOW, "error");
_Static_assert(QW_SOAPY_TIME_ERROR == SOAPY_SDR_TIME_ERROR, "error");
_Static_assert(QW_SOAPY_UNDERFLOW == SOAPY_SDR_UNDERFLOW, "error");
_Static_assert(sizeof SOAPY_SDR_CF32 == 5, "CF32");
