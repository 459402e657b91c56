/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/carrier/carrier.h"

#include <math.h>
#include <string.h>

/* Airtime of a Wi-Fi exchange: DIFS 34 us, mean backoff 67, then
 *   wifi20         Null 32, SIFS 16, ACK 28
 *   wifi40, 80     QoS Null with wide preamble 44, SIFS 16, the same back 44, SIFS 16, ACK 28
 * Cells, in one period of 10 ms of all resource elements:
 *   LTE 20 MHz     sounding 576 of 168 000; cell reference signals are always on
 *   NR 40 MHz      sounding 312 and tracking 4 x 318 of 356 160
 * Messages: 24 Mbit/s, or two bits per resource element. */

const struct qw_carrier qw_carriers[] = {
    { .name = "wifi20",
      .text = "Wi-Fi 20 MHz, L-LTF of a frame and its ACK, 52 tones",
      .format = QW_CSI_LEGACY_20,
      .carrier_hz = 5.2e9,
      .spacing_hz = 312.5e3,
      .modes = 16,
      .delay_spread_s = 60e-9,
      .gap_s = 60e-6,
      .interval_min_s = 20e-3,
      .exchange_s = 178e-6,
      .discussion_bps = 24e6 },
    { .name = "wifi40",
      .text = "Wi-Fi 40 MHz, HT-LTF of a frame in each direction, 114 tones",
      .format = QW_CSI_HT_40,
      .carrier_hz = 5.2e9,
      .spacing_hz = 312.5e3,
      .modes = 32,
      .delay_spread_s = 60e-9,
      .gap_s = 60e-6,
      .interval_min_s = 28e-3,
      .exchange_s = 249e-6,
      .discussion_bps = 24e6 },
    { .name = "wifi80",
      .text = "Wi-Fi 80 MHz, VHT-LTF of a frame in each direction, 242 tones",
      .format = QW_CSI_VHT_80,
      .carrier_hz = 5.2e9,
      .spacing_hz = 312.5e3,
      .modes = 48,
      .delay_spread_s = 60e-9,
      .gap_s = 60e-6,
      .interval_min_s = 30e-3,
      .exchange_s = 249e-6,
      .discussion_bps = 24e6 },
    { .name = "lte-tdd",
      .text = "LTE 20 MHz TDD, CRS down and SRS up, 192 common tones",
      .format = QW_CSI_LTE_20,
      .carrier_hz = 2.6e9,
      .spacing_hz = 15e3,
      .modes = 32,
      .delay_spread_s = 100e-9,
      .period_s = 10e-3,
      .gap_s = 5e-3,
      .interval_min_s = 10e-3,
      .exchange_s = 10e-3 * 576.0 / 168000.0,
      .discussion_bps = 33.6e6,
      .is_cellular = true },
    { .name = "nr-tdd",
      .text = "NR 40 MHz TDD, CSI-RS for tracking down and SRS up, 312 common tones",
      .format = QW_CSI_NR_40,
      .carrier_hz = 3.5e9,
      .spacing_hz = 30e3,
      .modes = 48,
      .delay_spread_s = 100e-9,
      .period_s = 10e-3,
      .gap_s = 2.5e-3,
      .interval_min_s = 10e-3,
      .exchange_s = 10e-3 * (312.0 + 4.0 * 318.0) / 356160.0,
      .discussion_bps = 71.2e6,
      .is_cellular = true },
    { 0 },
};

const struct qw_carrier *qw_carrier_find(const char *name)
{
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        if (strcmp(carrier->name, name) == 0) {
            return carrier;
        }
    }
    return NULL;
}

const struct qw_carrier *qw_carrier_of_format(enum qw_csi_format format)
{
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        if (carrier->format == format) {
            return carrier;
        }
    }
    return &qw_carriers[0];
}

double qw_carrier_probe_cost_s(const struct qw_carrier *carrier, double interval_s)
{
    return carrier->period_s > 0.0 ? carrier->exchange_s * interval_s / carrier->period_s
                                   : carrier->exchange_s;
}

double qw_carrier_interval_s(const struct qw_carrier *carrier, double wanted_s)
{
    double interval_s = fmax(wanted_s, carrier->interval_min_s);

    return carrier->period_s > 0.0 ? ceil(interval_s / carrier->period_s - 1e-6) * carrier->period_s
                                   : interval_s;
}
