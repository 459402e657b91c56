/* SPDX-License-Identifier: Apache-2.0 */
/* pcap and pcapng as draft-ietf-opsawg-pcap and -pcapng have them. Time stamps are passed over:
 * whether a packet opens does not depend on them. */
#include "link/prove/pcap.h"

#include "base/bytes.h"

#include <stdlib.h>

enum {
    PCAP_HEAD_LEN = 24,
    PCAP_PACKET_HEAD_LEN = 16,
    NG_BLOCK_HEAD_LEN = 8,
    NG_INTERFACE = 1, /* block types */
    NG_SIMPLE = 3,
    NG_ENHANCED = 6,
    NG_ENHANCED_HEAD_LEN = 20,
    ROOM = QW_PCAP_PACKET_MAX + 4096 /* a packet with the options behind it */
};
static const uint32_t MAGIC_US = 0xa1b2c3d4u;
static const uint32_t MAGIC_NS = 0xa1b23c4du;
static const uint32_t NG_SECTION = 0x0a0d0d0au; /* the same from either end */
static const uint32_t NG_ORDER = 0x1a2b3c4du;

struct qw_pcap {
    struct qw_pcap_input input;
    bool is_ng, is_big_endian;
    uint32_t link_types[QW_PCAP_INTERFACES_MAX]; /* of a pcap file: the first */
    uint32_t snap_lens[QW_PCAP_INTERFACES_MAX];  /* 0: none */
    size_t interface_count;
    uint8_t bytes[ROOM]; /* the record or block at hand */
};

