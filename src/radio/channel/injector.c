/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/channel/injector.h"

#include "base/prng.h"

#include <math.h>

void qw_injector_paths(uint64_t seed, uint64_t probe, double power,
                       double complex gain[static QW_INJECTOR_PATHS])
{
    struct qw_prng prng;

    qw_prng_init(&prng, seed ^ UINT64_C(0x1413c7), probe);
    for (size_t p = 0; p < QW_INJECTOR_PATHS; p++) {
        double re = qw_prng_gaussian(&prng);
        double im = qw_prng_gaussian(&prng);

        gain[p] = sqrt(0.5 * power / QW_INJECTOR_PATHS) * (re + I * im);
    }
}

void qw_injector_wave(uint64_t seed, uint64_t probe, double power, const int16_t *tones,
                      size_t count, double spacing_hz, double complex *wave)
{
    double complex gain[QW_INJECTOR_PATHS];

    qw_injector_paths(seed, probe, power, gain);
    for (size_t k = 0; k < count; k++) {
        wave[k] = 0.0;
        for (size_t p = 0; p < QW_INJECTOR_PATHS; p++) {
            double turns = (double)tones[k] * spacing_hz * (double)p * QW_INJECTOR_PATH_S;

            wave[k] += gain[p] * cexp(-2.0 * M_PI * I * turns);
        }
    }
}

void qw_injector_repeat(const double complex *path, double power, double delay_s,
                        const int16_t *tones, size_t count, double spacing_hz, double complex *wave)
{
    for (size_t k = 0; k < count; k++) {
        double turns = (double)tones[k] * spacing_hz * delay_s;

        wave[k] = sqrt(power) * path[k] * cexp(-2.0 * M_PI * I * turns);
    }
}
