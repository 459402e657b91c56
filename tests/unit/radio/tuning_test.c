/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W12 W13 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/carrier/tuning.h"

#include "radio/csi_source.h"

#include <math.h>
#include <string.h>

static void assert_near(double value, double wanted, double tolerance)
{
    assert_true(fabs(value - wanted) <= tolerance);
}

static struct qw_tuning of(const char *name, uint8_t access_point, uint8_t terminal, uint8_t bands)
{
    return (struct qw_tuning){ qw_carrier_find(name), access_point, terminal, bands };
}

/* All 2^32 are too many: each byte alone, and all of the small ones. */
static void bytes_are_taken_only_when_they_come_back_alike(void **state)
{
    size_t taken = 0;

    (void)state;
    for (uint32_t word = 0; word < 8 * 8 * 8 * 8; word++) {
        uint8_t bytes[QW_TUNING_LEN] = { (uint8_t)(word & 7), (uint8_t)(word >> 3 & 7),
                                         (uint8_t)(word >> 6 & 7), (uint8_t)(word >> 9 & 7) };
        uint8_t back[QW_TUNING_LEN];
        struct qw_tuning tuning = qw_tuning_standard;

        if (qw_tuning_decode(bytes, &tuning) == QW_OK) {
            qw_tuning_encode(&tuning, back);
            assert_memory_equal(back, bytes, sizeof back);
            assert_true(bytes[1] * bytes[2] * bytes[3] <=
                        (tuning.carrier->is_cellular ? 1 : QW_TUNING_CHAINS_MAX));
            taken++;
        } else {
            assert_true(qw_tuning_equal(&tuning, &qw_tuning_standard)); /* untouched */
        }
    }
    /* Ordered products of three numbers up to 4, and the two cells with one antenna each. */
    assert_int_equal(taken, 3 * 13 + 2);
    for (size_t at = 0; at < QW_TUNING_LEN; at++) {
        for (unsigned value = 8; value < 256; value++) {
            uint8_t bytes[QW_TUNING_LEN] = { 1, 1, 1, 1 };
            struct qw_tuning tuning;

            bytes[at] = (uint8_t)value;
            assert_int_equal(qw_tuning_decode(bytes, &tuning), QW_ERR_FORMAT);
        }
    }
}

static void the_bytes_are_those_of_the_page(void **state)
{
    static const uint8_t page[QW_TUNING_LEN] = { 2, 1, 2, 1 };
    struct qw_tuning wanted = of("wifi40", 1, 2, 1);
    struct qw_tuning tuning;
    char text[QW_TUNING_TEXT_CAP];

    (void)state;
    assert_int_equal(qw_tuning_decode(page, &tuning), QW_OK);
    assert_true(qw_tuning_equal(&tuning, &wanted));
    qw_tuning_text(&tuning, text);
    assert_string_equal(text, "wifi40, antennas 1x2, 1 band");
    tuning.bands = 2;
    assert_false(qw_tuning_equal(&tuning, &wanted));
    qw_tuning_text(&tuning, text);
    assert_string_equal(text, "wifi40, antennas 1x2, 2 bands");
}

/* What radio.md and carrier.md say of the cost: 1 % of the air at the shortest interval. */
static void cost_grows_with_antennas_and_bands_and_the_interval_with_the_cost(void **state)
{
    static const char *const names[] = { "wifi20", "wifi40", "wifi80" };
    static const double alone_ms[] = { 20.0, 28.0, 30.0 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct qw_tuning one = of(names[i], 1, 1, 1);
        struct qw_tuning two = of(names[i], 1, 2, 1);
        struct qw_tuning swept = of(names[i], 1, 1, 4);
        double exchange_s = one.carrier->exchange_s;

        assert_near(1000.0 * qw_tuning_interval_s(&one), alone_ms[i], 1e-9);
        assert_near(qw_tuning_probe_cost_s(&one, 1.0), exchange_s, 1e-12);
        assert_near(qw_tuning_probe_cost_s(&two, 1.0), exchange_s + 4e-6, 1e-12);
        assert_near(qw_tuning_probe_cost_s(&swept, 1.0), 4.0 * exchange_s, 1e-12);
        assert_near(1000.0 * qw_tuning_interval_s(&swept), 4.0 * alone_ms[i], 1e-9);
        assert_true(qw_tuning_probe_cost_s(&two, 1.0) / qw_tuning_interval_s(&two) < 0.01);
        assert_true(qw_tuning_sweep_s(&swept) < qw_tuning_interval_s(&swept));
        assert_near(qw_tuning_sweep_s(&one), 0.0, 0.0);
        assert_near(qw_tuning_band_hz(&one), 40e6 * (double)(1u << i), 1.0);
    }
}

/* A probe of a cell is the channel in the middle of a period's gap. */
static void probes_of_a_cell_are_whole_periods_apart(void **state)
{
    static const uint32_t asked_us[] = { 100, 10000, 10001, 20000, 29999, 9999999, 10000000 };
    static const uint32_t given_us[] = { 10000, 10000, 20000, 20000, 30000, 10000000, 10000000 };
    struct qw_tuning cell = of("lte-tdd", 1, 1, 1);

    (void)state;
    for (size_t i = 0; i < sizeof asked_us / sizeof asked_us[0]; i++) {
        assert_int_equal(qw_tuning_interval_us(&cell, asked_us[i]), given_us[i]);
        assert_int_equal(qw_tuning_interval_us(&qw_tuning_standard, asked_us[i]), asked_us[i]);
    }
    assert_near(qw_tuning_interval_s(&cell), 0.04, 1e-12);
    assert_near(qw_tuning_probe_cost_s(&cell, 0.04), 4.0 * cell.carrier->exchange_s, 1e-12);
}

