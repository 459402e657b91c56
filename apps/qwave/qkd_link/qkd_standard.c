/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd_link/qkd.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Intensities, shares and basis are near the best for blocks of 10^6 sifted bits over 20 km. */
struct qw_optics_config qkd_optics_standard(double distance_km)
{
    return (struct qw_optics_config){ .model = { .pulse_rate_hz = 1e9,
                                                 .source = { 2, { 0.4, 0.1 }, { 0.5, 0.5 } },
                                                 .key_basis_share = 0.8,
                                                 .fibre_db_per_km = 0.2,
                                                 .detector_efficiency = 0.5,
                                                 .dark_probability = 1e-6,
                                                 .misalignment = 0.01,
                                                 .afterpulse_probability = 0.001,
                                                 .dead_time_pulses = 20 },
                                      .distance_km = distance_km };
}

struct qw_qkd_terms qkd_terms_standard(void)
{
    return (struct qw_qkd_terms){ .method = QW_QKD_METHOD_ONE_DECOY,
                                  .intensities = 2,
                                  .mean_photons_millionths = { 400000, 100000 },
                                  .share_millionths = { 500000, 500000 },
                                  .frame_bits = 1000000,
                                  .frames = 1,
                                  .qber_limit_ppm = 80000,
                                  .secrecy_exponent = 10,
                                  .cascade_variant = QW_CASCADE_OPTIMISED,
                                  .pool_low_tags = 64,
                                  .pool_high_tags = 256 };
}

void qkd_terms_watch_gain(struct qw_qkd_terms *terms, double distance_km, double tolerance)
{
    struct qw_optics_config optics = qkd_optics_standard(distance_km);
    double gain = qw_link_gain(&optics.model, qw_link_transmission(&optics.model, distance_km));

    terms->expected_gain = (uint64_t)llround(gain * 1e12);
    terms->gain_tolerance_ppm = (uint32_t)lround(tolerance * 1e6);
}

bool qkd_parse_real(const char *text, double min, double max, double *value)
{
    char *end = NULL;
    double number;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    number = strtod(text, &end);
    if (*end != '\0' || !isfinite(number) || number < min || number > max) {
        return false;
    }
    *value = number;
    return true;
}

bool qkd_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    char *end = NULL;
    unsigned long long number;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < min || number > max) {
        return false;
    }
    *value = number;
    return true;
}
