/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_injector.h"

#include "base/prng.h"

#include <math.h>

enum { PATHS = 4 };

static const double PATH_S = 50e-9;

void lab_injector_wave(uint64_t seed, uint64_t probe, double power, const int16_t *tones,
                       size_t count, double spacing_hz, double complex *wave)
{
    double complex gain[PATHS];
    struct qw_prng prng;

    qw_prng_init(&prng, seed ^ UINT64_C(0x1413c7), probe);
    for (size_t p = 0; p < PATHS; p++) {
        double re = qw_prng_gaussian(&prng);
        double im = qw_prng_gaussian(&prng);

        gain[p] = sqrt(0.5 * power / PATHS) * (re + I * im);
    }
    for (size_t k = 0; k < count; k++) {
        wave[k] = 0.0;
        for (size_t p = 0; p < PATHS; p++) {
            double turns = (double)tones[k] * spacing_hz * (double)p * PATH_S;

            wave[k] += gain[p] * cexp(-2.0 * M_PI * I * turns);
        }
    }
}

void lab_injector_repeat(const double complex *path, double power, double delay_s,
                         const int16_t *tones, size_t count, double spacing_hz,
                         double complex *wave)
{
    for (size_t k = 0; k < count; k++) {
        double turns = (double)tones[k] * spacing_hz * delay_s;

        wave[k] = sqrt(power) * path[k] * cexp(-2.0 * M_PI * I * turns);
    }
}

double lab_injector_correlation(double power, double channel_correlation, double speed_m_per_s)
{
    double unknown = speed_m_per_s > 0.0 ? 1.0 - channel_correlation * channel_correlation : 0.0;

    return sqrt(1.0 - unknown / (1.0 + power));
}
