/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 */
/* Bytes of every message of a session: docs/protocol/plkg.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "codec_laws.h"
#include "distill/toeplitz.h"
#include "radio/plkg/amplify.h"
#include "radio/plkg/estimate.h"
#include "radio/plkg/open.h"
#include "radio/plkg/pace.h"
#include "radio/plkg/pairs.h"
#include "radio/plkg/reconcile.h"

#include <math.h>

static uint8_t buffer[1 << 18];

static qw_err header_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_header header;
    qw_err err = qw_plkg_header_decode(body, len, &header);

    if (err == QW_OK) {
        qw_plkg_header_encode(&header, out);
        memcpy(out + QW_PLKG_HEADER_LEN, body + QW_PLKG_HEADER_LEN, header.len);
        *out_len = QW_PLKG_HEADER_LEN + header.len;
    }
    return err;
}

static void header(void **state)
{
    struct qw_plkg_header value = { .type = QW_PLKG_PAIRS, .counter = 3, .len = 2 };

    (void)state;
    memset(value.session_id, 0xa5, sizeof value.session_id);
    qw_plkg_header_encode(&value, buffer);
    buffer[QW_PLKG_HEADER_LEN] = 1;
    buffer[QW_PLKG_HEADER_LEN + 1] = 2;
    assert_codec_laws(header_round_trip, buffer, QW_PLKG_HEADER_LEN + 2);
}

static void header_refuses_unknown_types(void **state)
{
    struct qw_plkg_header value = { .type = QW_PLKG_OPEN };

    (void)state;
    qw_plkg_header_encode(&value, buffer);
    assert_int_equal(qw_plkg_header_decode(buffer, QW_PLKG_HEADER_LEN, &value), QW_OK);
    buffer[0] = 0;
    assert_int_equal(qw_plkg_header_decode(buffer, QW_PLKG_HEADER_LEN, &value), QW_ERR_FORMAT);
    buffer[0] = QW_PLKG_ORDER + 1;
    assert_int_equal(qw_plkg_header_decode(buffer, QW_PLKG_HEADER_LEN, &value), QW_ERR_FORMAT);
}

static qw_err open_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_open value;
    qw_err err = qw_plkg_open_decode(body, len, &value);

    if (err == QW_OK) {
        *out_len = qw_plkg_open_encode(&value, out);
    }
    return err;
}

static struct qw_plkg_terms sample_terms(void)
{
    return (struct qw_plkg_terms){ .eve_correlation = 9000,
                                   .epsilon_bits = 64,
                                   .probes_max = 2000,
                                   .interval_us = 20000,
                                   .wanted_bits = 8192 };
}

static void open_message(void **state)
{
    struct qw_plkg_open value = { .terminal_id = "meter-17",
                                  .has_phase = true,
                                  .terms = sample_terms(),
                                  .contact_len = 9,
                                  .tuning = qw_tuning_standard };

    (void)state;
    memcpy(value.contact, "a contact", 9);
    assert_codec_laws(open_round_trip, buffer, qw_plkg_open_encode(&value, buffer));
    value.is_paced = true;
    assert_codec_laws(open_round_trip, buffer, qw_plkg_open_encode(&value, buffer));
    value.contact_len = QW_PLKG_CONTACT_MAX;
    assert_codec_laws(open_round_trip, buffer, qw_plkg_open_encode(&value, buffer));
}

/* The example of docs/protocol/plkg.md. */
static void open_message_as_in_the_page(void **state)
{
    static const uint8_t page[] = {
        0x04, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d,
        0x0e, 0x0f, 0x02, 't',  '1',  0x03, 0x23, 0x28, 0x40, 0x00, 0x00, 0x07, 0xd0, 0x00, 0x00,
        0x4e, 0x20, 0x00, 0x00, 0x20, 0x00, 0x02, 0x01, 0x02, 0x01, 0x00, 0x03, 'a',  'b',  'c',
    };
    struct qw_plkg_open value;

    (void)state;
    assert_int_equal(qw_plkg_open_decode(page, sizeof page, &value), QW_OK);
    assert_string_equal(value.terminal_id, "t1");
    assert_true(value.has_phase && value.is_simulated);
    assert_int_equal(value.terms.eve_correlation, 9000);
    assert_int_equal(value.terms.epsilon_bits, 64);
    assert_int_equal(value.terms.probes_max, 2000);
    assert_int_equal(value.terms.interval_us, 20000);
    assert_int_equal(value.terms.wanted_bits, 8192);
    assert_string_equal(value.tuning.carrier->name, "wifi40");
    assert_int_equal(value.tuning.access_point_antennas, 1);
    assert_int_equal(value.tuning.terminal_antennas, 2);
    assert_int_equal(value.tuning.bands, 1);
    assert_int_equal(value.contact_len, 3);
    assert_int_equal(value.nonce[15], 15);
    assert_int_equal(qw_plkg_open_encode(&value, buffer), sizeof page);
    assert_memory_equal(buffer, page, sizeof page);
}

