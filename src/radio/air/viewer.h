/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_VIEWER_H
#define QW_RADIO_AIR_VIEWER_H

#include "radio/air/moment.h"

/* A viewer of an air: sees what all its antennas heard of a pair, now and then. A connection of its
 * own, so that the front end whose session makes a key never holds anybody else's measurements.
 * One thread. */
struct qw_air_viewer;

/* QW_ERR_REFUSED: what is there is no simulation, and shows nothing; else those of a connection. */
qw_err qw_air_viewer_new(const char *address, uint16_t port, int timeout_ms,
                         struct qw_air_viewer **viewer) QW_MUST_USE;
/* The next pair that begins from now on, or since a former call that timed out. QW_ERR_TIMEOUT:
 * none did. Others: the connection is of no use any more. */
qw_err qw_air_viewer_next(struct qw_air_viewer *viewer, struct qw_air_moment *moment,
                          int timeout_ms) QW_MUST_USE;
void qw_air_viewer_free(struct qw_air_viewer *viewer); /* NULL is fine */

#endif
