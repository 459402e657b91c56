/* SPDX-License-Identifier: Apache-2.0 */
/* pcap files of Nexmon datagrams: Ethernet, IPv4, UDP to port 5500. */
#include "radio/capture/nexmon.h"

#include "base/bytes.h"
#include "radio/capture/reader.h"

#include <string.h>

enum {
    FILE_HEAD_LEN = 24,
    PACKET_HEAD_LEN = 16,
    ETHERNET_LEN = 14,
    IP_HEAD_MIN = 20,
    UDP_HEAD_LEN = 8,
    PROTOCOL_UDP = 17,
    LINK_ETHERNET = 1,
    IS_BIG_ENDIAN = 1, /* bits of the reader's variant */
    IS_NANOSECONDS = 2,
    IS_NOT_READ = 4, /* not pcap, or another kind of link */
    PACKET_MAX = 1 << 18
};

static const uint32_t MAGIC_US = 0xa1b2c3d4u;
static const uint32_t MAGIC_NS = 0xa1b23c4du;

static uint32_t read_u32(struct qw_reader *r, uint32_t variant)
{
    return (variant & IS_BIG_ENDIAN) != 0 ? qw_read_u32be(r) : qw_read_u32le(r);
}

static uint32_t variant_of(const uint8_t *data, size_t len)
{
    struct qw_reader little = qw_reader_on(data, len);
    struct qw_reader big = little;
    uint32_t magic = qw_read_u32le(&little);
    uint32_t swapped = qw_read_u32be(&big);
    uint32_t variant = IS_NOT_READ;

    if (magic == MAGIC_US || magic == MAGIC_NS) {
        variant = magic == MAGIC_NS ? IS_NANOSECONDS : 0;
    } else if (swapped == MAGIC_US || swapped == MAGIC_NS) {
        variant = IS_BIG_ENDIAN | (swapped == MAGIC_NS ? IS_NANOSECONDS : 0u);
    }
    return variant;
}

static bool detect(const uint8_t *data, size_t len)
{
    return len >= FILE_HEAD_LEN && variant_of(data, len) != IS_NOT_READ;
}

static void begin(struct qw_capture_reader *reader)
{
    struct qw_reader r = qw_reader_on(reader->data, reader->len);

    reader->variant = variant_of(reader->data, reader->len);
    r.at = reader->len < 20 ? reader->len : 20;
    if (reader->len < FILE_HEAD_LEN) {
        reader->variant = IS_NOT_READ;
        return;
    }
    reader->at = FILE_HEAD_LEN;
    if ((read_u32(&r, reader->variant) & 0xffff) != LINK_ETHERNET) {
        reader->variant |= IS_NOT_READ;
    }
}

/* The payload of an IPv4 datagram to the port; the UDP length counts, not that of the packet. */
static const uint8_t *payload_of(const uint8_t *packet, size_t packet_len, size_t *len,
                                 enum qw_capture_outcome *outcome)
{
    struct qw_reader r = qw_reader_on(packet, packet_len);
    size_t ip_len;
    size_t udp_len;

    *outcome = QW_CAPTURE_OTHER;
    (void)qw_read_view(&r, ETHERNET_LEN - 2);
    if (qw_read_u16be(&r) != 0x0800 || qw_reader_left(&r) < IP_HEAD_MIN) {
        return NULL;
    }
    ip_len = (size_t)(packet[ETHERNET_LEN] & 0xf) * 4;
    if (packet[ETHERNET_LEN] >> 4 != 4 || packet[ETHERNET_LEN + 9] != PROTOCOL_UDP ||
        ip_len < IP_HEAD_MIN) {
        return NULL;
    }
    (void)qw_read_view(&r, ip_len);
    (void)qw_read_u16be(&r);
    if (qw_read_u16be(&r) != QW_NEXMON_PORT || r.failed) {
        return NULL;
    }
    udp_len = qw_read_u16be(&r);
    (void)qw_read_u16be(&r);
    *outcome = QW_CAPTURE_LENGTH;
    if (r.failed || udp_len < UDP_HEAD_LEN || udp_len - UDP_HEAD_LEN > qw_reader_left(&r)) {
        return NULL;
    }
    *len = udp_len - UDP_HEAD_LEN;
    return packet + r.at;
}

static int64_t time_of(uint32_t seconds, uint32_t fraction, uint32_t variant)
{
    return (int64_t)seconds * 1000000000 +
           (int64_t)fraction * ((variant & IS_NANOSECONDS) != 0 ? 1 : 1000);
}

