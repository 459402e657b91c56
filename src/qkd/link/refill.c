/* SPDX-License-Identifier: Apache-2.0 */
/* Steps R1 and R2 of docs/protocol/qkd-link.md. */
#include "qkd/link/refill.h"

enum { TAG_LEN = QW_ONE_TIME_MAC_PAD_LEN, SHARE = 4 /* of a key, above the low mark */ };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void qw_qkd_refill_plan(const struct qw_qkd_terms *terms, size_t capacity,
                        const uint64_t level[QW_QKD_DIRECTIONS], size_t key_len,
                        size_t len[QW_QKD_DIRECTIONS])
{
    uint64_t high = least(terms->pool_high_tags, capacity / TAG_LEN);
    uint64_t tags[QW_QKD_DIRECTIONS] = { level[0] / TAG_LEN, level[1] / TAG_LEN };
    bool is_low = least(tags[0], tags[1]) < terms->pool_low_tags;
    size_t left = key_len / (is_low ? 1 : SHARE) / TAG_LEN;

    len[0] = len[1] = 0;
    while (left > 0 && least(tags[0], tags[1]) < high) {
        size_t lower = tags[1] < tags[0] ? 1 : 0;

        tags[lower]++;
        len[lower] += TAG_LEN;
        left--;
    }
}

qw_err qw_qkd_refill(struct qw_qkd_channel *c, const struct qw_qkd_terms *terms,
                     struct qw_qkd_ledger *ledger, const uint8_t *key, size_t *used)
{
    const uint64_t level[] = { c->end[0] - c->position[0], c->end[1] - c->position[1] };
    struct qw_qkd_refill refill = { .bytes = key,
                                    .epsilon = ledger->key.epsilon_secrecy +
                                               ledger->epsilon_correctness +
                                               ledger->epsilon_authentication };
    qw_err err = QW_OK;

    *used = 0;
    qw_qkd_refill_plan(terms, c->pool->capacity, level, (size_t)(ledger->secret_bits / 8),
                       refill.len);
    if (refill.len[0] + refill.len[1] > 0) {
        for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
            refill.at[i] = c->end[i];
        }
        err = qw_qkd_auth_pool_refill(c->pool, &refill); /* R2 */
    }
    if (err != QW_OK) {
        return err;
    }
    for (size_t i = 0; i < QW_QKD_DIRECTIONS; i++) {
        c->end[i] += refill.len[i];
    }
    *used = refill.len[0] + refill.len[1];
    ledger->pool_tags = least(c->end[0] - c->position[0], c->end[1] - c->position[1]) / TAG_LEN;
    return QW_OK;
}
