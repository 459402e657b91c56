/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_PCAP_H
#define QW_LINK_PROVE_PCAP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets out of a capture file as tcpdump and Wireshark write them, one after the other, whatever
 * the length of the file: pcap of either byte order, of microseconds or nanoseconds, and pcapng. */
enum {
    QW_PCAP_PACKET_MAX = 1 << 18, /* no capture program keeps more of one packet */
    QW_PCAP_INTERFACES_MAX = 64
};

/* Bytes from a file or a memory: fills len bytes, fewer only at the end. */
struct qw_pcap_input {
    void *self;
    size_t (*read)(void *self, uint8_t *out, size_t len);
};

struct qw_pcap_packet {
    uint32_t link_type;
    const uint8_t *data; /* borrowed until the next packet */
    size_t len;          /* as captured */
};

struct qw_pcap; /* one file; one thread at a time */

/* Reads the head; borrows what input points at. QW_ERR_FORMAT for what is no capture file,
 * QW_ERR_NOMEM. */
qw_err qw_pcap_open(const struct qw_pcap_input *input, struct qw_pcap **out) QW_MUST_USE;
void qw_pcap_close(struct qw_pcap *pcap); /* NULL is fine */

/* The next packet. QW_ERR_NOT_FOUND at the end, QW_ERR_CLOSED when the file ends inside a packet
 * (its writer was stopped), QW_ERR_FORMAT when it goes on as no capture file does. */
qw_err qw_pcap_next(struct qw_pcap *pcap, struct qw_pcap_packet *packet) QW_MUST_USE;

#endif
