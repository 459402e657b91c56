/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/link_terms.h"

#include "base/secret.h"

#include <math.h>

enum { MILLION = 1000000, MEAN_MAX = 10 * MILLION, SECRECY_MIN = 3, SECRECY_MAX = 40 };

static bool source_valid(const struct qw_qkd_terms *t)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        bool is_used = k < t->intensities;

        if (t->mean_photons_millionths[k] > MEAN_MAX ||
            (is_used ? t->share_millionths[k] == 0
                     : t->share_millionths[k] != 0 || t->mean_photons_millionths[k] != 0)) {
            return false;
        }
        sum += t->share_millionths[k];
    }
    return sum == MILLION;
}

static bool marks_valid(const struct qw_qkd_terms *t)
{
    return t->pool_low_tags <= t->pool_high_tags &&
           (t->pool_high_tags == 0 || t->pool_high_tags >= QW_QKD_POOL_HIGH_TAGS_MIN);
}

bool qw_qkd_terms_valid(const struct qw_qkd_terms *t)
{
    bool method_fits = (t->method == QW_QKD_METHOD_ONE_DECOY && t->intensities == 2) ||
                       (t->method == QW_QKD_METHOD_LIM && t->intensities == 3);

    return method_fits && source_valid(t) && marks_valid(t) &&
           t->frame_bits >= QW_QKD_FRAME_BITS_MIN && t->frame_bits <= QW_CASCADE_BITS_MAX &&
           t->frame_bits % 8 == 0 && t->frames >= 1 &&
           (uint64_t)t->frame_bits * t->frames <= QW_QKD_BLOCK_BITS_MAX && t->qber_limit_ppm >= 1 &&
           t->qber_limit_ppm <= QW_CASCADE_QBER_MAX_PPM && t->secrecy_exponent >= SECRECY_MIN &&
           t->secrecy_exponent <= SECRECY_MAX && t->cascade_variant <= QW_CASCADE_OPTIMISED &&
           t->expected_gain <= (uint64_t)MILLION * MILLION && t->gain_tolerance_ppm <= MILLION &&
           t->key_bits < (uint64_t)t->frame_bits * t->frames;
}

void qw_qkd_terms_write(struct qw_writer *w, const struct qw_qkd_terms *t)
{
    qw_write_u8(w, t->method);
    qw_write_u8(w, t->intensities);
    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        qw_write_u32be(w, t->mean_photons_millionths[k]);
        qw_write_u32be(w, t->share_millionths[k]);
    }
    qw_write_u32be(w, t->frame_bits);
    qw_write_u16be(w, t->frames);
    qw_write_u32be(w, t->qber_limit_ppm);
    qw_write_u8(w, t->secrecy_exponent);
    qw_write_u8(w, t->cascade_variant);
    qw_write_u64be(w, t->expected_gain);
    qw_write_u32be(w, t->gain_tolerance_ppm);
    qw_write_u32be(w, t->key_bits);
    qw_write_u16be(w, t->pool_low_tags);
    qw_write_u16be(w, t->pool_high_tags);
}

bool qw_qkd_terms_read(struct qw_reader *r, struct qw_qkd_terms *t)
{
    t->method = qw_read_u8(r);
    t->intensities = qw_read_u8(r);
    for (size_t k = 0; k < QW_DECOY_INTENSITIES_MAX; k++) {
        t->mean_photons_millionths[k] = qw_read_u32be(r);
        t->share_millionths[k] = qw_read_u32be(r);
    }
    t->frame_bits = qw_read_u32be(r);
    t->frames = qw_read_u16be(r);
    t->qber_limit_ppm = qw_read_u32be(r);
    t->secrecy_exponent = qw_read_u8(r);
    t->cascade_variant = qw_read_u8(r);
    t->expected_gain = qw_read_u64be(r);
    t->gain_tolerance_ppm = qw_read_u32be(r);
    t->key_bits = qw_read_u32be(r);
    t->pool_low_tags = qw_read_u16be(r);
    t->pool_high_tags = qw_read_u16be(r);
    return !r->failed && qw_qkd_terms_valid(t);
}

bool qw_qkd_terms_equal(const struct qw_qkd_terms *a, const struct qw_qkd_terms *b)
{
    uint8_t bytes[2][QW_QKD_TERMS_LEN];
    struct qw_writer w[2] = { qw_writer_on(bytes[0], sizeof bytes[0]),
                              qw_writer_on(bytes[1], sizeof bytes[1]) };

    qw_qkd_terms_write(&w[0], a);
    qw_qkd_terms_write(&w[1], b);
    return qw_equal_ct(bytes[0], bytes[1], QW_QKD_TERMS_LEN);
}

size_t qw_qkd_terms_block_bits(const struct qw_qkd_terms *terms)
{
    return (size_t)terms->frame_bits * terms->frames;
}

struct qw_decoy_source qw_qkd_terms_source(const struct qw_qkd_terms *terms)
{
    struct qw_decoy_source source = { .count = terms->intensities };

    for (size_t k = 0; k < terms->intensities; k++) {
        source.mean_photons[k] = terms->mean_photons_millionths[k] / 1e6;
        source.share[k] = terms->share_millionths[k] / 1e6;
    }
    return source;
}

const struct qw_finite_key_method *qw_qkd_terms_method(const struct qw_qkd_terms *terms)
{
    return terms->method == QW_QKD_METHOD_LIM ? &qw_finite_key_lim : &qw_finite_key_one_decoy;
}

double qw_qkd_terms_secrecy(const struct qw_qkd_terms *terms)
{
    return pow(10, -(double)terms->secrecy_exponent);
}
