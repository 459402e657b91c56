/* SPDX-License-Identifier: Apache-2.0 */
/* Multilevel soft reconciliation, docs/protocol/multilevel.md: the object and the sender, whose
 * first message says the bits of plain levels and the syndromes of coded ones. */
#include "distill/multilevel.h"

#include "base/bits.h"
#include "base/secret.h"
#include "distill/ldpc_split.h"
#include "distill/level_check.h"
#include "distill/multilevel_inside.h"

#include <stdlib.h>
#include <string.h>

static size_t code_width(const struct qw_ldpc_code *code)
{
    return (size_t)code->columns * code->lift;
}

static qw_err code_init(struct qw_multilevel_level *level, const struct qw_level_plan *plan)
{
    qw_err err = qw_ldpc_code_new(level->bits, plan->checks, &level->code);
    uint32_t rows;

    if (err == QW_OK) {
        err = qw_ldpc_decoder_new(level->code, &level->decoder);
    }
    if (err != QW_OK) {
        return err;
    }
    rows = level->code->rows;
    level->row_start = calloc(2 * (size_t)rows + 1, sizeof *level->row_start);
    level->half = calloc(level->code->checks, sizeof *level->half);
    if (level->row_start == NULL || level->half == NULL) {
        return QW_ERR_NOMEM;
    }
    level->step = (uint32_t)((plan->more + level->code->lift - 1) / level->code->lift);
    level->step = level->step < rows / 4 ? level->step : rows / 4;
    level->first_bits = level->code->checks;
    return QW_OK;
}

static qw_err level_init(struct qw_multilevel *m, size_t index, unsigned sigma_units)
{
    struct qw_multilevel_level *level = &m->level[index];
    struct qw_level_plan plan =
        qw_level_plan_for(m->thrift, sigma_units, (unsigned)index, level->bits);
    qw_err err = QW_OK;
    size_t width = level->bits;

    level->kind = plan.kind;
    switch (plan.kind) {
    case QW_LEVEL_PLAIN:
        level->first_bits = level->bits;
        break;
    case QW_LEVEL_CODED:
        err = code_init(level, &plan);
        width = err == QW_OK ? code_width(level->code) : 0;
        break;
    case QW_LEVEL_CHECKED:
        level->first_bits = QW_LEVEL_CHECK_BITS;
        break;
    case QW_LEVEL_FREE:
        return QW_OK;
    }
    level->first_at = m->leak_bits;
    m->leak_bits += level->first_bits;
    m->bit_cap = width > m->bit_cap ? width : m->bit_cap;
    m->levels = index + 1;
    return err;
}

static qw_err scratch_new(struct qw_multilevel *m)
{
    m->first = calloc(QW_BITS_TO_BYTES(m->leak_bits) + 1, 1);
    m->bit = calloc(m->bit_cap + 1, sizeof *m->bit);
    m->syndrome = calloc(2 * m->bit_cap + 1, sizeof *m->syndrome);
    m->whole = calloc(m->bit_cap + 1, sizeof *m->whole);
    m->llr = calloc(m->bit_cap + 1, sizeof *m->llr);
    m->doubt = calloc(QW_LEVEL_CHECK_DOUBTS, sizeof *m->doubt);
    m->word = calloc(m->n, sizeof *m->word);
    return m->first == NULL || m->bit == NULL || m->syndrome == NULL || m->whole == NULL ||
                   m->llr == NULL || m->doubt == NULL || m->word == NULL
               ? QW_ERR_NOMEM
               : QW_OK;
}

qw_err qw_multilevel_new(const uint8_t *depth, size_t n, double sigma_cells,
                         enum qw_level_thrift thrift, struct qw_multilevel **multilevel)
{
    struct qw_multilevel *m = NULL;
    qw_err err = QW_ERR_NOMEM;

    if (n < QW_MULTILEVEL_COEFFICIENTS_MIN || n > QW_MULTILEVEL_COEFFICIENTS_MAX ||
        !(sigma_cells >= 0.25 && sigma_cells <= 4.0) ||
        (thrift != QW_LEVEL_ONE_MESSAGE && thrift != QW_LEVEL_LEAN)) {
        return QW_ERR_ARG;
    }
    m = calloc(1, sizeof *m);
    if (m == NULL) {
        goto out;
    }
    m->n = n;
    m->sigma_cells = sigma_cells;
    m->thrift = thrift;
    m->depth = calloc(n, sizeof *m->depth);
    if (m->depth == NULL) {
        goto out;
    }
    for (size_t j = 0; j < n; j++) {
        if (depth[j] > QW_MULTILEVEL_DEPTH_MAX) {
            err = QW_ERR_ARG;
            goto out;
        }
        m->depth[j] = depth[j];
        for (size_t l = 0; l < depth[j]; l++) {
            m->level[l].bits++;
        }
    }
    err = QW_OK;
    for (size_t l = 0; err == QW_OK && l < QW_MULTILEVEL_DEPTH_MAX && m->level[l].bits > 0; l++) {
        err = level_init(m, l, (unsigned)(sigma_cells * QW_LEVEL_SIGMA_UNITS + 0.5));
    }
    if (err == QW_OK) {
        err = scratch_new(m);
    }
    if (err == QW_OK) {
        *multilevel = m;
        m = NULL; /* now owned by the caller */
    }
out:
    qw_multilevel_free(m);
    return err;
}

