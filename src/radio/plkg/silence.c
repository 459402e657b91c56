/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/silence.h"

#include "base/bits.h"
#include "crypto/random.h"

#include <string.h>

qw_err qw_plkg_silence_draw(uint32_t probes, struct qw_plkg_silence *silence)
{
    uint32_t runs = QW_PLKG_SILENCE_RUNS_MIN + probes / QW_PLKG_SILENCE_PROBES_PER_RUN;
    uint64_t place[QW_PLKG_SILENCE_RUNS_MIN + QW_PLKG_PROBES_MAX / QW_PLKG_SILENCE_PROBES_PER_RUN];
    qw_err err;

    if (probes < QW_PLKG_SILENCE_PROBES_MIN || probes > QW_PLKG_PROBES_MAX) {
        return QW_ERR_ARG;
    }
    err = qw_random_bytes(place, runs * sizeof place[0]);
    if (err != QW_OK) {
        return err;
    }
    memset(silence, 0, sizeof *silence);
    silence->probes = probes;
    for (uint32_t r = 0; r < runs; r++) {
        uint64_t first = 1 + place[r] % (probes - 1 - QW_PLKG_SILENCE_RUN);

        for (uint64_t i = first; i < first + QW_PLKG_SILENCE_RUN; i++) {
            qw_bit_set(silence->is_silent, i, true);
        }
    }
    return QW_OK;
}

bool qw_plkg_silence_at(const struct qw_plkg_silence *silence, uint32_t probe)
{
    return probe < silence->probes && qw_bit_get(silence->is_silent, probe);
}

bool qw_plkg_silence_is_broken(const struct qw_plkg_silence *silence, const uint8_t *heard)
{
    uint8_t both = 0;

    for (size_t i = 0; i < QW_BITS_TO_BYTES(silence->probes); i++) {
        both |= silence->is_silent[i] & heard[i];
    }
    return both != 0;
}
