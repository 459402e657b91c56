/* SPDX-License-Identifier: Apache-2.0 */
/* Multilevel soft reconciliation, docs/protocol/multilevel.md. The sender's first message says the
 * bits of plain levels and the syndromes of coded ones; the receiver decodes level by level, each
 * with the lower bits at hand, and asks for further parities of the level where it is stuck. */
#include "distill/multilevel.h"

#include "base/bits.h"
#include "base/prng.h"
#include "base/secret.h"
#include "distill/gaussian_cells.h"
#include "distill/ldpc_code.h"
#include "distill/ldpc_decoder.h"
#include "distill/ldpc_split.h"
#include "distill/level_check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ITERATIONS_MAX = 300 };

/* Of the beliefs of a level that is decoded once more, in log likelihood: strong enough to make
 * another of two words with the same syndrome the likelier one, which differ in some dozen bits. */
static const double SHAKE = 0.35;

/* What is known of a coded level, at one end. */
struct level {
    enum qw_level_kind kind;
    size_t bits;       /* coefficients with depth > level */
    size_t first_at;   /* bit where the level begins in the first message */
    size_t first_bits; /* that it has there */
    uint32_t step;     /* rows that a MORE cuts in two; 0: there is no MORE */
    struct qw_ldpc_code *code;
    struct qw_ldpc_decoder *decoder;
    uint32_t *row_start; /* [size: 2 x rows of the code + 1] of the code cut by MORE */
    unsigned sent;       /* MORE, as sender */
    unsigned received;   /* as receiver */
    unsigned suspected;  /* times that a later level's failure was put down to this one */
    bool is_stuck;       /* the decoder's beliefs are those of a search that failed */
    uint8_t *half;       /* [size: checks of the code], as received, one per byte; secret */
};

struct qw_multilevel {
    size_t n;
    double sigma_cells;
    enum qw_level_thrift thrift;
    uint8_t *depth; /* [size: n] */
    struct level level[QW_MULTILEVEL_DEPTH_MAX];
    size_t levels; /* of them, up to the last that is not free */
    size_t leak_bits;
    unsigned more_sent;     /* as sender, of all levels */
    unsigned more_received; /* as receiver */
    bool has_first;         /* as receiver */
    bool is_shaken;         /* coded levels are decoded from shaken beliefs */
    unsigned again;         /* words tried besides the first since the last message, as receiver */
    size_t at;              /* level to go on with, as receiver */
    /* Scratch, secret. */
    uint8_t *first;    /* [ceil(leak_bits / 8) bytes] as received */
    uint8_t *bit;      /* [size: bit_cap]: of one level, one per byte */
    uint8_t *syndrome; /* [size: 2 x bit_cap] */
    uint8_t *whole;    /* [size: bit_cap] */
    float *llr;        /* [size: bit_cap] */
    uint32_t *doubt;   /* [size: QW_LEVEL_CHECK_DOUBTS] */
    uint16_t *word;    /* [size: n]: what is decoded so far */
    size_t bit_cap;
};
static size_t code_width(const struct qw_ldpc_code *code)
{
    return (size_t)code->columns * code->lift;
}

static qw_err code_init(struct level *level, const struct qw_level_plan *plan)
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
    struct level *level = &m->level[index];
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
        struct level *level = &m->level[l];

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