static qw_err ack_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_open_ack value;
    qw_err err = qw_plkg_open_ack_decode(body, len, &value);

    if (err == QW_OK) {
        *out_len = qw_plkg_open_ack_encode(&value, out);
    }
    return err;
}

static void open_ack_message(void **state)
{
    struct qw_plkg_open_ack value = { .access_point_id = "ap",
                                      .is_simulated = true,
                                      .terms = sample_terms(),
                                      .probes = 820,
                                      .up_position = 640,
                                      .down_position = UINT64_MAX };

    (void)state;
    assert_codec_laws(ack_round_trip, buffer, qw_plkg_open_ack_encode(&value, buffer));
    value.probes = value.terms.probes_max + 1;
    assert_int_equal(
        qw_plkg_open_ack_decode(buffer, qw_plkg_open_ack_encode(&value, buffer), &value),
        QW_ERR_FORMAT);
}

static void terms_take_the_stricter_value(void **state)
{
    struct qw_plkg_terms a = sample_terms();
    struct qw_plkg_terms b = { 5000, 70, 1500, 15000, 16384 };
    struct qw_plkg_terms merged;

    (void)state;
    qw_plkg_terms_merge(&a, &b, &merged);
    assert_int_equal(merged.eve_correlation, 9000);
    assert_int_equal(merged.epsilon_bits, 70);
    assert_int_equal(merged.probes_max, 1500);
    assert_int_equal(merged.interval_us, 20000);
    assert_int_equal(merged.wanted_bits, 16384);
    assert_true(qw_plkg_terms_satisfy(&merged, &a));
    assert_true(qw_plkg_terms_satisfy(&merged, &b));
    assert_false(qw_plkg_terms_satisfy(&a, &b));
    assert_int_equal(qw_plkg_terms_probes(&merged), 1500); /* 400 + 1366 */
    merged.wanted_bits = 8192;
    assert_int_equal(qw_plkg_terms_probes(&merged), 400 + 683);
    merged.wanted_bits = 256;
    assert_int_equal(qw_plkg_terms_probes(&merged), 640);
    merged.probes_max = 64;
    assert_int_equal(qw_plkg_terms_probes(&merged), 64);
}

static void terms_refuse_policies_out_of_range(void **state)
{
    struct qw_plkg_terms terms = { 1, 1, 1, 1, 1 };
    struct qw_plkg_policy bad[9];

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        bad[i] = qw_plkg_policy_standard;
    }
    bad[0].eve_correlation = 0.991;
    bad[1].epsilon_log2 = -10.0;
    bad[2].probes_max = QW_PLKG_PROBES_MAX + 1;
    bad[3].probe_interval_ms = 0.0;
    bad[4].wanted_bits = 255;
    bad[5].eve_correlation = -0.1;
    bad[6].injected_ratio = -1e-9;
    bad[7].injected_ratio = 1000001.0;
    bad[8].injected_ratio = NAN;
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(qw_plkg_terms_of(&bad[i], &terms), QW_ERR_ARG);
        assert_int_equal(terms.probes_max, 1);
    }
    assert_int_equal(qw_plkg_terms_of(&qw_plkg_policy_standard, &terms), QW_OK);
    assert_int_equal(terms.eve_correlation, 9000);
    assert_int_equal(terms.epsilon_bits, 64);
    assert_true(qw_plkg_policy_injected(-40.0) == 0.0);
    assert_true(isnan(qw_plkg_policy_injected(NAN)));
    assert_true(fabs(qw_plkg_policy_injected(10.0) - 10.0) < 1e-12);
}

static qw_err pace_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_pace value;
    qw_err err = qw_plkg_pace_decode(body, len, &value);

    if (err == QW_OK) {
        qw_plkg_pace_encode(&value, out);
        *out_len = QW_PLKG_PACE_LEN;
    }
    return err;
}