static uint32_t u32(const struct qw_pcap *pcap, const uint8_t *p)
{
    return pcap->is_big_endian
               ? qw_load_u32be(p)
               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint32_t u16(const struct qw_pcap *pcap, const uint8_t *p)
{
    return pcap->is_big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

/* QW_ERR_NOT_FOUND when there is nothing more at all. */
static qw_err take(struct qw_pcap *pcap, size_t at, size_t len)
{
    size_t got = pcap->input.read(pcap->input.self, pcap->bytes + at, len);

    return got == len ? QW_OK : got == 0 ? QW_ERR_NOT_FOUND : QW_ERR_CLOSED;
}

/* Inside a record nothing more is a file that was cut. */
static qw_err take_more(struct qw_pcap *pcap, size_t at, size_t len)
{
    return len > 0 && take(pcap, at, len) != QW_OK ? QW_ERR_CLOSED : QW_OK;
}

/* The rest of the section header block, whose type is in bytes already. */
static qw_err begin_section(struct qw_pcap *pcap, size_t have)
{
    uint32_t len;

    if (take_more(pcap, have, 12 - have) != QW_OK) {
        return QW_ERR_CLOSED;
    }
    pcap->is_big_endian = true;
    if (u32(pcap, pcap->bytes + 8) != NG_ORDER) {
        pcap->is_big_endian = false;
    }
    len = u32(pcap, pcap->bytes + 4);
    if (u32(pcap, pcap->bytes + 8) != NG_ORDER || len < 28 || len > ROOM || len % 4 != 0) {
        return QW_ERR_FORMAT;
    }
    pcap->interface_count = 0; /* each section names its own */
    return take_more(pcap, 12, len - 12);
}

static qw_err begin_file(struct qw_pcap *pcap)
{
    uint32_t magic;

    if (take(pcap, 0, 4) != QW_OK) {
        return QW_ERR_FORMAT;
    }
    magic = qw_load_u32be(pcap->bytes);
    pcap->is_ng = magic == NG_SECTION;
    if (pcap->is_ng) {
        return begin_section(pcap, 4) == QW_OK ? QW_OK : QW_ERR_FORMAT;
    }
    pcap->is_big_endian = magic == MAGIC_US || magic == MAGIC_NS;
    magic = u32(pcap, pcap->bytes);
    if ((magic != MAGIC_US && magic != MAGIC_NS) ||
        take_more(pcap, 4, PCAP_HEAD_LEN - 4) != QW_OK) {
        return QW_ERR_FORMAT;
    }
    pcap->link_types[0] = u32(pcap, pcap->bytes + 20) & 0xffff; /* above: length of a checksum */
    pcap->interface_count = 1;
    return QW_OK;
}

qw_err qw_pcap_open(const struct qw_pcap_input *input, struct qw_pcap **out)
{
    struct qw_pcap *pcap = calloc(1, sizeof *pcap);
    qw_err err;

    if (pcap == NULL) {
        return QW_ERR_NOMEM;
    }
    pcap->input = *input;
    err = begin_file(pcap);
    if (err != QW_OK) {
        qw_pcap_close(pcap);
        return err;
    }
    *out = pcap;
    return QW_OK;
}

void qw_pcap_close(struct qw_pcap *pcap)
{
    free(pcap);
}

static qw_err next_record(struct qw_pcap *pcap, struct qw_pcap_packet *packet)
{
    qw_err err = take(pcap, 0, PCAP_PACKET_HEAD_LEN);
    uint32_t len;

    if (err != QW_OK) {
        return err;
    }
    len = u32(pcap, pcap->bytes + 8);
    if (len > QW_PCAP_PACKET_MAX) {
        return QW_ERR_FORMAT;
    }
    err = take_more(pcap, 0, len);
    if (err == QW_OK) {
        *packet = (struct qw_pcap_packet){ pcap->link_types[0], pcap->bytes, len };
    }
    return err;
}

/* Passes a block that is of no use here, of any length. */
static qw_err pass_block(struct qw_pcap *pcap, size_t left)
{
    while (left > 0) {
        size_t step = left < ROOM ? left : ROOM;

        if (take_more(pcap, 0, step) != QW_OK) {
            return QW_ERR_CLOSED;
        }
        left -= step;
    }
    return QW_OK;
}

static qw_err add_interface(struct qw_pcap *pcap, size_t body_len)
{
    size_t i = pcap->interface_count;

    if (body_len < 8 || i == QW_PCAP_INTERFACES_MAX) {
        return QW_ERR_FORMAT;
    }
    pcap->link_types[i] = u16(pcap, pcap->bytes);
    pcap->snap_lens[i] = u32(pcap, pcap->bytes + 4);
    pcap->interface_count++;
    return QW_OK;
}

/* A packet of the block whose body is in bytes. */
static qw_err packet_of(struct qw_pcap *pcap, uint32_t type, size_t body_len,
                        struct qw_pcap_packet *packet)
{
    size_t head_len = type == NG_ENHANCED ? NG_ENHANCED_HEAD_LEN : 4;
    uint32_t i;
    uint32_t len;

    if (body_len < head_len) {
        return QW_ERR_FORMAT;
    }
    i = type == NG_ENHANCED ? u32(pcap, pcap->bytes) : 0;
    len = u32(pcap, pcap->bytes + (type == NG_ENHANCED ? 12 : 0));
    if (i >= pcap->interface_count) {
        return QW_ERR_FORMAT;
    }
    if (type == NG_SIMPLE && pcap->snap_lens[i] != 0 && len > pcap->snap_lens[i]) {
        len = pcap->snap_lens[i]; /* a simple block has the length as sent only */
    }
    if (len > body_len - head_len) {
        return QW_ERR_FORMAT;
    }
    *packet = (struct qw_pcap_packet){ pcap->link_types[i], pcap->bytes + head_len, len };
    return QW_OK;
}

/* One block; *is_packet says whether it was one of a packet. */
static qw_err next_block(struct qw_pcap *pcap, struct qw_pcap_packet *packet, bool *is_packet)
{
    qw_err err = take(pcap, 0, NG_BLOCK_HEAD_LEN);
    uint32_t type, len;

    if (err != QW_OK) {
        return err;
    }
    type = u32(pcap, pcap->bytes);
    if (type == NG_SECTION) {
        return begin_section(pcap, NG_BLOCK_HEAD_LEN);
    }
    len = u32(pcap, pcap->bytes + 4);
    if (len < 12 || len % 4 != 0) {
        return QW_ERR_FORMAT;
    }
    len -= NG_BLOCK_HEAD_LEN; /* body and the length once more */
    if (type != NG_INTERFACE && type != NG_SIMPLE && type != NG_ENHANCED) {
        return pass_block(pcap, len);
    }
    if (len > ROOM) {
        return QW_ERR_FORMAT;
    }
    err = take_more(pcap, 0, len);
    if (err != QW_OK) {
        return err;
    }
    *is_packet = type != NG_INTERFACE;
    return *is_packet ? packet_of(pcap, type, len - 4, packet) : add_interface(pcap, len - 4);
}

qw_err qw_pcap_next(struct qw_pcap *pcap, struct qw_pcap_packet *packet)
{
    struct qw_pcap_packet next = { 0 };
    bool is_packet = false;
    qw_err err = QW_OK;

    if (!pcap->is_ng) {
        return next_record(pcap, packet);
    }
    while (err == QW_OK && !is_packet) {
        err = next_block(pcap, &next, &is_packet);
    }
    if (err == QW_OK) {
        *packet = next;
    }
    return err;
}
