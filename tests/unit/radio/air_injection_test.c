/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
/* The injector of an air: what it may be, and whom it reaches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/air/injection.h"

#include <math.h>
#include <stdlib.h>

static void impossible_injectors_are_refused(void **state)
{
    static const struct qw_air_injector bad[] = {
        { -1.0, 0.0 }, { 1.1e4, 0.0 }, { (double)NAN, 0.0 }, { 1.0, -1e-6 }, { 1.0, 9.1e-6 }
    };
    const char *capture = "trace.dat";
    struct qw_air_config config = { .injector = { 1e4, 9e-6 } };

    (void)state;
    assert_null(qw_air_injection_fault(&config));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.injector = bad[i];
        assert_non_null(qw_air_injection_fault(&config));
    }
    config.injector = (struct qw_air_injector){ 1.0, 0.0 };
    config.captures = &capture;
    assert_non_null(qw_air_injection_fault(&config));
    config.injector.power = 0.0;
    assert_null(qw_air_injection_fault(&config));
}

static float power_of(const struct qw_csi_frame *frame)
{
    float power = 0.0f;

    for (size_t k = 0; k < frame->tone_count; k++) {
        power += crealf(frame->value[k] * conjf(frame->value[k])) / (float)frame->tone_count;
    }
    return power * powf(10.0f, -frame->agc_db / 10.0f);
}

/* No channel at all: what is heard is the injector, or noise 40 dB below a channel. */
static void reaches_whom_it_attacks_and_nobody_else(void **state)
{
    static const double complex nothing[2 * QW_CSI_HALF_TONES];
    struct qw_front_end_config config = qw_front_end_calibrated(40.0, true);
    struct qw_front_end *front_end = calloc(1, sizeof *front_end);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    struct qw_air_injection injection = { .injector = { 1.0, 2e-6 }, .seed = 3 };

    (void)state;
    assert_true(front_end != NULL && frame != NULL);
    qw_csi_frame_set_tones(frame, QW_CSI_LEGACY_20);
    frame->rx_count = 2;
    frame->tx_count = 1;
    qw_front_end_init(front_end, 1, 1, &config, frame->tone_index, frame->tone_count);
    qw_air_injection_measure(&injection, false, front_end, nothing, frame);
    assert_true(frame->has_early && power_of(frame) < 1e-3f);
    qw_air_injection_measure(&injection, true, front_end, nothing, frame);
    assert_true(frame->has_early && power_of(frame) > 1e-2f);
    for (size_t k = 0; k < frame->tone_count; k++) { /* each antenna another wave */
        assert_true(frame->value[k] != frame->value[frame->tone_count + k]);
    }
    injection.injector.power = 0.0;
    qw_air_injection_measure(&injection, true, front_end, nothing, frame);
    assert_true(power_of(frame) < 1e-3f);
    free(frame);
    free(front_end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_injectors_are_refused),
        cmocka_unit_test(reaches_whom_it_attacks_and_nobody_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