static void pace_message(void **state)
{
    static const struct {
        struct qw_plkg_pace value;
        qw_err err;
    } cases[] = {
        { { 2000000, 3 }, QW_OK },          { { 100, 1 }, QW_OK },
        { { 10000000, 6 }, QW_OK },         { { 99, 1 }, QW_ERR_FORMAT },
        { { 10000001, 1 }, QW_ERR_FORMAT }, { { 100, 0 }, QW_ERR_FORMAT },
        { { 100, 7 }, QW_ERR_FORMAT },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_plkg_pace got = { 1, 1 };

        qw_plkg_pace_encode(&cases[i].value, buffer);
        assert_int_equal(qw_plkg_pace_decode(buffer, QW_PLKG_PACE_LEN, &got), cases[i].err);
        assert_int_equal(got.interval_us, cases[i].err == QW_OK ? cases[i].value.interval_us : 1);
    }
    qw_plkg_pace_encode(&cases[0].value, buffer);
    assert_codec_laws(pace_round_trip, buffer, QW_PLKG_PACE_LEN);
    /* 256 probes each at 20, 160 and 1280 ms */
    assert_int_equal(lrint(1000.0 * qw_plkg_pace_looked_s(20000, 3)), 256 * 1460);
}

static qw_err pairs_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_pairs *value = calloc(1, sizeof *value);
    qw_err err = qw_plkg_pairs_decode(body, len, value);

    if (err == QW_OK) {
        *out_len = qw_plkg_pairs_encode(value, out);
    }
    free(value);
    return err;
}

static void pairs_message(void **state)
{
    struct qw_plkg_pairs value = { .probes = 99, .nonce = 0x0123456789abcdef };

    (void)state;
    for (size_t i = 0; i < 99; i += 3) {
        qw_bit_set(value.heard, i, true);
    }
    assert_codec_laws(pairs_round_trip, buffer, qw_plkg_pairs_encode(&value, buffer));
}

static qw_err estimate_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_estimate *value = calloc(1, sizeof *value);
    qw_err err = qw_plkg_estimate_decode(body, len, value);

    if (err == QW_OK) {
        *out_len = qw_plkg_estimate_encode(value, out);
    }
    free(value);
    return err;
}

static void estimate_message(void **state)
{
    struct qw_plkg_estimate *value = calloc(1, sizeof *value);

    (void)state;
    value->count = 1;
    value->stride = QW_FEATURE_MAX;
    for (int i = 0; i < QW_FEATURE_MAX; i++) {
        value->value[i] = i * 87211 - 4000000;
    }
    value->value[0] = -(1 << 23);
    value->value[1] = (1 << 23) - 1;
    assert_codec_laws(estimate_round_trip, buffer, qw_plkg_estimate_encode(value, buffer));
    assert_int_equal(qw_plkg_estimate_decode(buffer, 3 + 3 * QW_FEATURE_MAX, value), QW_OK);
    assert_int_equal(value->value[0], -(1 << 23));
    assert_int_equal(value->value[1], (1 << 23) - 1);
    buffer[2] = QW_FEATURE_MODES - 1; /* no transform has so many numbers, whatever the length */
    assert_int_equal(qw_plkg_estimate_decode(buffer, 3 + 3 * (QW_FEATURE_MODES - 1), value),
                     QW_ERR_FORMAT);
    buffer[2] = QW_FEATURE_MAX + QW_FEATURE_MODES;
    assert_int_equal(
        qw_plkg_estimate_decode(buffer, 3 + 3 * (QW_FEATURE_MAX + QW_FEATURE_MODES), value),
        QW_ERR_FORMAT);
    free(value);
}

static qw_err syndrome_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_syndrome value;
    qw_err err = qw_plkg_syndrome_decode(body, len, &value);

    if (err == QW_OK) {
        *out_len = qw_plkg_syndrome_encode_head(&value, out);
        memcpy(out + *out_len, value.said, value.said_len);
        *out_len += value.said_len;
    }
    return err;
}

/* The reconciler's bytes are the rest of the body and of a length that its own decoder checks; here
 * every truncation into the head is refused, and none at all of them. */
