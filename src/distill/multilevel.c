/* SPDX-License-Identifier: Apache-2.0 */
/* Multilevel soft reconciliation, docs/protocol/multilevel.md. The sender's first message says the
 * bits of plain levels and the syndromes of coded ones; the receiver decodes level by level, each
 * with the lower bits at hand. */
#include "distill/multilevel.h"

#include "base/bits.h"
#include "base/prng.h"
#include "base/secret.h"
#include "distill/gaussian_cells.h"
#include "distill/ldpc_code.h"
#include "distill/ldpc_decoder.h"
#include "distill/level_plan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ITERATIONS_MAX = 150 };

struct level {
    enum qw_level_kind kind;
    size_t bits; /* coefficients with depth > level */
    size_t more; /* positions per MORE message */
    struct qw_ldpc_code *code;
    struct qw_ldpc_decoder *decoder;
    uint32_t *order; /* [size: bits], public order of disclosure; positions count members only */
};

struct qw_multilevel {
    size_t n;
    double sigma_cells;
    uint8_t *depth; /* [size: n] */
    struct level level[QW_MULTILEVEL_DEPTH_MAX];
    size_t levels; /* of them, up to the last that is not free */
    size_t leak_bits;
    size_t more_bits;
    unsigned more_sent;     /* as sender */
    unsigned more_received; /* as receiver */
    bool has_first;         /* as receiver */
    /* Scratch, secret. */
    uint8_t *first;    /* [ceil(leak_bits / 8) bytes] as received */
    uint8_t *more;     /* [QW_MULTILEVEL_MORE_MAX x ceil(more_bits / 8) bytes] as received */
    uint8_t *bit;      /* [size: bit_cap]: of one level, one per byte */
    uint8_t *syndrome; /* [size: bit_cap] */
    float *llr;        /* [size: bit_cap] */
    uint16_t *word;    /* [size: n]: what is decoded so far */
    size_t bit_cap;
};

static size_t code_width(const struct qw_ldpc_code *code)
{
    return (size_t)code->columns * code->lift;
}

/* The order is the same for everybody; it depends on sizes only, never on a value [S2]. */
static qw_err order_new(size_t bits, size_t level, uint32_t **order)
{
    struct qw_prng prng;
    uint32_t *o = calloc(bits, sizeof *o);

    if (o == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&prng, 0x4d4f5245, (uint64_t)bits << 8 | level);
    for (size_t i = 0; i < bits; i++) {
        size_t j = (size_t)qw_prng_below(&prng, i + 1);

        o[i] = o[j];
        o[j] = (uint32_t)i;
    }
    *order = o;
    return QW_OK;
}

static qw_err level_init(struct qw_multilevel *m, size_t index, unsigned sigma_units)
{
    struct level *level = &m->level[index];
    struct qw_level_plan plan = qw_level_plan_for(sigma_units, (unsigned)index, level->bits);
    qw_err err = QW_OK;

    level->kind = plan.kind;
    if (plan.kind == QW_LEVEL_PLAIN) {
        m->leak_bits += level->bits;
        m->bit_cap = level->bits > m->bit_cap ? level->bits : m->bit_cap;
    }
    if (plan.kind == QW_LEVEL_CODED) {
        err = qw_ldpc_code_new(level->bits, plan.checks, &level->code);
        if (err == QW_OK) {
            err = qw_ldpc_decoder_new(level->code, &level->decoder);
        }
        if (err == QW_OK) {
            err = order_new(level->bits, index, &level->order);
        }
        if (err == QW_OK) {
            size_t width = code_width(level->code);

            level->more = plan.more;
            m->leak_bits += level->code->checks;
            m->more_bits += level->more;
            m->bit_cap = width > m->bit_cap ? width : m->bit_cap;
        }
    }
    if (plan.kind != QW_LEVEL_FREE) {
        m->levels = index + 1;
    }
    return err;
}

static qw_err scratch_new(struct qw_multilevel *m)
{
    m->first = calloc(QW_BITS_TO_BYTES(m->leak_bits) + 1, 1);
    m->more = calloc(QW_MULTILEVEL_MORE_MAX * QW_BITS_TO_BYTES(m->more_bits) + 1, 1);
    m->bit = calloc(m->bit_cap + 1, sizeof *m->bit);
    m->syndrome = calloc(m->bit_cap + 1, sizeof *m->syndrome);
    m->llr = calloc(m->bit_cap + 1, sizeof *m->llr);
    m->word = calloc(m->n, sizeof *m->word);
    return m->first == NULL || m->more == NULL || m->bit == NULL || m->syndrome == NULL ||
                   m->llr == NULL || m->word == NULL
               ? QW_ERR_NOMEM
               : QW_OK;
}

