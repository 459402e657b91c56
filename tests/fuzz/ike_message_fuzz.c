/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* Any bytes as a message of IKE, and behind its head as payloads that were opened: what is found
 * lies inside, and says what stands there. */
#include "link/prove/ike_exchanges.h"

#include "base/bytes.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const uint8_t *data, size_t size)
{
    struct qw_ike_message message;

    if (!qw_ike_message_parse(data, size, &message)) {
        return;
    }
    qw_assert(message.head_len <= size && message.piece >= 1 && message.piece <= message.pieces);
    qw_assert(message.spi_i == qw_load_u64be(data) && message.id == qw_load_u32be(data + 20));
}

static void check_offer(const uint8_t *payloads, size_t len)
{
    for (uint8_t number = 0; number < 4; number++) {
        struct qw_ike_offer offer;

        if (qw_ike_offer_find(33, payloads, len, number, &offer)) {
            const uint8_t *nonce = offer.nonce.data;

            qw_assert(number == 0 || offer.number == number);
            qw_assert(offer.nonce.len >= QW_IKE_NONCE_MIN && offer.nonce.len <= QW_IKE_NONCE_MAX);
            qw_assert(nonce >= payloads && nonce + offer.nonce.len <= payloads + len);
        }
    }
}

/* Nobody knows the key: it is kept at most, and never opens. */
static void check_exchanges(const uint8_t *data, size_t size)
{
    const struct qw_ipsec_suite suites[] = { { 16, QW_IPSEC_GCM }, { 32, QW_IPSEC_HMAC_SHA256 } };
    struct qw_ike_exchanges *exchanges = NULL;

    if (qw_ike_exchanges_new(&exchanges) != QW_OK) {
        return;
    }
    qw_assert(qw_ike_exchanges_add(exchanges, data, size) == QW_OK);
    for (size_t i = 0; i < 2 && size >= 24; i++) {
        struct qw_ike_wanted wanted = { .id = qw_load_u32be(data + 20), .suite = suites[i] };
        struct qw_ike_exchange exchange;

        memset(wanted.keys, 0x5a, sizeof wanted.keys);
        for (int side = 0; side < 2; side++) {
            wanted.is_from_initiator = side == 0;
            qw_assert(qw_ike_exchanges_find(exchanges, &wanted, &exchange) == QW_ERR_NOT_FOUND);
        }
    }
    qw_ike_exchanges_free(exchanges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD_LEN = 32 };

    check_message(data, size);
    check_exchanges(data, size);
    check_offer(data, size);
    if (size > HEAD_LEN) {
        check_offer(data + HEAD_LEN, size - HEAD_LEN);
    }
    return 0;
}
