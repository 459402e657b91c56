/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/ledger.h"

#include "base/bytes.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
} refusals[] = {
#define ROW(name, value, text) [value] = { #name, text },
    QW_PLKG_REFUSAL_TABLE(ROW)
#undef ROW
};

enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

const char *qw_plkg_refusal_name(enum qw_plkg_refusal refusal)
{
    return (size_t)refusal < REFUSALS ? refusals[refusal].name : "UNKNOWN";
}

const char *qw_plkg_refusal_text(enum qw_plkg_refusal refusal)
{
    return (size_t)refusal < REFUSALS ? refusals[refusal].text : "unknown refusal";
}

const char *qw_plkg_onset_name(enum qw_plkg_onset onset)
{
    static const char *const names[] = { "not made", "passed", "found" };

    return (unsigned)onset <= QW_PLKG_ONSET_FOUND ? names[onset] : "unknown";
}

static void write_real(struct qw_writer *w, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    qw_write_u64be(w, bits);
}

static bool read_real(struct qw_reader *r, double *value)
{
    uint64_t bits = qw_read_u64be(r);

    memcpy(value, &bits, sizeof bits);
    return isfinite(*value);
}

void qw_plkg_ledger_encode(const struct qw_plkg_ledger *ledger,
                           uint8_t out[static QW_PLKG_LEDGER_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_LEDGER_LEN);

    qw_write_u64be(&w, ledger->probes);
    qw_write_u64be(&w, ledger->pairs);
    qw_write_u64be(&w, ledger->disclosed_pairs);
    qw_write_u64be(&w, ledger->coefficients);
    write_real(&w, ledger->snr_db);
    qw_write_u64be(&w, ledger->compared_bits);
    qw_write_u64be(&w, ledger->different_bits);
    qw_write_u64be(&w, ledger->raw_bits);
    write_real(&w, ledger->entropy_bits);
    write_real(&w, ledger->finite_size_bits);
    qw_write_u64be(&w, ledger->reconciliation_bits);
    qw_write_u64be(&w, ledger->verification_bits);
    qw_write_u64be(&w, ledger->selection_bits);
    write_real(&w, ledger->amplification_bits);
    qw_write_u64be(&w, ledger->secret_bits);
    qw_write_u64be(&w, ledger->auth_bits);
    write_real(&w, ledger->epsilon_log2);
    write_real(&w, ledger->eve_correlation);
    write_real(&w, ledger->channel_time_s);
    write_real(&w, ledger->airtime_share);
    qw_write_u64be(&w, ledger->messages);
    qw_write_u64be(&w, ledger->message_bytes);
    qw_write_u32be(&w, ledger->more_rounds);
    write_real(&w, ledger->onset_deviations);
    qw_write_u8(&w, ledger->onset);
    qw_write_u8(&w, ledger->is_simulated);
    qw_write_u8(&w, ledger->refusal);
    qw_assert(!w.failed && w.len == QW_PLKG_LEDGER_LEN);
}

static bool read_fields(struct qw_reader *r, struct qw_plkg_ledger *m)
{
    bool ok = true;

    m->probes = qw_read_u64be(r);
    m->pairs = qw_read_u64be(r);
    m->disclosed_pairs = qw_read_u64be(r);
    m->coefficients = qw_read_u64be(r);
    ok = read_real(r, &m->snr_db) && ok;
    m->compared_bits = qw_read_u64be(r);
    m->different_bits = qw_read_u64be(r);
    m->raw_bits = qw_read_u64be(r);
    ok = read_real(r, &m->entropy_bits) && ok;
    ok = read_real(r, &m->finite_size_bits) && ok;
    m->reconciliation_bits = qw_read_u64be(r);
    m->verification_bits = qw_read_u64be(r);
    m->selection_bits = qw_read_u64be(r);
    ok = read_real(r, &m->amplification_bits) && ok;
    m->secret_bits = qw_read_u64be(r);
    m->auth_bits = qw_read_u64be(r);
    ok = read_real(r, &m->epsilon_log2) && ok;
    ok = read_real(r, &m->eve_correlation) && ok;
    ok = read_real(r, &m->channel_time_s) && ok;
    ok = read_real(r, &m->airtime_share) && ok;
    m->messages = qw_read_u64be(r);
    m->message_bytes = qw_read_u64be(r);
    m->more_rounds = qw_read_u32be(r);
    ok = read_real(r, &m->onset_deviations) && ok;
    m->onset = qw_read_u8(r);
    m->is_simulated = qw_read_u8(r);
    m->refusal = qw_read_u8(r);
    return ok && m->different_bits <= m->compared_bits && m->onset <= QW_PLKG_ONSET_FOUND &&
           m->is_simulated <= 1 && m->refusal < REFUSALS;
}

qw_err qw_plkg_ledger_decode(const uint8_t *data, size_t len, struct qw_plkg_ledger *ledger)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_plkg_ledger m;

    memset(&m, 0, sizeof m);
    if (!read_fields(&r, &m) || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *ledger = m;
    return QW_OK;
}
