/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/channel/surface.h"

#include "base/prng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { PHASES = 4 };

struct qw_surface {
    struct qw_surface_config config;
    double complex to_terminal[QW_SURFACE_ELEMENTS_MAX];
    double complex to_eve[QW_SURFACE_ELEMENTS_MAX];
};

static bool is_config_ok(const struct qw_surface_config *config)
{
    return config->elements >= 1 && config->elements <= QW_SURFACE_ELEMENTS_MAX &&
           config->power >= 0.0 && isfinite(config->power) && config->delay_s >= 0.0 &&
           isfinite(config->delay_s) && config->width_rad >= 0.0 && config->width_rad <= M_PI &&
           config->eve_distance_wavelengths >= 0.0 && isfinite(config->eve_distance_wavelengths) &&
           config->spacing_hz > 0.0 && isfinite(config->spacing_hz);
}

qw_err qw_surface_new(const struct qw_surface_config *config, struct qw_surface **surface)
{
    struct qw_surface *made;
    struct qw_prng prng;
    double amplitude;

    if (!is_config_ok(config)) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->config = *config;
    amplitude = sqrt(config->power / (double)config->elements);
    qw_prng_init(&prng, config->seed, UINT64_MAX);
    for (size_t n = 0; n < config->elements; n++) {
        double across = ((double)n + 0.5) / (double)config->elements - 0.5;
        double angle = across * config->width_rad;
        double apart = 2.0 * M_PI * config->eve_distance_wavelengths * sin(angle);

        made->to_terminal[n] = amplitude * cexp(2.0 * M_PI * I * qw_prng_uniform(&prng));
        made->to_eve[n] = made->to_terminal[n] * cexp(I * apart);
    }
    *surface = made;
    return QW_OK;
}

void qw_surface_free(struct qw_surface *surface)
{
    free(surface);
}

void qw_surface_add(const struct qw_surface *surface, uint64_t probe, const int16_t *tones,
                    size_t tone_count, double complex *terminal, double complex *eve)
{
    static const double complex phase[PHASES] = { 1.0, I, -1.0, -I };
    const struct qw_surface_config *config = &surface->config;
    uint64_t setting = config->period > 0 ? probe % config->period : probe;
    double complex at[2] = { 0.0, 0.0 };
    struct qw_prng prng;

    qw_prng_init(&prng, config->seed, setting);
    for (size_t n = 0; n < config->elements; n++) {
        double complex turn = phase[qw_prng_below(&prng, PHASES)];

        at[0] += turn * surface->to_terminal[n];
        at[1] += turn * surface->to_eve[n];
    }
    for (size_t k = 0; k < tone_count; k++) {
        double turns = config->spacing_hz * tones[k] * config->delay_s;
        double complex path = cexp(-2.0 * M_PI * I * turns);

        terminal[k] += at[0] * path;
        if (eve != NULL) {
            eve[k] += at[1] * path;
        }
    }
}

double qw_surface_eve_correlation(const struct qw_surface *surface)
{
    double complex cross = 0.0;
    double power = 0.0;

    for (size_t n = 0; n < surface->config.elements; n++) {
        double complex own = surface->to_terminal[n];

        cross += surface->to_eve[n] * conj(own);
        power += creal(own * conj(own));
    }
    return power > 0.0 ? cabs(cross) / power : 0.0;
}