void qw_multilevel_free(struct qw_multilevel *m)
{
    if (m == NULL) {
        return;
    }
    for (size_t l = 0; l < QW_MULTILEVEL_DEPTH_MAX; l++) {
        struct qw_multilevel_level *level = &m->level[l];

        qw_wipe_free(level->half, level->half != NULL ? level->code->checks : 0);
        qw_ldpc_decoder_free(level->decoder);
        qw_ldpc_code_free(level->code);
        free(level->row_start);
    }
    qw_wipe_free(m->first, QW_BITS_TO_BYTES(m->leak_bits) + 1);
    qw_wipe_free(m->bit, m->bit_cap + 1);
    qw_wipe_free(m->syndrome, 2 * m->bit_cap + 1);
    qw_wipe_free(m->whole, m->bit_cap + 1);
    qw_wipe_free(m->llr, (m->bit_cap + 1) * sizeof *m->llr);
    qw_wipe_free(m->doubt, QW_LEVEL_CHECK_DOUBTS * sizeof *m->doubt);
    qw_wipe_free(m->word, m->n * sizeof *m->word);
    free(m->depth);
    free(m);
}

size_t qw_multilevel_leak_bits(const struct qw_multilevel *m)
{
    return m->leak_bits;
}

size_t qw_multilevel_message_len(const struct qw_multilevel *m)
{
    return QW_BITS_TO_BYTES(m->leak_bits);
}

unsigned qw_multilevel_more_max(const struct qw_multilevel *m)
{
    return m->thrift == QW_LEVEL_LEAN ? QW_MULTILEVEL_LEAN_MORE_MAX : QW_MULTILEVEL_MORE_MAX;
}

size_t qw_multilevel_bits_of_more(const struct qw_multilevel *m, size_t index, unsigned of_all,
                                  unsigned k)
{
    const struct qw_multilevel_level *level;

    if (index >= m->levels || of_all >= qw_multilevel_more_max(m)) {
        return 0;
    }
    level = &m->level[index];
    if (level->kind != QW_LEVEL_CODED || (k + 1) * level->step > level->code->rows) {
        return 0;
    }
    return (size_t)level->step * level->code->lift;
}

size_t qw_multilevel_more_bits(const struct qw_multilevel *m, size_t level)
{
    bool is_sender = m->more_sent > m->more_received;

    if (level >= m->levels) {
        return 0;
    }
    return qw_multilevel_bits_of_more(m, level, is_sender ? m->more_sent : m->more_received,
                                      is_sender ? m->level[level].sent : m->level[level].received);
}

size_t qw_multilevel_more_len(const struct qw_multilevel *m, size_t level)
{
    return QW_BITS_TO_BYTES(qw_multilevel_more_bits(m, level));
}

/* Bit index of all coefficients that have it, in their order, and zeros up to the code's width. */
static void gather_level(struct qw_multilevel *m, const uint16_t *symbol, size_t index)
{
    size_t at = 0;

    for (size_t j = 0; j < m->n; j++) {
        if (m->depth[j] > index) {
            m->bit[at++] = symbol[j] >> index & 1;
        }
    }
    memset(m->bit + at, 0, m->bit_cap > at ? m->bit_cap - at : 0);
}

void qw_multilevel_encode(struct qw_multilevel *m, const uint16_t *symbol, uint8_t *message)
{
    m->more_sent = 0;
    memset(message, 0, qw_multilevel_message_len(m));
    for (size_t l = 0; l < m->levels; l++) {
        struct qw_multilevel_level *level = &m->level[l];
        const uint8_t *say = m->bit;
        uint32_t check;

        level->sent = 0;
        gather_level(m, symbol, l);
        if (level->kind == QW_LEVEL_CODED) { /* M2 */
            qw_ldpc_code_syndrome(level->code, m->bit, m->syndrome);
            say = m->syndrome;
        }
        check = qw_level_check_of(m->bit, level->bits);
        for (size_t i = 0; i < level->first_bits; i++) {
            bool value = level->kind == QW_LEVEL_CHECKED ? check >> (31 - i) & 1 : say[i];

            qw_bit_set(message, level->first_at + i, value);
        }
    }
}

qw_err qw_multilevel_encode_more(struct qw_multilevel *m, size_t index, const uint16_t *symbol,
                                 uint8_t *message)
{
    struct qw_multilevel_level *level;
    struct qw_ldpc_code halved;
    size_t lift;

    if (index >= m->levels ||
        qw_multilevel_bits_of_more(m, index, m->more_sent, m->level[index].sent) == 0) {
        return QW_ERR_EXHAUSTED;
    }
    level = &m->level[index];
    lift = level->code->lift;
    gather_level(m, symbol, index);
    qw_ldpc_split(level->code, (level->sent + 1) * level->step, level->row_start, &halved);
    qw_ldpc_code_syndrome(&halved, m->bit, m->syndrome);
    memset(message, 0, QW_BITS_TO_BYTES(level->step * lift));
    for (size_t i = 0; i < level->step; i++) { /* M5 */
        size_t row = level->sent * (size_t)level->step + i;

        for (size_t z = 0; z < lift; z++) {
            qw_bit_set(message, i * lift + z, m->syndrome[2 * row * lift + z]);
        }
    }
    level->sent++;
    m->more_sent++;
    return QW_OK;
}
