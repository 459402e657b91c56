/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W12 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec_laws.h"
#include "radio/ledger.h"

#include <math.h>

static struct qw_plkg_ledger sample(void)
{
    return (struct qw_plkg_ledger){
        .probes = 1000,
        .pairs = 980,
        .disclosed_pairs = 160,
        .coefficients = 9840,
        .snr_db = 24.5,
        .compared_bits = 12000,
        .different_bits = 3600,
        .raw_bits = 88000,
        .entropy_bits = 41000,
        .finite_size_bits = 976,
        .reconciliation_bits = 22000,
        .verification_bits = 144,
        .selection_bits = 35,
        .amplification_bits = 130,
        .secret_bits = 17715,
        .auth_bits = 1024,
        .epsilon_log2 = -64.4,
        .eve_correlation = 0.9,
        .channel_time_s = 19.98,
        .airtime_share = 0.0098,
        .messages = 8,
        .message_bytes = 48000,
        .more_rounds = 1,
        .onset_deviations = -1.5,
        .onset = QW_PLKG_ONSET_PASSED,
        .is_simulated = 1,
        .refusal = QW_PLKG_NONE,
    };
}

static qw_err round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_plkg_ledger ledger;
    qw_err err = qw_plkg_ledger_decode(body, len, &ledger);

    if (err == QW_OK) {
        qw_plkg_ledger_encode(&ledger, out);
        *out_len = QW_PLKG_LEDGER_LEN;
    }
    return err;
}

static void comes_back_from_its_bytes_and_refuses_all_others(void **state)
{
    struct qw_plkg_ledger ledger = sample();
    uint8_t bytes[QW_PLKG_LEDGER_LEN];

    (void)state;
    qw_plkg_ledger_encode(&ledger, bytes);
    assert_codec_laws(round_trip, bytes, sizeof bytes);
}

static void every_field_survives(void **state)
{
    struct qw_plkg_ledger ledger = sample();
    struct qw_plkg_ledger back;
    uint8_t bytes[QW_PLKG_LEDGER_LEN];

    (void)state;
    qw_plkg_ledger_encode(&ledger, bytes);
    assert_int_equal(qw_plkg_ledger_decode(bytes, sizeof bytes, &back), QW_OK);
    assert_int_equal(back.probes, ledger.probes);
    assert_int_equal(back.coefficients, ledger.coefficients);
    assert_true(back.snr_db == ledger.snr_db);
    assert_int_equal(back.compared_bits, ledger.compared_bits);
    assert_int_equal(back.different_bits, ledger.different_bits);
    assert_true(back.entropy_bits == ledger.entropy_bits);
    assert_int_equal(back.reconciliation_bits, ledger.reconciliation_bits);
    assert_int_equal(back.secret_bits, ledger.secret_bits);
    assert_true(back.airtime_share == ledger.airtime_share);
    assert_int_equal(back.more_rounds, ledger.more_rounds);
    assert_int_equal(back.onset, QW_PLKG_ONSET_PASSED);
    assert_true(back.onset_deviations == -1.5);
    assert_string_equal(qw_plkg_onset_name(QW_PLKG_ONSET_NOT_MADE), "not made");
    assert_string_equal(qw_plkg_onset_name(QW_PLKG_ONSET_FOUND), "found");
    assert_int_equal(back.is_simulated, 1);
}

static void refuses_numbers_that_are_none(void **state)
{
    double bad[] = { NAN, INFINITY, -INFINITY };
    uint8_t bytes[QW_PLKG_LEDGER_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct qw_plkg_ledger ledger = sample();
        struct qw_plkg_ledger back = { .probes = 7 };

        ledger.epsilon_log2 = bad[i];
        qw_plkg_ledger_encode(&ledger, bytes);
        assert_int_equal(qw_plkg_ledger_decode(bytes, sizeof bytes, &back), QW_ERR_FORMAT);
        assert_int_equal(back.probes, 7);
    }
}

static void refuses_more_bits_that_differ_than_were_compared(void **state)
{
    struct qw_plkg_ledger ledger = sample();
    uint8_t bytes[QW_PLKG_LEDGER_LEN];

    (void)state;
    ledger.different_bits = ledger.compared_bits + 1;
    qw_plkg_ledger_encode(&ledger, bytes);
    assert_int_equal(qw_plkg_ledger_decode(bytes, sizeof bytes, &ledger), QW_ERR_FORMAT);
}

static void refuses_an_unknown_refusal(void **state)
{
    struct qw_plkg_ledger ledger = sample();
    uint8_t bytes[QW_PLKG_LEDGER_LEN];

    (void)state;
    ledger.refusal = QW_PLKG_ORDERED + 1;
    qw_plkg_ledger_encode(&ledger, bytes);
    assert_int_equal(qw_plkg_ledger_decode(bytes, sizeof bytes, &ledger), QW_ERR_FORMAT);
}

static void every_refusal_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    assert_string_equal(qw_plkg_refusal_name(QW_PLKG_STATIC), "STATIC");
    assert_string_equal(qw_plkg_refusal_name(QW_PLKG_NO_GAIN), "NO_GAIN");
    for (int i = QW_PLKG_NONE; i <= QW_PLKG_ORDERED; i++) {
        assert_true(strlen(qw_plkg_refusal_name((enum qw_plkg_refusal)i)) >= 3);
        assert_true(strlen(qw_plkg_refusal_text((enum qw_plkg_refusal)i)) >= 10);
    }
    assert_string_equal(qw_plkg_refusal_name((enum qw_plkg_refusal)99), "UNKNOWN");
    assert_string_equal(qw_plkg_refusal_text((enum qw_plkg_refusal)99), "unknown refusal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_from_its_bytes_and_refuses_all_others),
        cmocka_unit_test(every_field_survives),
        cmocka_unit_test(refuses_numbers_that_are_none),
        cmocka_unit_test(refuses_an_unknown_refusal),
        cmocka_unit_test(refuses_more_bits_that_differ_than_were_compared),
        cmocka_unit_test(every_refusal_has_a_name_and_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