static enum qw_capture_outcome next(struct qw_capture_reader *reader, struct qw_csi_frame *frame)
{
    struct qw_reader r = qw_reader_on(reader->data, reader->len);
    enum qw_capture_outcome outcome;
    uint32_t seconds, fraction, packet_len;
    const uint8_t *packet;
    const uint8_t *payload;
    size_t len = 0;

    r.at = reader->at;
    seconds = read_u32(&r, reader->variant);
    fraction = read_u32(&r, reader->variant);
    packet_len = read_u32(&r, reader->variant);
    (void)read_u32(&r, reader->variant); /* length on the wire: may be more than was kept */
    packet = packet_len <= PACKET_MAX ? qw_read_view(&r, packet_len) : NULL;
    if (r.failed || packet == NULL || reader->variant == IS_NOT_READ) {
        return QW_CAPTURE_END;
    }
    reader->at = r.at;
    if ((reader->variant & IS_NOT_READ) != 0) {
        return QW_CAPTURE_UNSUPPORTED;
    }
    payload = payload_of(packet, packet_len, &len, &outcome);
    if (payload == NULL) {
        return outcome;
    }
    outcome = qw_nexmon_datagram_to_frame(payload, len, frame);
    if (outcome == QW_CAPTURE_FRAME) {
        frame->time_ns = time_of(seconds, fraction, reader->variant);
        frame->flags |= QW_CSI_HAS_TIME;
    }
    return outcome;
}

static size_t head(uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u32le(&w, MAGIC_NS);
    qw_write_u16le(&w, 2);
    qw_write_u16le(&w, 4);
    qw_write_u64le(&w, 0);
    qw_write_u32le(&w, PACKET_MAX);
    qw_write_u32le(&w, LINK_ETHERNET);
    return w.failed ? 0 : w.len;
}

/* Ethernet, IPv4 and UDP as the firmware sends them, without checksums that nobody reads. */
static void write_envelope(struct qw_writer *w, size_t payload_len)
{
    static const uint8_t ethernet[ETHERNET_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'N',
                                                    'E',  'X',  'M',  'O',  'N',  0x08, 0x00 };
    static const uint8_t addresses[8] = { 10, 10, 10, 10, 255, 255, 255, 255 };

    qw_write_bytes(w, ethernet, sizeof ethernet);
    qw_write_u16be(w, 0x4500);
    qw_write_u16be(w, (uint16_t)(IP_HEAD_MIN + UDP_HEAD_LEN + payload_len));
    qw_write_u32be(w, 0);
    qw_write_u16be(w, 1 << 8 | PROTOCOL_UDP);
    qw_write_u16be(w, 0);
    qw_write_bytes(w, addresses, sizeof addresses);
    qw_write_u16be(w, QW_NEXMON_PORT);
    qw_write_u16be(w, QW_NEXMON_PORT);
    qw_write_u16be(w, (uint16_t)(UDP_HEAD_LEN + payload_len));
    qw_write_u16be(w, 0);
}

static size_t encode(const struct qw_csi_frame *frame, uint8_t *out, size_t cap)
{
    struct qw_writer w = qw_writer_on(out, cap);
    uint8_t payload[QW_NEXMON_DATAGRAM_MAX];
    size_t len = qw_nexmon_datagram_encode(frame, payload, sizeof payload);
    uint32_t packet_len = (uint32_t)(ETHERNET_LEN + IP_HEAD_MIN + UDP_HEAD_LEN + len);

    if (len == 0 || frame->time_ns < 0 || frame->time_ns / 1000000000 > UINT32_MAX) {
        return 0;
    }
    qw_write_u32le(&w, (uint32_t)(frame->time_ns / 1000000000));
    qw_write_u32le(&w, (uint32_t)(frame->time_ns % 1000000000));
    qw_write_u32le(&w, packet_len);
    qw_write_u32le(&w, packet_len);
    write_envelope(&w, len);
    qw_write_bytes(&w, payload, len);
    return w.failed ? 0 : w.len;
}

const struct qw_capture_importer qw_capture_nexmon = {
    .name = "nexmon",
    .text = "Nexmon CSI (bcm43xx, pcap)",
    .detect = detect,
    .begin = begin,
    .next = next,
    .head = head,
    .encode = encode,
    .number_max = 32767.0f,
};
