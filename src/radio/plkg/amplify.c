/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/amplify.h"

#include "base/bits.h"
#include "base/bytes.h"
#include "distill/toeplitz.h"

void qw_plkg_amplify_encode_head(const struct qw_plkg_amplify *amplify,
                                 uint8_t out[static QW_PLKG_AMPLIFY_HEAD_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_AMPLIFY_HEAD_LEN);

    qw_write_u32be(&w, amplify->string_bits);
    qw_write_u32be(&w, amplify->entropy_bits);
    qw_write_u32be(&w, amplify->finite_size_bits);
    qw_write_u32be(&w, amplify->reconciliation_bits);
    qw_write_u32be(&w, amplify->verification_bits);
    qw_write_u32be(&w, amplify->selection_bits);
    qw_write_u32be(&w, amplify->amplification_bits);
    qw_write_u32be(&w, amplify->secret_bits);
    qw_assert(!w.failed);
}

/* The account adds up: nothing was spent that is not on a line of its own. */
static bool adds_up(const struct qw_plkg_amplify *m)
{
    uint64_t spent = (uint64_t)m->finite_size_bits + m->reconciliation_bits + m->verification_bits +
                     m->selection_bits + m->amplification_bits;

    return m->entropy_bits > spent && m->entropy_bits - spent == m->secret_bits;
}

qw_err qw_plkg_amplify_decode(const uint8_t *body, size_t len, struct qw_plkg_amplify *amplify)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_plkg_amplify m = { .string_bits = qw_read_u32be(&r) };
    size_t seed_bits;

    m.entropy_bits = qw_read_u32be(&r);
    m.finite_size_bits = qw_read_u32be(&r);
    m.reconciliation_bits = qw_read_u32be(&r);
    m.verification_bits = qw_read_u32be(&r);
    m.selection_bits = qw_read_u32be(&r);
    m.amplification_bits = qw_read_u32be(&r);
    m.secret_bits = qw_read_u32be(&r);
    if (r.failed || !adds_up(&m) || m.string_bits > QW_PLKG_STRING_BITS_MAX ||
        m.entropy_bits > m.string_bits) {
        return QW_ERR_FORMAT;
    }
    seed_bits = qw_toeplitz_seed_bits(m.string_bits, m.secret_bits);
    m.seed_len = QW_BITS_TO_BYTES(seed_bits);
    m.seed = qw_read_view(&r, m.seed_len);
    if (!qw_reader_done(&r) || !qw_bits_tail_clear(m.seed, seed_bits)) {
        return QW_ERR_FORMAT;
    }
    *amplify = m;
    return QW_OK;
}

qw_err qw_plkg_finish_decode(const uint8_t *body, size_t len, uint32_t *secret_bits)
{
    struct qw_reader r = qw_reader_on(body, len);
    uint32_t value = qw_read_u32be(&r);

    if (!qw_reader_done(&r) || value == 0) {
        return QW_ERR_FORMAT;
    }
    *secret_bits = value;
    return QW_OK;
}
