/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/open.h"

#include "base/bytes.h"
#include "radio/plkg/pace.h"

#include <math.h>

enum {
    FLAG_PHASE = 1,
    FLAG_SIMULATED = 2,
    FLAG_PACED = 4,
    FLAGS = FLAG_PHASE | FLAG_SIMULATED | FLAG_PACED,
    EVE_MAX = 9900,
    INJECTED_MAX = 1000000,
    EPSILON_BITS_MIN = 20,
    EPSILON_BITS_MAX = 100,
    WANTED_BITS_MIN = 256,
    WANTED_BITS_MAX = 1 << 20,
    PLAN_PROBES_MIN = 640,   /* as the innovation wants for all its lags */
    PLAN_PROBES_FIXED = 400, /* what estimates, tags and finite size cost whatever the length */
    PLAN_BITS_PER_PROBE = 12 /* of the others, with a reserve: see docs/design/radio.md */
};

const struct qw_plkg_policy qw_plkg_policy_standard = {
    .eve_correlation = 0.9,
    .epsilon_log2 = -64.0,
    .probes_max = 2000,
    .probe_interval_ms = 20.0,
    .wanted_bits = 8192,
};

double qw_plkg_policy_injected(double injected_db)
{
    /* What is no number stays none, and leaves no key. */
    return injected_db <= QW_PLKG_INJECTED_DB_NONE ? 0.0 : pow(10.0, injected_db / 10.0);
}

static bool terms_ok(const struct qw_plkg_terms *terms)
{
    return terms->eve_correlation <= EVE_MAX && terms->epsilon_bits >= EPSILON_BITS_MIN &&
           terms->epsilon_bits <= EPSILON_BITS_MAX && terms->probes_max >= QW_PLKG_PROBES_MIN &&
           terms->probes_max <= QW_PLKG_PROBES_MAX &&
           terms->interval_us >= QW_PLKG_INTERVAL_US_MIN &&
           terms->interval_us <= QW_PLKG_INTERVAL_US_MAX && terms->wanted_bits >= WANTED_BITS_MIN &&
           terms->wanted_bits <= WANTED_BITS_MAX;
}

