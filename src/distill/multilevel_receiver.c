/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver of docs/protocol/multilevel.md: decodes level by level, each with the lower bits at
 * hand, and asks for further parities of the level where it is stuck. */
#include "base/bits.h"
#include "base/prng.h"
#include "distill/gaussian_cells.h"
#include "distill/ldpc_split.h"
#include "distill/level_check.h"
#include "distill/multilevel.h"
#include "distill/multilevel_inside.h"

#include <string.h>

enum { ITERATIONS_MAX = 300 };

/* Of the beliefs of a level that is decoded once more, in log likelihood: strong enough to make
 * another of two words with the same syndrome the likelier one, which differ in some dozen bits. */
static const double SHAKE = 0.35;

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
    struct qw_multilevel_level *level = &m->level[index];
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
    const struct qw_multilevel_level *level = &m->level[index];
    uint32_t told = 0;

    for (size_t i = 0; i < QW_LEVEL_CHECK_BITS; i++) {
        told = told << 1 | qw_bit_get(m->first, level->first_at + i);
    }
    believe(m, mean, index);
    return qw_level_check_mend(m->llr, level->bits, told, m->doubt, m->bit);
}

static bool decode_level(struct qw_multilevel *m, const float *mean, size_t index)
{
    const struct qw_multilevel_level *level = &m->level[index];

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
    const struct qw_multilevel_level *level = &m->level[index];

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
        qw_multilevel_bits_of_more(m, wanted, m->more_received, m->level[wanted].received) == 0) {
        return QW_MULTILEVEL_DEPTH_MAX;
    }
    return wanted;
}

qw_err qw_multilevel_decode_more(struct qw_multilevel *m, size_t index, const float *mean,
                                 const uint8_t *message, size_t len, uint16_t *symbol)
{
    struct qw_multilevel_level *level;
    size_t bits;

    if (!m->has_first) {
        return QW_ERR_STATE;
    }
    bits = index < m->levels
               ? qw_multilevel_bits_of_more(m, index, m->more_received, m->level[index].received)
               : 0;
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
