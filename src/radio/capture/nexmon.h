/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CAPTURE_NEXMON_H
#define QW_RADIO_CAPTURE_NEXMON_H

#include "radio/capture/format.h"

#include <stddef.h>
#include <stdint.h>

/* Measurements of Broadcom chips with Nexmon firmware: one UDP datagram each, for one receive core
 * and one spatial stream; files are captures of these datagrams (pcap) [W15]. */
enum { QW_NEXMON_PORT = 5500, QW_NEXMON_DATAGRAM_MAX = 18 + 4 * 256 };

/* The payload of one datagram; time_ns is left alone. A chip whose numbers are not known is
 * unsupported. */
enum qw_capture_outcome qw_nexmon_datagram_to_frame(const uint8_t *payload, size_t len,
                                                    struct qw_csi_frame *frame);

/* The payload for a frame of one chain of 20 MHz (56 tones or less), 40 or 80 MHz; 0 when it is
 * none or does not fit. Tones that the frame has not are zero. */
size_t qw_nexmon_datagram_encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap);

/* pcap files of either byte order, of microseconds or nanoseconds. */
extern const struct qw_capture_importer qw_capture_nexmon;

#endif