qw_err qw_plkg_terms_of(const struct qw_plkg_policy *policy, struct qw_plkg_terms *terms)
{
    double interval_us = ceil(policy->probe_interval_ms * 1000.0);
    struct qw_plkg_terms made;

    if (!(policy->eve_correlation >= 0.0 && policy->eve_correlation <= 0.99) ||
        !(policy->injected_ratio >= 0.0 && policy->injected_ratio <= INJECTED_MAX) ||
        !(policy->epsilon_log2 >= -EPSILON_BITS_MAX && policy->epsilon_log2 <= 0.0) ||
        !(interval_us >= QW_PLKG_INTERVAL_US_MIN && interval_us <= QW_PLKG_INTERVAL_US_MAX)) {
        return QW_ERR_ARG;
    }
    made.eve_correlation = (uint16_t)ceil(policy->eve_correlation * 10000.0 - 1e-6);
    made.epsilon_bits = (uint8_t)ceil(-policy->epsilon_log2);
    made.probes_max = policy->probes_max;
    made.interval_us = (uint32_t)interval_us;
    made.wanted_bits = policy->wanted_bits;
    if (!terms_ok(&made)) {
        return QW_ERR_ARG;
    }
    *terms = made;
    return QW_OK;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

void qw_plkg_terms_merge(const struct qw_plkg_terms *a, const struct qw_plkg_terms *b,
                         struct qw_plkg_terms *merged)
{
    *merged = (struct qw_plkg_terms){
        .eve_correlation = (uint16_t)larger(a->eve_correlation, b->eve_correlation),
        .epsilon_bits = (uint8_t)larger(a->epsilon_bits, b->epsilon_bits),
        .probes_max = smaller(a->probes_max, b->probes_max),
        .interval_us = larger(a->interval_us, b->interval_us),
        .wanted_bits = larger(a->wanted_bits, b->wanted_bits),
    };
}

bool qw_plkg_terms_satisfy(const struct qw_plkg_terms *merged, const struct qw_plkg_terms *own)
{
    return merged->eve_correlation >= own->eve_correlation &&
           merged->epsilon_bits >= own->epsilon_bits && merged->probes_max <= own->probes_max &&
           merged->interval_us >= own->interval_us && merged->wanted_bits >= own->wanted_bits;
}

uint32_t qw_plkg_terms_probes(const struct qw_plkg_terms *terms)
{
    uint32_t wanted = (terms->wanted_bits + PLAN_BITS_PER_PROBE - 1) / PLAN_BITS_PER_PROBE;

    return smaller(larger(PLAN_PROBES_FIXED + wanted, PLAN_PROBES_MIN), terms->probes_max);
}

static void write_terms(struct qw_writer *w, const struct qw_plkg_terms *terms)
{
    qw_write_u16be(w, terms->eve_correlation);
    qw_write_u8(w, terms->epsilon_bits);
    qw_write_u32be(w, terms->probes_max);
    qw_write_u32be(w, terms->interval_us);
    qw_write_u32be(w, terms->wanted_bits);
}

static void read_terms(struct qw_reader *r, struct qw_plkg_terms *terms)
{
    terms->eve_correlation = qw_read_u16be(r);
    terms->epsilon_bits = qw_read_u8(r);
    terms->probes_max = qw_read_u32be(r);
    terms->interval_us = qw_read_u32be(r);
    terms->wanted_bits = qw_read_u32be(r);
}

static uint8_t flags_of(bool has_phase, bool is_simulated, bool is_paced)
{
    return (uint8_t)((has_phase ? FLAG_PHASE : 0) | (is_simulated ? FLAG_SIMULATED : 0) |
                     (is_paced ? FLAG_PACED : 0));
}

size_t qw_plkg_open_encode(const struct qw_plkg_open *open,
                           uint8_t out[static QW_PLKG_OPEN_LEN_MAX])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_OPEN_LEN_MAX);
    uint8_t tuning[QW_TUNING_LEN];

    qw_write_u8(&w, QW_PLKG_VERSION);
    qw_write_bytes(&w, open->nonce, sizeof open->nonce);
    qw_write_string8(&w, open->terminal_id);
    qw_write_u8(&w, flags_of(open->has_phase, open->is_simulated, open->is_paced));
    write_terms(&w, &open->terms);
    qw_tuning_encode(&open->tuning, tuning);
    qw_write_bytes(&w, tuning, sizeof tuning);
    qw_write_u16be(&w, open->contact_len);
    qw_write_bytes(&w, open->contact, open->contact_len);
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_plkg_open_decode(const uint8_t *body, size_t len, struct qw_plkg_open *open)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_plkg_open m = { 0 };
    bool ok = qw_read_u8(&r) == QW_PLKG_VERSION;
    uint8_t tuning[QW_TUNING_LEN] = { 0 };
    uint8_t flags;

    qw_read_bytes(&r, m.nonce, sizeof m.nonce);
    qw_read_string8(&r, m.terminal_id, sizeof m.terminal_id);
    flags = qw_read_u8(&r);
    read_terms(&r, &m.terms);
    qw_read_bytes(&r, tuning, sizeof tuning);
    m.contact_len = qw_read_u16be(&r);
    ok = ok && (flags & ~FLAGS) == 0 && terms_ok(&m.terms) && m.terminal_id[0] != '\0' &&
         qw_tuning_decode(tuning, &m.tuning) == QW_OK && m.contact_len <= sizeof m.contact;
    if (ok) {
        qw_read_bytes(&r, m.contact, m.contact_len);
    }
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    m.has_phase = (flags & FLAG_PHASE) != 0;
    m.is_simulated = (flags & FLAG_SIMULATED) != 0;
    m.is_paced = (flags & FLAG_PACED) != 0;
    *open = m;
    return QW_OK;
}

size_t qw_plkg_open_ack_encode(const struct qw_plkg_open_ack *ack,
                               uint8_t out[static QW_PLKG_OPEN_ACK_LEN_MAX])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_OPEN_ACK_LEN_MAX);

    qw_write_u8(&w, QW_PLKG_VERSION);
    qw_write_bytes(&w, ack->nonce, sizeof ack->nonce);
    qw_write_string8(&w, ack->access_point_id);
    qw_write_u8(&w, flags_of(ack->has_phase, ack->is_simulated, ack->is_paced));
    write_terms(&w, &ack->terms);
    qw_write_u32be(&w, ack->probes);
    qw_write_u64be(&w, ack->up_position);
    qw_write_u64be(&w, ack->down_position);
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_plkg_open_ack_decode(const uint8_t *body, size_t len, struct qw_plkg_open_ack *ack)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_plkg_open_ack m = { 0 };
    bool ok = qw_read_u8(&r) == QW_PLKG_VERSION;
    uint8_t flags;

    qw_read_bytes(&r, m.nonce, sizeof m.nonce);
    qw_read_string8(&r, m.access_point_id, sizeof m.access_point_id);
    flags = qw_read_u8(&r);
    read_terms(&r, &m.terms);
    m.probes = qw_read_u32be(&r);
    m.up_position = qw_read_u64be(&r);
    m.down_position = qw_read_u64be(&r);
    ok = ok && (flags & ~FLAGS) == 0 && terms_ok(&m.terms) && m.access_point_id[0] != '\0' &&
         m.probes >= QW_PLKG_PROBES_MIN && m.probes <= m.terms.probes_max;
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    m.has_phase = (flags & FLAG_PHASE) != 0;
    m.is_simulated = (flags & FLAG_SIMULATED) != 0;
    m.is_paced = (flags & FLAG_PACED) != 0;
    *ack = m;
    return QW_OK;
}
