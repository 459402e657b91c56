/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_CAPTURE_H
#define QWAVE_LINK_CAPTURE_H

#include "base/error.h"
#include "link/prove/packet.h"

#include <stdbool.h>
#include <stdio.h>

/* The capture of a proof: a file, or what comes through a pipe. */

/* Opens path, "-" for standard input, to be read as often as one likes. What is no file is read to
 * its end first, into a spool (base/spool.h): so whoever makes the log and the keys meanwhile is
 * done with them. An error is told on standard error: QW_ERR_NOT_FOUND, QW_ERR_IO;
 * QW_ERR_UNAVAILABLE when there is no room for a spool. */
qw_err capture_open(const char *path, FILE **out) QW_MUST_USE;

/* What is done with each packet; take ends the walk with an error, which is told. */
struct capture_walk {
    const char *path; /* as it is told */
    const struct qw_packet_ports *ports;
    void *self;
    qw_err (*take)(void *self, const struct qw_packet *packet);
    bool is_truncated; /* set when the capture ends inside a packet */
};

/* From the beginning to the end. An error is told on standard error. */
qw_err capture_read(FILE *capture, struct capture_walk *walk) QW_MUST_USE;

#endif