static void syndrome_message(void **state)
{
    struct qw_plkg_syndrome value = { .model = { .dims = 2,
                                                 .centre = { -100, 100 },
                                                 .width = { 16, 1 << 24 },
                                                 .depth = { 14, 1 } } };
    uint8_t out[2 * QW_PLKG_SYNDROME_HEAD_MAX];
    size_t out_len;
    size_t len;

    (void)state;
    memset(value.check_key, 3, sizeof value.check_key);
    len = qw_plkg_syndrome_encode_head(&value, buffer);
    for (size_t cut = 0; cut <= len; cut++) {
        assert_int_equal(syndrome_round_trip(buffer, cut, out, &out_len), QW_ERR_FORMAT);
    }
    buffer[len++] = 0x5a;
    for (size_t bit = 0; bit < len * 8; bit++) {
        qw_err err;

        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = syndrome_round_trip(buffer, len, out, &out_len);
        if (err == QW_OK) {
            assert_int_equal(out_len, len);
            assert_memory_equal(out, buffer, len);
        } else {
            assert_int_equal(err, QW_ERR_FORMAT);
        }
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static qw_err amplify_round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_amplify value;
    qw_err err = qw_plkg_amplify_decode(body, len, &value);

    if (err == QW_OK) {
        qw_plkg_amplify_encode_head(&value, out);
        memcpy(out + QW_PLKG_AMPLIFY_HEAD_LEN, value.seed, value.seed_len);
        *out_len = QW_PLKG_AMPLIFY_HEAD_LEN + value.seed_len;
    }
    return err;
}

static void amplify_message(void **state)
{
    struct qw_plkg_amplify value = { .string_bits = 900,
                                     .entropy_bits = 700,
                                     .finite_size_bits = 100,
                                     .reconciliation_bits = 50,
                                     .verification_bits = 144,
                                     .selection_bits = 35,
                                     .amplification_bits = 130,
                                     .secret_bits = 241 };
    size_t seed_bits = qw_toeplitz_seed_bits(900, 241);

    (void)state;
    qw_plkg_amplify_encode_head(&value, buffer);
    memset(buffer + QW_PLKG_AMPLIFY_HEAD_LEN, 0, QW_BITS_TO_BYTES(seed_bits));
    assert_codec_laws(amplify_round_trip, buffer,
                      QW_PLKG_AMPLIFY_HEAD_LEN + QW_BITS_TO_BYTES(seed_bits));
    value.secret_bits = 242; /* one bit more than the account has */
    qw_plkg_amplify_encode_head(&value, buffer);
    assert_int_equal(qw_plkg_amplify_decode(
                         buffer, QW_PLKG_AMPLIFY_HEAD_LEN + QW_BITS_TO_BYTES(seed_bits), &value),
                     QW_ERR_FORMAT);
    value.secret_bits = 241;
    value.string_bits = 699; /* one bit less than the entropy that is said to be in it */
    qw_plkg_amplify_encode_head(&value, buffer);
    assert_int_equal(qw_plkg_amplify_decode(buffer,
                                            QW_PLKG_AMPLIFY_HEAD_LEN +
                                                QW_BITS_TO_BYTES(qw_toeplitz_seed_bits(699, 241)),
                                            &value),
                     QW_ERR_FORMAT);
}

static void messages_of_one_number(void **state)
{
    static const uint8_t bytes[] = { 0, 0, 1, 0, 9 };
    enum qw_plkg_refusal refusal = QW_PLKG_NONE;
    struct qw_plkg_decoded decoded;
    uint32_t bits;

    (void)state;
    assert_int_equal(qw_plkg_finish_decode(bytes, 4, &bits), QW_OK);
    assert_int_equal(bits, 256);
    assert_int_equal(qw_plkg_finish_decode(bytes, 3, &bits), QW_ERR_FORMAT);
    assert_int_equal(qw_plkg_finish_decode(bytes, 5, &bits), QW_ERR_FORMAT);
    assert_int_equal(qw_plkg_finish_decode((uint8_t[4]){ 0 }, 4, &bits), QW_ERR_FORMAT);
    for (int value = 0; value < 256; value++) {
        uint8_t byte = (uint8_t)value;

        assert_int_equal(qw_plkg_decoded_decode(&byte, 1, &decoded),
                         value <= QW_MULTILEVEL_DEPTH_MAX ? QW_OK : QW_ERR_FORMAT);
        if (value <= QW_MULTILEVEL_DEPTH_MAX) {
            assert_int_equal(decoded.wants_more, value > 0);
            assert_int_equal(qw_plkg_decoded_encode(&decoded), value);
        }
        assert_int_equal(qw_plkg_refuse_decode(&byte, 1, &refusal),
                         value >= 1 && value <= QW_PLKG_CARRIER ? QW_OK : QW_ERR_FORMAT);
    }
    assert_int_equal(qw_plkg_decoded_decode(bytes, 0, &decoded), QW_ERR_FORMAT);
    assert_int_equal(qw_plkg_decoded_decode(bytes, 2, &decoded), QW_ERR_FORMAT);
    assert_int_equal(qw_plkg_refuse_decode(bytes + 4, 0, &refusal), QW_ERR_FORMAT);
    assert_int_equal(qw_plkg_refuse_decode(bytes + 3, 2, &refusal), QW_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header),
        cmocka_unit_test(header_refuses_unknown_types),
        cmocka_unit_test(open_message),
        cmocka_unit_test(open_message_as_in_the_page),
        cmocka_unit_test(open_ack_message),
        cmocka_unit_test(terms_take_the_stricter_value),
        cmocka_unit_test(terms_refuse_policies_out_of_range),
        cmocka_unit_test(pace_message),
        cmocka_unit_test(pairs_message),
        cmocka_unit_test(estimate_message),
        cmocka_unit_test(syndrome_message),
        cmocka_unit_test(amplify_message),
        cmocka_unit_test(messages_of_one_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
