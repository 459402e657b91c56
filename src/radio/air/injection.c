/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/injection.h"

#include "radio/carrier/carrier.h"
#include "radio/channel/injector.h"

static const double POWER_MAX = 1e4;
static const double REACTION_MAX_S = 9e-6;

const char *qw_air_injection_fault(const struct qw_air_config *config)
{
    const struct qw_air_injector *injector = &config->injector;

    if (!(injector->power >= 0.0 && injector->power <= POWER_MAX && injector->reaction_s >= 0.0 &&
          injector->reaction_s <= REACTION_MAX_S)) {
        return "an injector has a power up to 40 dB and reacts within 9 us";
    }
    return injector->power > 0.0 && config->captures != NULL
               ? "an injector is simulated on simulated channels"
               : NULL;
}

void qw_air_injection_measure(struct qw_air_injection *injection, bool is_attacked,
                              struct qw_front_end *front_end, const double complex *channel,
                              struct qw_csi_frame *frame)
{
    struct qw_front_end_late late = { .reaction_s = injection->injector.reaction_s };

    if (is_attacked && injection->injector.power > 0.0) {
        for (size_t chain = 0; chain < frame->rx_count; chain++) { /* over paths of its own */
            qw_injector_wave(injection->seed + chain, injection->pairs, injection->injector.power,
                             frame->tone_index, frame->tone_count, front_end->config.spacing_hz,
                             &injection->wave[chain * frame->tone_count]);
        }
        late.wave = injection->wave;
    }
    qw_front_end_measure_onset(front_end, channel, &late, frame);
}
