/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "soapy/virtual_air.h"

#include "base/prng.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BURSTS = 64, PATHS = 3 };

/* Delays in samples: well inside the prefix of every sounding. */
static const size_t delay[PATHS] = { 0, 1, 3 };
static const double complex path[PATHS] = { 0.8, 0.3 + 0.4 * I, -0.2 + 0.2 * I };

struct burst {
    int64_t first; /* sample of the sender's and the listener's common count */
    size_t count;
    float *sample; /* owned */
};

struct end {
    int64_t position; /* samples read or skipped so far */
    struct burst burst[BURSTS];
    size_t newest; /* the place that is written next */
    struct qw_prng prng;
};

struct virtual_air {
    struct virtual_air_config config;
    struct end end[2];
};

struct virtual_air *virtual_air_new(const struct virtual_air_config *config)
{
    struct virtual_air *air = calloc(1, sizeof *air);

    if (air != NULL) {
        air->config = *config;
        qw_prng_init(&air->end[0].prng, config->seed, 1);
        qw_prng_init(&air->end[1].prng, config->seed, 2);
    }
    return air;
}

void virtual_air_free(struct virtual_air *air)
{
    for (int e = 0; air != NULL && e < 2; e++) {
        for (size_t b = 0; b < BURSTS; b++) {
            free(air->end[e].burst[b].sample);
        }
    }
    free(air);
}

static int64_t time_of(const struct virtual_air *air, int64_t position)
{
    return (int64_t)llround(1e9 * (double)position / air->config.rate_hz);
}

int64_t virtual_air_time_ns(const struct virtual_air *air, int end)
{
    return time_of(air, air->end[end].position);
}

static double complex heard(const struct burst *burst, int64_t at)
{
    double complex sum = 0.0;

    for (size_t p = 0; p < PATHS; p++) {
        int64_t i = at - burst->first - (int64_t)delay[p];

        if (i >= 0 && i < (int64_t)burst->count) {
            sum += path[p] * ((double)burst->sample[2 * i] + I * (double)burst->sample[2 * i + 1]);
        }
    }
    return sum;
}

/* The bursts that reach into the next count samples. */
static size_t bursts_near(const struct end *sender, int64_t first, size_t count,
                          const struct burst **near)
{
    size_t found = 0;

    for (size_t b = 0; b < BURSTS; b++) {
        const struct burst *burst = &sender->burst[b];

        if (burst->sample != NULL && burst->first < first + (int64_t)count &&
            burst->first + (int64_t)(burst->count + delay[PATHS - 1]) > first) {
            near[found++] = burst;
        }
    }
    return found;
}

void virtual_air_read(struct virtual_air *air, int end, float *sample, size_t count)
{
    struct end *mine = &air->end[end];
    double angle = (end == 0 ? 2.0 : -2.0) * M_PI * air->config.offset_hz / air->config.rate_hz;
    const struct burst *near[BURSTS];
    size_t bursts =
        bursts_near(air->config.is_loop ? mine : &air->end[1 - end], mine->position, count, near);

    for (size_t i = 0; i < count; i++) {
        int64_t at = mine->position + (int64_t)i;
        double complex sum = 0.0;

        for (size_t b = 0; b < bursts; b++) {
            sum += heard(near[b], at);
        }
        sum *= cexp(I * angle * (double)at);
        sample[2 * i] = (float)(creal(sum) + air->config.noise * qw_prng_gaussian(&mine->prng));
        sample[2 * i + 1] = (float)(cimag(sum) + air->config.noise * qw_prng_gaussian(&mine->prng));
    }
    mine->position += (int64_t)count;
}

void virtual_air_skip(struct virtual_air *air, int end, size_t count)
{
    air->end[end].position += (int64_t)count;
}

bool virtual_air_send(struct virtual_air *air, int end, bool has_time, int64_t time_ns,
                      const float *sample, size_t count)
{
    struct end *mine = &air->end[end];
    const struct end *listener = air->config.is_loop ? mine : &air->end[1 - end];
    const struct burst *last = &mine->burst[(mine->newest + BURSTS - 1) % BURSTS];
    struct burst *next = &mine->burst[mine->newest];
    int64_t first = has_time ? (int64_t)llround((double)time_ns * 1e-9 * air->config.rate_hz)
                             : last->first + (int64_t)last->count;
    float *copy = first < listener->position ? NULL : malloc(2 * count * sizeof *copy);

    if (copy == NULL) {
        return false;
    }
    memcpy(copy, sample, 2 * count * sizeof *copy);
    free(next->sample);
    *next = (struct burst){ .first = first, .count = count, .sample = copy };
    mine->newest = (mine->newest + 1) % BURSTS;
    return true;
}