/* Checks of MORE number k of a level; 0 when there is none. */
static size_t more_bits(const struct qw_multilevel *m, size_t index, unsigned of_all, unsigned k)
{
    const struct level *level;

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
    return more_bits(m, level, is_sender ? m->more_sent : m->more_received,
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
        struct level *level = &m->level[l];
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
    struct level *level;
    struct qw_ldpc_code halved;
    size_t lift;

    if (index >= m->levels || more_bits(m, index, m->more_sent, m->level[index].sent) == 0) {
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

/* Another search for a word. The generator is as good as any: nobody else learns what comes of it.
 */
static void shake(struct qw_multilevel *m, size_t index)
{
    struct qw_prng prng;

    qw_prng_init(&prng, m->again, index);
    for (size_t i = 0; i < m->level[index].bits; i++) {
        m->llr[i] += (float)(SHAKE * qw_prng_gaussian(&prng));
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

static void unpack(const uint8_t *message, size_t at, size_t count, uint8_t *bit)
{
    for (size_t i = 0; i < count; i++) {
        bit[i] = qw_bit_get(message, at + i);
    }
}

static bool decode_coded(struct qw_multilevel *m, const float *mean, size_t index)
{
    struct level *level = &m->level[index];
    uint32_t split = level->received * level->step;
    struct qw_ldpc_code halved;

    unpack(m->first, level->first_at, level->first_bits, m->whole);
    qw_ldpc_split(level->code, split, level->row_start, &halved);
    qw_ldpc_split_syndrome(&halved, split, m->whole, level->half, m->syndrome);
    if (level->is_stuck) {
        level->is_stuck =
            !qw_ldpc_decoder_run(level->decoder, &halved, m->syndrome, ITERATIONS_MAX, m->bit);
        if (!level->is_stuck) {
            return true;
        }
    }
    /* From the start, too: a search can be stuck where no further parities reach it. */
    believe(m, mean, index);
    if (m->is_shaken) {
        shake(m, index);
    }
    qw_ldpc_decoder_load(level->decoder, m->llr);
    level->is_stuck =
        !qw_ldpc_decoder_run(level->decoder, &halved, m->syndrome, ITERATIONS_MAX, m->bit);
    return !level->is_stuck;
}

static bool decode_checked(struct qw_multilevel *m, const float *mean, size_t index)
{
    const struct level *level = &m->level[index];
    uint32_t told = 0;

    for (size_t i = 0; i < QW_LEVEL_CHECK_BITS; i++) {
        told = told << 1 | qw_bit_get(m->first, level->first_at + i);
    }
    believe(m, mean, index);
    return qw_level_check_mend(m->llr, level->bits, told, m->doubt, m->bit);
}

static bool decode_level(struct qw_multilevel *m, const float *mean, size_t index)
{
    const struct level *level = &m->level[index];

    switch (level->kind) {
    case QW_LEVEL_CODED: /* M4 */
        return decode_coded(m, mean, index);
    case QW_LEVEL_CHECKED:
        return decode_checked(m, mean, index);
    case QW_LEVEL_PLAIN: /* M3 */
    case QW_LEVEL_FREE:
        break;
    }
    unpack(m->first, level->first_at, level->first_bits, m->bit);
    return true;
}

/* From level m->at on, with the lower ones in word. */
static bool decode_levels(struct qw_multilevel *m, const float *mean)
{
    uint16_t keep = (uint16_t)((1u << m->at) - 1);

    for (size_t j = 0; j < m->n; j++) {
        m->word[j] &= keep;
    }
    for (; m->at < m->levels; m->at++) {
        if (!decode_level(m, mean, m->at)) {
            return false;
        }
        scatter_level(m, m->at);
    }
    for (size_t j = 0; j < m->n; j++) {
        if (m->depth[j] > m->levels) {
            m->word[j] = (uint16_t)qw_gaussian_cells_nearest((double)mean[j], m->depth[j],
                                                             (unsigned)m->levels, m->word[j]);
        }
    }
    return true;
}

/* From a level on. */
static void forget_searches(struct qw_multilevel *m, size_t index)
{
    for (size_t l = index; l < m->levels; l++) {
        m->level[l].is_stuck = false;
    }
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
    m->at = 0;
    for (size_t l = 0; l < m->levels; l++) {
        m->level[l].received = 0;
        m->level[l].suspected = 0;
        m->level[l].is_stuck = false;
    }
    m->again = 0;
    if (len != qw_multilevel_message_len(m) || !qw_bits_tail_clear(message, m->leak_bits)) {
        return QW_ERR_FORMAT;
    }
    memcpy(m->first, message, len);
    m->has_first = true;
    return decode_all(m, mean, symbol);
}

/* The next lower coded level, or the level itself when there is none. */
static size_t coded_below(const struct qw_multilevel *m, size_t index)
{
    for (size_t l = index; l-- > 0;) {
        if (m->level[l].kind == QW_LEVEL_CODED) {
            return l;
        }
    }
    return index;
}

/* Whether level index was asked about often enough for its trouble to be a wrong word at the coded
 * level below. A level that is not coded, and the end, have nothing to ask about. */
static bool blames(const struct qw_multilevel *m, size_t index, size_t below)
{
    const struct level *level = &m->level[index];

    if (below == index) {
        return false;
    }
    if (index == m->levels || level->kind != QW_LEVEL_CODED) {
        return true;
    }
    return level->is_stuck ? level->received >= 2 * (m->level[below].suspected + 1)
                           : level->suspected > m->level[below].suspected;
}

qw_err qw_multilevel_decode_again(struct qw_multilevel *m, const float *mean, uint16_t *symbol)
{
    qw_err err = QW_ERR_EXHAUSTED;
    size_t lowest = 0;

    if (!m->has_first || m->at < m->levels) {
        return QW_ERR_STATE;
    }
    while (lowest < m->levels && m->level[lowest].kind != QW_LEVEL_CODED) {
        lowest++;
    }
    m->is_shaken = true;
    while (lowest < m->levels && err == QW_ERR_EXHAUSTED && m->again < QW_MULTILEVEL_AGAIN_MAX) {
        m->again++;
        m->at = lowest;
        err = decode_all(m, mean, symbol);
        forget_searches(m, lowest);
    }
    m->is_shaken = false;
    m->at = m->levels; /* every level had its word once: MORE is asked for as if this were it */
    return err;
}

size_t qw_multilevel_wanted(const struct qw_multilevel *m)
{
    size_t wanted = m->at;
    size_t below = coded_below(m, wanted);

    while (blames(m, wanted, below)) {
        wanted = below;
        below = coded_below(m, wanted);
    }
    if (wanted >= m->levels ||
        more_bits(m, wanted, m->more_received, m->level[wanted].received) == 0) {
        return QW_MULTILEVEL_DEPTH_MAX;
    }
    return wanted;
}

qw_err qw_multilevel_decode_more(struct qw_multilevel *m, size_t index, const float *mean,
                                 const uint8_t *message, size_t len, uint16_t *symbol)
{
    struct level *level;
    size_t bits;

    if (!m->has_first) {
        return QW_ERR_STATE;
    }
    bits = index < m->levels ? more_bits(m, index, m->more_received, m->level[index].received) : 0;
    if (bits == 0) {
        return QW_ERR_EXHAUSTED;
    }
    if (len != QW_BITS_TO_BYTES(bits) || !qw_bits_tail_clear(message, bits)) {
        return QW_ERR_FORMAT;
    }
    level = &m->level[index];
    unpack(message, 0, bits, level->half + level->received * bits);
    level->received++;
    m->more_received++;
    m->again = 0;
    if (index < m->at) { /* everything above rests on this level's word */
        level->suspected++;
        m->at = index;
        forget_searches(m, index);
    }
    return decode_all(m, mean, symbol);
}
