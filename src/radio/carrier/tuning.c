/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/carrier/tuning.h"

#include "radio/carrier/gap_filter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ANTENNAS_MAX = 4, BANDS_MAX = 4 };

static const double TRAINING_FIELD_S = 4e-6; /* HT-LTF, one for each further transmit antenna */
static const double RASTER_HZ = 20e6;        /* of Wi-Fi channels */

const struct qw_tuning qw_tuning_standard = {
    .carrier = &qw_carriers[0], .access_point_antennas = 1, .terminal_antennas = 1, .bands = 1
};

bool qw_tuning_equal(const struct qw_tuning *a, const struct qw_tuning *b)
{
    return a->carrier == b->carrier && a->access_point_antennas == b->access_point_antennas &&
           a->terminal_antennas == b->terminal_antennas && a->bands == b->bands;
}

size_t qw_tuning_chains(const struct qw_tuning *tuning)
{
    return (size_t)tuning->access_point_antennas * tuning->terminal_antennas * tuning->bands;
}

bool qw_tuning_ok(const struct qw_tuning *tuning)
{
    return tuning->access_point_antennas >= 1 && tuning->access_point_antennas <= ANTENNAS_MAX &&
           tuning->terminal_antennas >= 1 && tuning->terminal_antennas <= ANTENNAS_MAX &&
           tuning->bands >= 1 && tuning->bands <= BANDS_MAX &&
           qw_tuning_chains(tuning) <=
               (tuning->carrier->is_cellular ? (size_t)1 : (size_t)QW_TUNING_CHAINS_MAX);
}

void qw_tuning_encode(const struct qw_tuning *tuning, uint8_t out[static QW_TUNING_LEN])
{
    out[0] = (uint8_t)(tuning->carrier - qw_carriers + 1);
    out[1] = tuning->access_point_antennas;
    out[2] = tuning->terminal_antennas;
    out[3] = tuning->bands;
}

qw_err qw_tuning_decode(const uint8_t data[static QW_TUNING_LEN], struct qw_tuning *tuning)
{
    struct qw_tuning made = { .access_point_antennas = data[1],
                              .terminal_antennas = data[2],
                              .bands = data[3] };

    if (data[0] < 1 || data[0] > QW_CARRIERS) {
        return QW_ERR_FORMAT;
    }
    made.carrier = &qw_carriers[data[0] - 1];
    if (!qw_tuning_ok(&made)) {
        return QW_ERR_FORMAT;
    }
    *tuning = made;
    return QW_OK;
}

void qw_tuning_text(const struct qw_tuning *tuning, char text[static QW_TUNING_TEXT_CAP])
{
    snprintf(text, QW_TUNING_TEXT_CAP, "%.16s, antennas %ux%u, %u band%s", tuning->carrier->name,
             tuning->access_point_antennas, tuning->terminal_antennas, tuning->bands,
             tuning->bands == 1 ? "" : "s");
}

bool qw_tuning_fits(const struct qw_tuning *tuning, const struct qw_csi_frame *frame,
                    bool is_terminal)
{
    uint8_t rx = is_terminal ? tuning->terminal_antennas : tuning->access_point_antennas;
    uint8_t tx = is_terminal ? tuning->access_point_antennas : tuning->terminal_antennas;

    return qw_carrier_of_format(frame->format) == tuning->carrier && frame->rx_count == rx &&
           frame->tx_count == tx && qw_csi_frame_chain_count(frame) == qw_tuning_chains(tuning);
}

double qw_tuning_probe_cost_s(const struct qw_tuning *tuning, double interval_s)
{
    const struct qw_carrier *carrier = tuning->carrier;
    double further = (double)(tuning->access_point_antennas + tuning->terminal_antennas - 2);

    return qw_carrier_probe_cost_s(carrier, interval_s) +
           (tuning->bands - 1.0) * carrier->exchange_s + tuning->bands * further * TRAINING_FIELD_S;
}

double qw_tuning_interval_s(const struct qw_tuning *tuning)
{
    const struct qw_carrier *carrier = tuning->carrier;
    struct qw_tuning alone = { carrier, 1, 1, 1 };
    double shortest_s = carrier->interval_min_s;

    if (carrier->is_cellular) {
        return QW_GAP_FILTER_REACH * carrier->period_s;
    }
    return shortest_s * qw_tuning_probe_cost_s(tuning, shortest_s) /
           qw_tuning_probe_cost_s(&alone, shortest_s);
}

uint32_t qw_tuning_interval_us(const struct qw_tuning *tuning, uint32_t wanted_us)
{
    uint32_t period_us = (uint32_t)lrint(1e6 * tuning->carrier->period_s);

    return period_us == 0 ? wanted_us : (wanted_us + period_us - 1) / period_us * period_us;
}

double qw_tuning_sweep_s(const struct qw_tuning *tuning)
{
    return (tuning->bands - 1.0) * QW_TUNING_STEP_S;
}

double qw_tuning_band_hz(const struct qw_tuning *tuning)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(tuning->carrier->format, &tones);
    double span_hz = (double)(tones[count - 1] - tones[0]) * tuning->carrier->spacing_hz;

    return 2.0 * RASTER_HZ * ceil(span_hz / RASTER_HZ);
}

void qw_tuning_turn(const struct qw_tuning *tuning, size_t tones, const double complex *in,
                    double complex *out)
{
    size_t ap = tuning->access_point_antennas;
    size_t te = tuning->terminal_antennas;

    for (size_t chain = 0; chain < qw_tuning_chains(tuning); chain++) {
        size_t band = chain / (ap * te);
        size_t place = chain % (ap * te);
        size_t other = band * ap * te + place % te * ap + place / te;

        memcpy(&out[other * tones], &in[chain * tones], tones * sizeof out[0]);
    }
}

bool qw_tuning_offer_has(const struct qw_tuning_offer *offer, const struct qw_tuning *tuning)
{
    return (offer->carriers >> (tuning->carrier - qw_carriers) & 1) != 0 &&
           tuning->access_point_antennas <= offer->antennas && tuning->bands <= offer->bands;
}

static const struct qw_carrier *find_word(const char *word, size_t len)
{
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        if (strlen(carrier->name) == len && strncmp(carrier->name, word, len) == 0) {
            return carrier;
        }
    }
    return NULL;
}

qw_err qw_tuning_offer_read(const char *names, uint32_t *carriers)
{
    uint32_t made = 0;

    for (names += strspn(names, " "); *names != '\0'; names += strspn(names, " ")) {
        size_t len = strcspn(names, " ");
        const struct qw_carrier *carrier = find_word(names, len);

        if (carrier == NULL) {
            return QW_ERR_FORMAT;
        }
        made |= UINT32_C(1) << (carrier - qw_carriers);
        names += len;
    }
    if (made == 0) {
        return QW_ERR_FORMAT;
    }
    *carriers = made;
    return QW_OK;
}
