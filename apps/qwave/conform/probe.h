/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CONFORM_PROBE_H
#define QWAVE_CONFORM_PROBE_H

#include "base/error.h"
#include "conform/options.h"
#include "conform/report.h"

/* The checks of a standard against the server of the command line, over the network. Anything but
 * QW_OK: they could not begin (files, no such server, it does not believe the certificates). */
qw_err conform_probe_014(const struct conform_arguments *arguments,
                         struct conform_report *report) QW_MUST_USE;
qw_err conform_probe_004(const struct conform_arguments *arguments,
                         struct conform_report *report) QW_MUST_USE;

#endif