qw_err qw_multilevel_new(const uint8_t *depth, size_t n, double sigma_cells,
                         struct qw_multilevel **multilevel)
{
    struct qw_multilevel *m = NULL;
    qw_err err = QW_ERR_NOMEM;

    if (n < QW_MULTILEVEL_COEFFICIENTS_MIN || n > QW_MULTILEVEL_COEFFICIENTS_MAX ||
        !(sigma_cells >= 0.25 && sigma_cells <= 4.0)) {
        return QW_ERR_ARG;
    }
    m = calloc(1, sizeof *m);
    if (m == NULL) {
        goto out;
    }
    m->n = n;
    m->sigma_cells = sigma_cells;
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

static void wipe_and_free(void *p, size_t len)
{
    if (p != NULL) {
        qw_wipe(p, len);
        free(p);
    }
}

void qw_multilevel_free(struct qw_multilevel *m)
{
    if (m == NULL) {
        return;
    }
    for (size_t l = 0; l < QW_MULTILEVEL_DEPTH_MAX; l++) {
        qw_ldpc_decoder_free(m->level[l].decoder);
        qw_ldpc_code_free(m->level[l].code);
        free(m->level[l].order);
    }
    wipe_and_free(m->first, QW_BITS_TO_BYTES(m->leak_bits) + 1);
    wipe_and_free(m->more, QW_MULTILEVEL_MORE_MAX * QW_BITS_TO_BYTES(m->more_bits) + 1);
    wipe_and_free(m->bit, m->bit_cap + 1);
    wipe_and_free(m->syndrome, m->bit_cap + 1);
    wipe_and_free(m->llr, (m->bit_cap + 1) * sizeof *m->llr);
    wipe_and_free(m->word, m->n * sizeof *m->word);
    free(m->depth);
    free(m);
}

size_t qw_multilevel_leak_bits(const struct qw_multilevel *m)
{
    return m->leak_bits;
}

size_t qw_multilevel_more_bits(const struct qw_multilevel *m)
{
    unsigned used = m->more_sent > m->more_received ? m->more_sent : m->more_received;

    return used < QW_MULTILEVEL_MORE_MAX ? m->more_bits : 0;
}

size_t qw_multilevel_message_len(const struct qw_multilevel *m)
{
    return QW_BITS_TO_BYTES(m->leak_bits);
}

size_t qw_multilevel_more_len(const struct qw_multilevel *m)
{
    return QW_BITS_TO_BYTES(qw_multilevel_more_bits(m));
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
    size_t at = 0;

    m->more_sent = 0;
    memset(message, 0, qw_multilevel_message_len(m));
    for (size_t l = 0; l < m->levels; l++) {
        const uint8_t *say = m->bit;
        size_t count = m->level[l].bits;

        gather_level(m, symbol, l);
        if (m->level[l].kind == QW_LEVEL_CODED) { /* M2 */
            qw_ldpc_code_syndrome(m->level[l].code, m->bit, m->syndrome);
            say = m->syndrome;
            count = m->level[l].code->checks;
        }
        for (size_t i = 0; i < count; i++) {
            qw_bit_set(message, at++, say[i]);
        }
    }
}

qw_err qw_multilevel_encode_more(struct qw_multilevel *m, const uint16_t *symbol, uint8_t *message)
{
    size_t at = 0;

    if (m->more_sent == QW_MULTILEVEL_MORE_MAX || m->more_bits == 0) {
        return QW_ERR_EXHAUSTED;
    }
    memset(message, 0, QW_BITS_TO_BYTES(m->more_bits));
    for (size_t l = 0; l < m->levels; l++) {
        const struct level *level = &m->level[l];

        if (level->kind == QW_LEVEL_CODED) { /* M5 */
            gather_level(m, symbol, l);
            for (size_t i = 0; i < level->more; i++) {
                qw_bit_set(message, at++, m->bit[level->order[m->more_sent * level->more + i]]);
            }
        }
    }
    m->more_sent++;
    return QW_OK;
}

/* What the belief says about a level, given the lower bits in word. */
static void believe(struct qw_multilevel *m, const float *mean, size_t index)
{
    size_t at = 0;

    for (size_t j = 0; j < m->n; j++) {
        if (m->depth[j] > index) {
            m->llr[at++] = qw_gaussian_cells_llr((double)mean[j], m->sigma_cells, m->depth[j],
                                                 (unsigned)index, m->word[j]);
        }
    }
}

/* Bits of a level that MORE messages disclosed; more_at is the level's place inside such a message.
 */
static void believe_more(struct qw_multilevel *m, const struct level *level, size_t more_at)
{
    for (unsigned k = 0; k < m->more_received; k++) {
        const uint8_t *message = m->more + k * QW_BITS_TO_BYTES(m->more_bits);

        for (size_t i = 0; i < level->more; i++) {
            bool one = qw_bit_get(message, more_at + i);

            m->llr[level->order[k * level->more + i]] =
                one ? -QW_LDPC_LLR_KNOWN : QW_LDPC_LLR_KNOWN;
        }
    }
}

static void scatter_level(struct qw_multilevel *m, size_t index)
{
    size_t at = 0;

    for (size_t j = 0; j < m->n; j++) {
        if (m->depth[j] > index) {
            m->word[j] = (uint16_t)(m->word[j] | m->bit[at++] << index);
        }
    }
}

/* Level by level into word, from what was received so far. */
static bool decode_levels(struct qw_multilevel *m, const float *mean)
{
    size_t at = 0;
    size_t more_at = 0;

    memset(m->word, 0, m->n * sizeof *m->word);
    for (size_t l = 0; l < m->levels; l++) {
        const struct level *level = &m->level[l];

        if (level->kind == QW_LEVEL_PLAIN) { /* M3 */
            for (size_t i = 0; i < level->bits; i++) {
                m->bit[i] = qw_bit_get(m->first, at++);
            }
        }
        if (level->kind == QW_LEVEL_CODED) { /* M4 */
            for (size_t i = 0; i < level->code->checks; i++) {
                m->syndrome[i] = qw_bit_get(m->first, at++);
            }
            believe(m, mean, l);
            believe_more(m, level, more_at);
            more_at += level->more;
            if (!qw_ldpc_decoder_run(level->decoder, m->llr, m->syndrome, ITERATIONS_MAX, m->bit)) {
                return false;
            }
        }
        scatter_level(m, l);
    }
    for (size_t j = 0; j < m->n; j++) {
        if (m->depth[j] > m->levels) {
            m->word[j] = (uint16_t)qw_gaussian_cells_nearest((double)mean[j], m->depth[j],
                                                             (unsigned)m->levels, m->word[j]);
        }
    }
    return true;
}

static qw_err decode_all(struct qw_multilevel *m, const float *mean, uint16_t *symbol)
{
    if (!decode_levels(m, mean)) {
        return QW_ERR_EXHAUSTED;
    }
    memcpy(symbol, m->word, m->n * sizeof *symbol);
    return QW_OK;
}

qw_err qw_multilevel_decode(struct qw_multilevel *m, const float *mean, const uint8_t *message,
                            size_t len, uint16_t *symbol)
{
    m->has_first = false;
    m->more_received = 0;
    if (len != qw_multilevel_message_len(m) || !qw_bits_tail_clear(message, m->leak_bits)) {
        return QW_ERR_FORMAT;
    }
    memcpy(m->first, message, len);
    m->has_first = true;
    return decode_all(m, mean, symbol);
}

qw_err qw_multilevel_decode_more(struct qw_multilevel *m, const float *mean, const uint8_t *message,
                                 size_t len, uint16_t *symbol)
{
    if (!m->has_first) {
        return QW_ERR_STATE;
    }
    if (m->more_received == QW_MULTILEVEL_MORE_MAX || m->more_bits == 0) {
        return QW_ERR_EXHAUSTED;
    }
    if (len != QW_BITS_TO_BYTES(m->more_bits) || !qw_bits_tail_clear(message, m->more_bits)) {
        return QW_ERR_FORMAT;
    }
    memcpy(m->more + m->more_received * len, message, len);
    m->more_received++;
    return decode_all(m, mean, symbol);
}
