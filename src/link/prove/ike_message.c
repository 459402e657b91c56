/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/ike_message.h"

#include "base/bytes.h"

enum {
    VERSION = 0x20,
    EXCHANGE_CREATE_CHILD_SA = 36,
    FLAG_INITIATOR = 0x08,
    FLAG_RESPONSE = 0x20,
    PAYLOAD_SA = 33,
    PAYLOAD_NONCE = 40,
    PAYLOAD_ENCRYPTED = 46,
    PAYLOAD_FRAGMENT = 53,
    PAYLOAD_HEAD_LEN = 4,
    PROPOSAL_HEAD_LEN = 8,
    PROTOCOL_IKE = 1,
    IKE_SPI_LEN = 8
};

bool qw_ike_message_parse(const uint8_t *data, size_t len, struct qw_ike_message *out)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_ike_message message = { .piece = 1, .pieces = 1 };
    uint8_t payload, version, exchange, flags;
    uint32_t full_len;
    size_t payload_at, payload_len;

    message.spi_i = qw_read_u64be(&r);
    message.spi_r = qw_read_u64be(&r);
    payload = qw_read_u8(&r);
    version = qw_read_u8(&r);
    exchange = qw_read_u8(&r);
    flags = qw_read_u8(&r);
    message.id = qw_read_u32be(&r);
    full_len = qw_read_u32be(&r);
    message.is_from_initiator = (flags & FLAG_INITIATOR) != 0;
    message.is_response = (flags & FLAG_RESPONSE) != 0;
    payload_at = r.at;
    message.first = qw_read_u8(&r);
    (void)qw_read_u8(&r); /* critical or not: it is understood */
    payload_len = qw_read_u16be(&r);
    if (payload == PAYLOAD_FRAGMENT) {
        message.piece = qw_read_u16be(&r);
        message.pieces = qw_read_u16be(&r);
    }
    message.head_len = r.at;
    if (r.failed || version != VERSION || exchange != EXCHANGE_CREATE_CHILD_SA || full_len != len ||
        (payload != PAYLOAD_ENCRYPTED && payload != PAYLOAD_FRAGMENT) ||
        payload_len != len - payload_at || message.piece == 0 || message.piece > message.pieces) {
        return false;
    }
    *out = message;
    return true;
}

/* The SPI of the proposal that is meant. */
static bool find_proposal(struct qw_reader *r, uint8_t number, struct qw_ike_offer *out)
{
    bool is_found = false;

    while (!r->failed && qw_reader_left(r) > 0 && !is_found) {
        size_t len;
        uint8_t protocol, spi_len;
        uint64_t spi = 0;

        (void)qw_read_u16be(r); /* whether another follows, which the length tells too */
        len = qw_read_u16be(r);
        out->number = qw_read_u8(r);
        protocol = qw_read_u8(r);
        spi_len = qw_read_u8(r);
        (void)qw_read_u8(r); /* number of transforms */
        if (protocol != PROTOCOL_IKE || spi_len != IKE_SPI_LEN ||
            len < PROPOSAL_HEAD_LEN + IKE_SPI_LEN) {
            return false;
        }
        spi = qw_read_u64be(r);
        (void)qw_read_view(r, len - PROPOSAL_HEAD_LEN - IKE_SPI_LEN);
        out->spi = spi;
        is_found = number == 0 || out->number == number;
    }
    return is_found && !r->failed;
}

bool qw_ike_offer_find(uint8_t first, const uint8_t *payloads, size_t len, uint8_t number,
                       struct qw_ike_offer *out)
{
    struct qw_reader r = qw_reader_on(payloads, len);
    struct qw_ike_offer offer = { 0 };
    bool has_proposal = false;

    for (uint8_t type = first; type != 0;) {
        uint8_t next = qw_read_u8(&r);
        size_t body_len;
        const uint8_t *body;

        (void)qw_read_u8(&r);
        body_len = qw_read_u16be(&r);
        if (r.failed || body_len < PAYLOAD_HEAD_LEN) {
            return false;
        }
        body_len -= PAYLOAD_HEAD_LEN;
        body = qw_read_view(&r, body_len);
        if (r.failed) {
            return false;
        }
        if (type == PAYLOAD_SA) {
            struct qw_reader proposals = qw_reader_on(body, body_len);

            has_proposal = find_proposal(&proposals, number, &offer);
        } else if (type == PAYLOAD_NONCE) {
            offer.nonce = (struct qw_bytes){ body, body_len };
        }
        type = next;
    }
    if (!qw_reader_done(&r) || !has_proposal || offer.nonce.len < QW_IKE_NONCE_MIN ||
        offer.nonce.len > QW_IKE_NONCE_MAX) {
        return false;
    }
    *out = offer;
    return true;
}