static void a_frame_fits_the_end_that_measured_it(void **state)
{
    static struct qw_csi_frame frame;
    struct qw_tuning tuning = of("wifi40", 1, 2, 1);

    (void)state;
    qw_csi_frame_set_tones(&frame, QW_CSI_HT_40);
    frame.rx_count = 2;
    frame.tx_count = 1;
    assert_true(qw_tuning_fits(&tuning, &frame, true));
    assert_false(qw_tuning_fits(&tuning, &frame, false));
    frame.band_count = 2;
    assert_false(qw_tuning_fits(&tuning, &frame, true));
    frame.band_count = 1;
    qw_csi_frame_set_tones(&frame, QW_CSI_LEGACY_20);
    assert_false(qw_tuning_fits(&tuning, &frame, true));
}

/* Law: turned round twice, with the ends exchanged, everything is back in its place. */
static void turning_round_twice_changes_nothing(void **state)
{
    enum { TONES = 3 };
    static const uint8_t shapes[][3] = { { 1, 1, 1 }, { 1, 2, 1 }, { 2, 2, 1 },
                                         { 1, 2, 2 }, { 4, 1, 1 }, { 1, 1, 4 } };

    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        struct qw_tuning there = of("wifi20", shapes[s][0], shapes[s][1], shapes[s][2]);
        struct qw_tuning back = of("wifi20", shapes[s][1], shapes[s][0], shapes[s][2]);
        double complex in[4 * TONES], out[4 * TONES], again[4 * TONES];
        size_t count = qw_tuning_chains(&there) * TONES;

        for (size_t i = 0; i < count; i++) {
            in[i] = (double)i;
        }
        qw_tuning_turn(&there, TONES, in, out);
        qw_tuning_turn(&back, TONES, out, again);
        for (size_t i = 0; i < count; i++) {
            assert_true(in[i] == again[i]);
        }
    }
}

static void an_offer_is_a_list_of_carriers_and_limits(void **state)
{
    struct qw_tuning_offer offer = { .antennas = 2, .bands = 1 };
    struct qw_tuning asked = of("wifi40", 2, 1, 1);
    uint32_t carriers = 77;

    (void)state;
    assert_int_equal(qw_tuning_offer_read("  wifi20 wifi80 ", &offer.carriers), QW_OK);
    assert_false(qw_tuning_offer_has(&offer, &asked));
    asked.carrier = qw_carrier_find("wifi80");
    assert_true(qw_tuning_offer_has(&offer, &asked));
    asked.access_point_antennas = 3;
    assert_false(qw_tuning_offer_has(&offer, &asked));
    asked = of("wifi20", 1, 4, 1); /* how many the terminal has is its own affair */
    assert_true(qw_tuning_offer_has(&offer, &asked));
    asked = of("wifi20", 1, 1, 2);
    assert_false(qw_tuning_offer_has(&offer, &asked));
    assert_int_equal(qw_tuning_offer_read("", &carriers), QW_ERR_FORMAT);
    assert_int_equal(qw_tuning_offer_read("   ", &carriers), QW_ERR_FORMAT);
    assert_int_equal(qw_tuning_offer_read("wifi20, wifi40", &carriers), QW_ERR_FORMAT);
    assert_int_equal(qw_tuning_offer_read("wifi2", &carriers), QW_ERR_FORMAT);
    assert_int_equal(carriers, 77);
    assert_int_equal(qw_tuning_offer_read("lte-tdd nr-tdd", &carriers), QW_OK);
    assert_int_equal(carriers, 24);
}

struct radio {
    qw_err err;
    unsigned calls;
};

static qw_err tune_radio(void *self, const struct qw_tuning *tuning)
{
    struct radio *radio = self;

    (void)tuning;
    radio->calls++;
    return radio->err;
}

static void a_source_is_told_only_what_is_new(void **state)
{
    struct radio radio = { QW_ERR_UNAVAILABLE, 0 };
    struct qw_csi_source source = { .self = &radio, .tune = tune_radio };
    struct qw_csi_source fixed = { .label = "as it is" };
    struct qw_tuning wide = of("wifi80", 1, 1, 1);

    (void)state;
    assert_int_equal(qw_csi_source_tune(&source, &qw_tuning_standard), QW_OK);
    assert_int_equal(radio.calls, 0);
    assert_int_equal(qw_csi_source_tune(&source, &wide), QW_ERR_UNAVAILABLE);
    assert_null(source.tuning.carrier); /* where it was */
    radio.err = QW_OK;
    assert_int_equal(qw_csi_source_tune(&source, &wide), QW_OK);
    assert_int_equal(qw_csi_source_tune(&source, &wide), QW_OK);
    assert_int_equal(radio.calls, 2);
    assert_int_equal(qw_csi_source_tune(&source, &qw_tuning_standard), QW_OK);
    assert_int_equal(radio.calls, 3);
    assert_int_equal(qw_csi_source_tune(&fixed, &qw_tuning_standard), QW_OK);
    assert_int_equal(qw_csi_source_tune(&fixed, &wide), QW_ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_taken_only_when_they_come_back_alike),
        cmocka_unit_test(the_bytes_are_those_of_the_page),
        cmocka_unit_test(cost_grows_with_antennas_and_bands_and_the_interval_with_the_cost),
        cmocka_unit_test(probes_of_a_cell_are_whole_periods_apart),
        cmocka_unit_test(a_frame_fits_the_end_that_measured_it),
        cmocka_unit_test(turning_round_twice_changes_nothing),
        cmocka_unit_test(an_offer_is_a_list_of_carriers_and_limits),
        cmocka_unit_test(a_source_is_told_only_what_is_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
