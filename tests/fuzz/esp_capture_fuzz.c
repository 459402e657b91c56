/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* Any bytes as a capture file: the walk ends, and what is called ESP lies inside its packet. */
#include "link/prove/packet_finder.h"
#include "link/prove/pcap.h"

#include "base/bytes.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t read_some(void *self, uint8_t *out, size_t len)
{
    struct qw_reader *r = self;
    size_t step = qw_reader_left(r) < len ? qw_reader_left(r) : len;

    qw_read_bytes(r, out, step);
    return step;
}

static void check(const struct qw_pcap_packet *packet)
{
    struct qw_packet found;

    if (!qw_ip_packet_knows_link(packet->link_type)) {
        return;
    }
    found = qw_packet_find(packet->link_type, packet->data, packet->len);
    if (found.kind == QW_PACKET_ESP || found.kind == QW_PACKET_ESP_CUT) {
        qw_assert(found.data >= packet->data && found.len >= 4 &&
                  found.data + found.len <= packet->data + packet->len);
        qw_assert(qw_load_u32be(found.data) == found.spi);
    }
}

/* No packet comes out that was not given, and each fragment counts once at most. */
static size_t find(struct qw_packet_finder *finder, const struct qw_pcap_packet *packet)
{
    struct qw_packet found;
    size_t count = 0;

    if (qw_packet_finder_give(finder, packet->link_type, packet->data, packet->len) != QW_OK) {
        return 0;
    }
    while (qw_packet_finder_next(finder, &found)) {
        count += found.fragments + (found.kind != QW_PACKET_FRAGMENT);
        if (found.kind == QW_PACKET_ESP) {
            qw_assert(found.len >= 4 && found.len <= QW_IP_PAYLOAD_MAX &&
                      qw_load_u32be(found.data) == found.spi);
        }
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_reader r = qw_reader_on(data, size);
    const struct qw_pcap_input input = { &r, read_some };
    struct qw_pcap *pcap = NULL;
    const struct qw_packet_ports ports = { .ports = { 4501 }, .count = 1 };
    struct qw_packet_finder *finder = NULL;
    struct qw_pcap_packet packet;
    struct qw_packet rest;
    size_t count = 0;
    size_t found_count = 0;

    if (qw_pcap_open(&input, &pcap) == QW_OK && qw_packet_finder_new(&ports, &finder) == QW_OK) {
        for (; qw_pcap_next(pcap, &packet) == QW_OK; count++) {
            check(&packet);
            found_count += find(finder, &packet);
        }
        while (qw_packet_finder_rest(finder, &rest)) {
            found_count += rest.fragments + (rest.kind != QW_PACKET_FRAGMENT);
        }
        qw_assert(count <= size / 16 && found_count <= count);
    }
    qw_packet_finder_free(finder);
    qw_pcap_close(pcap);
    return 0;
}
