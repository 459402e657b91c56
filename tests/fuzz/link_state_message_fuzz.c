/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* Bodies of link-state frames: what decodes is encoded again and must be the same bytes; a node
 * that is sent them, as a stream of kind, length and body, keeps its word about itself. */
#include "qkd/network/link_state.h"

#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_codecs(const uint8_t *data, size_t size)
{
    static uint8_t out[QW_LINK_STATE_BODY_MAX];
    struct qw_advert advert[QW_ADVERTS_MAX];
    struct qw_advert_version ack[QW_ACKS_MAX];
    size_t count;
    size_t len;

    if (qw_adverts_decode(data, size, advert, &count) == QW_OK) {
        qw_adverts_encode(advert, count, out, &len);
        qw_assert(len == size && qw_equal_ct(data, out, len));
    }
    if (qw_acks_decode(data, size, ack, &count) == QW_OK) {
        qw_acks_encode(ack, count, out, &len);
        qw_assert(len == size && qw_equal_ct(data, out, len));
    }
}

static void send_all(struct qw_link_state *state, uint64_t now_ms)
{
    static uint8_t body[QW_LINK_STATE_BODY_MAX];
    enum qw_link_state_kind kind;
    size_t neighbour;
    size_t len;

    for (int i = 0; qw_link_state_next(state, now_ms, &neighbour, &kind, body, &len); i++) {
        qw_assert(i < 1000 && neighbour < 2 && len <= sizeof body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct qw_link_state_config config = {
        .nodes = 8, .self = 1, .start = 1, .neighbour_count = 2, .neighbour = { 0, 2 }
    };
    const struct qw_advert_link up = { .is_up = true, .level = 9, .rate_bps = 1 };
    struct qw_link_state *state = NULL;
    uint64_t now_ms = 0;

    try_codecs(data, size);
    if (qw_link_state_new(&config, now_ms, &state) != QW_OK) {
        return 0;
    }
    qw_link_state_set(state, 0, &up, now_ms);
    qw_link_state_set(state, 1, &up, now_ms);
    while (size >= 2) {
        size_t len = data[1] < size - 2 ? data[1] : size - 2;
        enum qw_link_state_kind kind = (enum qw_link_state_kind)(1 + data[0] % 3);

        (void)!qw_link_state_receive(state, data[0] / 128, kind, data + 2, len, now_ms);
        send_all(state, now_ms);
        now_ms += data[0];
        data += 2 + len;
        size -= 2 + len;
    }
    qw_assert(qw_link_state_find(state, 1) == NULL ||
              qw_link_state_find(state, 1)->link_count == 2);
    qw_link_state_free(state);
    return 0;
}
