/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/pairs.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "base/prng.h"

#include <string.h>

enum { BLOCKS_MAX = QW_PLKG_PROBES_MAX / QW_PLKG_BLOCK_PROBES + 1, QUARTERS = 4 };

size_t qw_plkg_pairs_encode(const struct qw_plkg_pairs *pairs,
                            uint8_t out[static QW_PLKG_PAIRS_LEN_MAX])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_PAIRS_LEN_MAX);

    qw_write_u32be(&w, pairs->probes);
    qw_write_u64be(&w, pairs->nonce);
    qw_write_bytes(&w, pairs->heard, QW_BITS_TO_BYTES(pairs->probes));
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_plkg_pairs_decode(const uint8_t *body, size_t len, struct qw_plkg_pairs *pairs)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_plkg_pairs m = { .probes = qw_read_u32be(&r) };

    m.nonce = qw_read_u64be(&r);
    if (m.probes < QW_PLKG_PROBES_MIN || m.probes > QW_PLKG_PROBES_MAX) {
        return QW_ERR_FORMAT;
    }
    qw_read_bytes(&r, m.heard, QW_BITS_TO_BYTES(m.probes));
    if (!qw_reader_done(&r) || !qw_bits_tail_clear(m.heard, m.probes)) {
        return QW_ERR_FORMAT;
    }
    *pairs = m;
    return QW_OK;
}

static bool is_usable(const struct qw_plkg_pairs *a, const struct qw_plkg_pairs *b, uint32_t probe)
{
    return qw_bit_get(a->heard, probe) && qw_bit_get(b->heard, probe);
}

static uint32_t usable_between(const struct qw_plkg_pairs *a, const struct qw_plkg_pairs *b,
                               uint32_t first, uint32_t end)
{
    uint32_t count = 0;

    for (uint32_t i = first; i < end && i < a->probes; i++) {
        count += is_usable(a, b, i) ? 1 : 0;
    }
    return count;
}

static uint32_t target_of(uint32_t usable, bool has_phase)
{
    uint32_t target = usable / QW_PLKG_DISCLOSED_SHARE;
    uint32_t least = has_phase ? QW_PLKG_DISCLOSED_MIN : QW_PLKG_DISCLOSED_WAVES;

    if (has_phase && usable / QW_PLKG_DISCLOSED_SHORT < least) {
        least = usable / QW_PLKG_DISCLOSED_SHORT;
    }
    return target > least ? target : least;
}

/* The n-th block from first on that is not disclosed yet. */
static uint32_t find_block(const bool *is_disclosed, uint32_t first, uint32_t n)
{
    uint32_t block = first;

    while (is_disclosed[block] || n > 0) {
        n -= is_disclosed[block] ? 0 : 1;
        block++;
    }
    return block;
}

/* Two blocks already come from halves that are apart. */
static const uint32_t turn[QUARTERS] = { 0, 2, 1, 3 };

/* Marks random blocks until the target is met, from one quarter of the session after the other, the
 * first of them random too: what is remembered of a session would else lie, now and then, all in
 * that end of it which a shorter repetition does not reach. The generator is public: what counts is
 * that the nonces came after the probes, so that nobody knew which ones would be looked at. */
static void draw_blocks(const struct qw_plkg_pairs *terminal,
                        const struct qw_plkg_pairs *access_point, uint32_t target,
                        bool *is_disclosed)
{
    uint32_t blocks = (terminal->probes + QW_PLKG_BLOCK_PROBES - 1) / QW_PLKG_BLOCK_PROBES;
    uint32_t left[QUARTERS];
    uint32_t drawn = 0;
    uint32_t count = 0;
    uint32_t start;
    struct qw_prng prng;

    for (uint32_t q = 0; q < QUARTERS; q++) {
        left[q] = blocks * (q + 1) / QUARTERS - blocks * q / QUARTERS;
    }
    qw_prng_init(&prng, terminal->nonce, access_point->nonce);
    start = (uint32_t)qw_prng_below(&prng, QUARTERS);
    for (uint32_t i = 0; drawn < blocks && count < target; i++) {
        uint32_t quarter = (start + turn[i % QUARTERS]) % QUARTERS;
        uint32_t first = blocks * quarter / QUARTERS;
        uint32_t block;

        if (left[quarter] == 0) {
            continue;
        }
        block = find_block(is_disclosed, first, (uint32_t)qw_prng_below(&prng, left[quarter]));
        is_disclosed[block] = true;
        left[quarter]--;
        drawn++;
        first = block * QW_PLKG_BLOCK_PROBES;
        count += usable_between(terminal, access_point, first, first + QW_PLKG_BLOCK_PROBES);
    }
}

static void take_disclosed(struct qw_plkg_split *split, uint32_t probe)
{
    uint32_t count = split->disclosed_count;

    if (count > 0 && split->disclosed[count - 1] + 1 == probe) {
        split->run[split->run_count - 1]++;
    } else {
        split->run[split->run_count++] = 1;
    }
    split->disclosed[count] = probe;
    split->disclosed_count = count + 1;
}

void qw_plkg_split_of(const struct qw_plkg_pairs *terminal,
                      const struct qw_plkg_pairs *access_point, bool has_phase,
                      struct qw_plkg_split *split)
{
    bool is_disclosed[BLOCKS_MAX] = { false };

    qw_assert(terminal->probes == access_point->probes);
    memset(split, 0, sizeof *split);
    split->usable = usable_between(terminal, access_point, 0, terminal->probes);
    draw_blocks(terminal, access_point, target_of(split->usable, has_phase), is_disclosed);
    for (uint32_t i = 0; i < terminal->probes; i++) {
        if (!is_usable(terminal, access_point, i)) {
            continue;
        }
        if (is_disclosed[i / QW_PLKG_BLOCK_PROBES]) {
            take_disclosed(split, i);
        } else {
            split->key[split->key_count++] = i;
        }
    }
}
