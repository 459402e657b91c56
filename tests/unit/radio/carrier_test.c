/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W13 */
/* The table of carriers: found by name, number and format; what a probe costs its host. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/carrier/carrier.h"
#include "radio/channel.h"
#include "radio/feature.h"

#include <math.h>

static void every_carrier_is_found_by_name_and_format(void **state)
{
    size_t count = 0;

    (void)state;
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        count++;
        assert_ptr_equal(qw_carrier_find(carrier->name), carrier);
        assert_ptr_equal(qw_carrier_of_format(carrier->format), carrier);
    }
    assert_int_equal(count, QW_CARRIERS);
    assert_null(qw_carrier_find("wifi160"));
    assert_null(qw_carrier_find(""));
    assert_ptr_equal(qw_carrier_of_format(QW_CSI_INTEL5300_20), &qw_carriers[0]);
}

static void tones_fit_into_channel_transform_and_band(void **state)
{
    static const double band_hz[QW_CARRIERS] = { 20e6, 40e6, 80e6, 20e6, 40e6 };

    (void)state;
    for (size_t i = 0; i < QW_CARRIERS; i++) {
        const struct qw_carrier *carrier = &qw_carriers[i];
        const int16_t *tones;
        size_t count = qw_csi_format_tones(carrier->format, &tones);

        assert_true(count <= QW_CHANNEL_TONES_MAX && count <= QW_FEATURE_TONES_MAX);
        assert_true(carrier->modes >= QW_FEATURE_MODES && carrier->modes <= QW_FEATURE_MODES_MAX &&
                    carrier->modes < count);
        assert_int_equal(carrier->modes % QW_FEATURE_MODES, 0);
        assert_true((tones[count - 1] - tones[0]) * carrier->spacing_hz < band_hz[i]);
        assert_true((tones[count - 1] - tones[0]) * carrier->spacing_hz > 0.8 * band_hz[i]);
    }
}

/* The figures of docs/design/carrier.md, and never more than 1 % of the host. */
static void the_cost_of_a_probe_is_that_of_its_frames_or_signals(void **state)
{
    const struct qw_carrier *wifi20 = qw_carrier_find("wifi20");
    const struct qw_carrier *lte = qw_carrier_find("lte-tdd");
    const struct qw_carrier *nr = qw_carrier_find("nr-tdd");

    (void)state;
    assert_true(fabs(qw_carrier_probe_cost_s(wifi20, 0.02) - 178e-6) < 1e-12);
    assert_true(fabs(qw_carrier_probe_cost_s(wifi20, 0.5) - 178e-6) < 1e-12);
    assert_true(fabs(qw_carrier_probe_cost_s(lte, 0.01) / 0.01 - 1.0 / 291.6667) < 1e-6);
    assert_true(fabs(qw_carrier_probe_cost_s(lte, 0.04) / 0.04 - 1.0 / 291.6667) < 1e-6);
    assert_true(fabs(qw_carrier_probe_cost_s(nr, 0.03) / 0.03 - 0.000876 - 0.003571) < 1e-5);
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        double interval_s = carrier->interval_min_s;

        assert_true(qw_carrier_probe_cost_s(carrier, interval_s) < 0.01 * interval_s);
    }
}

static void intervals_are_whole_periods_and_never_too_short(void **state)
{
    const struct qw_carrier *wifi80 = qw_carrier_find("wifi80");
    const struct qw_carrier *nr = qw_carrier_find("nr-tdd");

    (void)state;
    assert_true(qw_carrier_interval_s(wifi80, 0.001) == wifi80->interval_min_s);
    assert_true(qw_carrier_interval_s(wifi80, 0.0457) == 0.0457);
    assert_true(fabs(qw_carrier_interval_s(nr, 0.0001) - 0.01) < 1e-12);
    assert_true(fabs(qw_carrier_interval_s(nr, 0.03) - 0.03) < 1e-12);
    assert_true(fabs(qw_carrier_interval_s(nr, 0.0301) - 0.04) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_carrier_is_found_by_name_and_format),
        cmocka_unit_test(tones_fit_into_channel_transform_and_band),
        cmocka_unit_test(the_cost_of_a_probe_is_that_of_its_frames_or_signals),
        cmocka_unit_test(intervals_are_whole_periods_and_never_too_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
