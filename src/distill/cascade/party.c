/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/cascade/party.h"

#include "base/bits.h"
#include "base/secret.h"
#include "distill/cascade/key.h"

#include <stdlib.h>
#include <string.h>

static bool allocate(struct qw_cascade_party *party, bool is_two_way)
{
    const struct qw_cascade_config *config = &party->config;

    party->word_count = (qw_cascade_order_length(config->bits) + 63) / 64;
    party->key = calloc(party->word_count, sizeof *party->key);
    party->permuted = calloc(party->word_count, sizeof *party->permuted);
    party->scratch = calloc(party->word_count, sizeof *party->scratch);
    party->buffers = calloc(1, sizeof *party->buffers);
    if (party->key == NULL || party->permuted == NULL || party->scratch == NULL ||
        party->buffers == NULL) {
        return false;
    }
    for (unsigned p = 1; p < QW_CASCADE_PASSES_MAX; p++) {
        if (qw_cascade_order_new(config->bits, config->seed, p, is_two_way, &party->order[p]) !=
            QW_OK) {
            return false;
        }
    }
    return true;
}

qw_err qw_cascade_party_init(struct qw_cascade_party *party, const struct qw_cascade_config *config,
                             bool is_two_way)
{
    if (config->bits < 1 || config->bits > QW_CASCADE_BITS_MAX ||
        (config->variant != QW_CASCADE_ORIGINAL && config->variant != QW_CASCADE_OPTIMISED)) {
        return QW_ERR_ARG;
    }
    *party = (struct qw_cascade_party){ .config = *config };
    if (!allocate(party, is_two_way)) {
        qw_cascade_party_wipe(party);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

void qw_cascade_party_wipe(struct qw_cascade_party *party)
{
    size_t len = party->word_count * sizeof *party->key;

    qw_wipe_free(party->key, len);
    qw_wipe_free(party->permuted, len);
    qw_wipe_free(party->scratch, len);
    free(party->buffers);
    for (unsigned p = 0; p < QW_CASCADE_PASSES_MAX; p++) {
        qw_cascade_order_free(party->order[p]);
    }
    *party = (struct qw_cascade_party){ .word_count = 0 };
}

qw_err qw_cascade_party_begin(struct qw_cascade_party *party, const uint8_t *key, uint32_t qber_ppm,
                              const struct qw_cascade_plan *plan)
{
    if (qber_ppm > QW_CASCADE_QBER_MAX_PPM) {
        return QW_ERR_REFUSED;
    }
    if (!qw_bits_tail_clear(key, party->config.bits)) {
        return QW_ERR_FORMAT;
    }
    party->plan = *plan;
    party->qber_ppm = qber_ppm;
    memset(&party->report, 0, sizeof party->report);
    qw_cascade_key_load(key, party->config.bits, party->key, party->word_count);
    party->state = QW_CASCADE_BEGUN;
    return QW_OK;
}

uint32_t qw_cascade_party_length(const struct qw_cascade_party *party, unsigned pass)
{
    size_t bits = party->config.bits;

    return (uint32_t)(pass == 0 ? bits : qw_cascade_order_length(bits));
}

const uint64_t *qw_cascade_party_arrange(struct qw_cascade_party *party, unsigned pass)
{
    if (pass == 0) {
        return party->key;
    }
    qw_cascade_order_apply(party->order[pass], party->key, party->permuted, party->scratch);
    return party->permuted;
}

size_t qw_cascade_party_opening_bits(const struct qw_cascade_party *party, unsigned count)
{
    unsigned first = party->report.passes;
    size_t bits = 0;

    for (unsigned p = first; p < first + count; p++) {
        bits +=
            qw_cascade_opening_bits(p, qw_cascade_party_length(party, p), party->plan.blocks[p]);
    }
    return bits;
}
