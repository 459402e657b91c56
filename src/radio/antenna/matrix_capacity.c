/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "radio/antenna/matrix_capacity.h"

#include "radio/channel.h"
#include "radio/symmetric_eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 512, WAVES = 1 << 17, ANTENNAS_MAX = 4, PLACES_MAX = 2 * ANTENNAS_MAX };
enum { ORDER_MAX = 3 * ANTENNAS_MAX }; /* X, Y and Z together */

/* The terminal's antennas, then the eavesdropper's: where they are, across the path, and what they
 * have in common at each frequency of the folded Doppler spectrum. */
struct field {
    size_t places;
    double at_m[PLACES_MAX];
    double complex common[BINS][PLACES_MAX * PLACES_MAX]; /* diagonals have mean 1 over the bins */
};

static double wave_number(const struct qw_matrix_capacity *link)
{
    return 2.0 * M_PI * link->probing.carrier_hz / QW_CHANNEL_LIGHT_M_PER_S;
}

static size_t bin_of(const struct qw_matrix_capacity *link, double slope)
{
    const struct qw_capacity_probing *probing = &link->probing;
    double most_hz = probing->speed_m_per_s * probing->carrier_hz / QW_CHANNEL_LIGHT_M_PER_S;
    double turns = most_hz * slope * probing->interval_s;
    size_t bin = (size_t)((turns - floor(turns)) * BINS);

    return bin < BINS ? bin : BINS - 1;
}

/* Direction and Doppler go together: the terminal moves. */
static void fill_walk(const struct qw_matrix_capacity *link, struct field *field)
{
    for (size_t wave = 0; wave < WAVES; wave++) {
        double angle = 2.0 * M_PI * ((double)wave + 0.5) / WAVES;
        double complex *common = field->common[bin_of(link, cos(angle))];
        double complex turn[PLACES_MAX];

        for (size_t i = 0; i < field->places; i++) {
            turn[i] = cexp(I * wave_number(link) * field->at_m[i] * sin(angle));
        }
        for (size_t i = 0; i < field->places; i++) {
            for (size_t j = 0; j < field->places; j++) {
                common[i * field->places + j] += turn[i] * conj(turn[j]) * BINS / WAVES;
            }
        }
    }
}

/* They do not: what moves is elsewhere, on the way to somebody and from there. */
static void fill_people(const struct qw_matrix_capacity *link, struct field *field)
{
    for (size_t wave = 0; wave < WAVES; wave++) {
        double other = (double)wave * 0.6180339887498949; /* golden section: even over the square */
        double slope = cos(2.0 * M_PI * ((double)wave + 0.5) / WAVES) +
                       cos(2.0 * M_PI * (other - floor(other)));
        double complex *common = field->common[bin_of(link, slope)];

        for (size_t i = 0; i < field->places; i++) {
            for (size_t j = 0; j < field->places; j++) {
                common[i * field->places + j] +=
                    j0(wave_number(link) * (field->at_m[i] - field->at_m[j])) * BINS / WAVES;
            }
        }
    }
}

static void fill_field(const struct qw_matrix_capacity *link, struct field *field)
{
    size_t antennas = link->terminal_antennas;

    field->places = link->has_eve ? 2 * antennas : antennas;
    for (size_t i = 0; i < field->places; i++) {
        field->at_m[i] = i < antennas ? 0.0 : link->eve_distance_m;
        field->at_m[i] -= (double)(i % antennas) * link->antenna_spacing_m;
    }
    if (link->probing.profile->motion == QW_CHANNEL_PEOPLE) {
        fill_people(link, field);
    } else {
        fill_walk(link, field);
    }
}

/* log2 of the determinant of a Hermitian positive definite matrix, which is destroyed. */
static double log2_determinant(double complex *m, size_t n)
{
    double sum = 0.0;

    for (size_t k = 0; k < n; k++) {
        double pivot = creal(m[k * n + k]);

        sum += log2(pivot);
        for (size_t i = k + 1; i < n; i++) {
            double complex share = m[i * n + k] / pivot;

            for (size_t j = k + 1; j < n; j++) {
                m[i * n + j] -= share * m[k * n + j];
            }
        }
    }
    return sum;
}

/* Copies ends of the row at the terminal and one of the eavesdropper's, each with its own noise. */
static double joint_bits(const struct qw_matrix_capacity *link, const struct field *field,
                         const double complex *common, double power, size_t copies)
{
    size_t antennas = link->terminal_antennas;
    size_t n = copies * antennas + (field->places - antennas);
    double complex m[ORDER_MAX * ORDER_MAX];

    for (size_t i = 0; i < n; i++) {
        size_t from = i < copies * antennas ? i % antennas : i - (copies - 1) * antennas;

        for (size_t j = 0; j < n; j++) {
            size_t to = j < copies * antennas ? j % antennas : j - (copies - 1) * antennas;

            m[i * n + j] = power * common[from * field->places + to];
        }
        m[i * n + i] += i < copies * antennas ? link->noise : link->eve_noise;
    }
    return log2_determinant(m, n);
}

static double eve_bits(const struct qw_matrix_capacity *link, const struct field *field,
                       const double complex *common, double power)
{
    size_t antennas = link->terminal_antennas;
    size_t n = field->places - antennas;
    double complex m[ANTENNAS_MAX * ANTENNAS_MAX];

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            m[i * n + j] = power * common[(antennas + i) * field->places + antennas + j];
        }
        m[i * n + i] += link->eve_noise;
    }
    return log2_determinant(m, n);
}

/* I(X;Y|Z) of all modes of this power. */
static double mode_bits(const struct qw_matrix_capacity *link, const struct field *field,
                        double power)
{
    double sum = 0.0;

    for (size_t bin = 0; bin < BINS; bin++) {
        const double complex *common = field->common[bin];

        sum += 2.0 * joint_bits(link, field, common, power, 1) -
               eve_bits(link, field, common, power) - joint_bits(link, field, common, power, 2);
    }
    return fmax(sum / BINS, 0.0);
}

static bool is_row_ok(const struct qw_matrix_capacity *link)
{
    bool is_one = link->access_point_antennas == 1 && link->terminal_antennas == 1;

    return link->access_point_antennas >= 1 && link->access_point_antennas <= ANTENNAS_MAX &&
           link->terminal_antennas >= 1 && link->terminal_antennas <= ANTENNAS_MAX &&
           (is_one || link->antenna_spacing_m > 0.0) && isfinite(link->antenna_spacing_m);
}

static bool is_ok(const struct qw_matrix_capacity *link)
{
    const struct qw_capacity_probing *probing = &link->probing;

    if (qw_channel_profile_check(probing->profile) != QW_OK || probing->tone_count == 0 ||
        !(probing->interval_s > 0.0) || !(probing->speed_m_per_s >= 0.0) || !(link->noise > 0.0) ||
        !is_row_ok(link) ||
        (link->has_eve && !(link->eve_distance_m >= 0.0 && link->eve_noise > 0.0))) {
        return false;
    }
    for (size_t i = 0; i < probing->profile->tap_count; i++) {
        if (probing->profile->tap[i].spread_rad > 0.0) {
            return false;
        }
    }
    return true;
}

/* Of the access point's row, where nothing moves: its own modes, each like a link of one antenna.
 */
static qw_err row_eigenvalues(const struct qw_matrix_capacity *link, double *value)
{
    size_t n = link->access_point_antennas;
    double matrix[ANTENNAS_MAX * ANTENNAS_MAX];

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double apart_m = link->antenna_spacing_m * ((double)i - (double)j);

            matrix[i * n + j] = j0(wave_number(link) * apart_m);
        }
    }
    return qw_symmetric_eigenvalues(matrix, n, value);
}

qw_err qw_matrix_capacity_probe_bits(const struct qw_matrix_capacity *link, double *bits)
{
    double delay_mode[QW_CHANNEL_TAPS_MAX];
    double row_mode[ANTENNAS_MAX];
    struct field *field;
    double sum = 0.0;
    qw_err err;

    if (!is_ok(link)) {
        return QW_ERR_ARG;
    }
    if (link->probing.speed_m_per_s == 0.0) {
        *bits = 0.0;
        return QW_OK;
    }
    err = qw_capacity_eigenvalues(link->probing.profile, link->probing.tones,
                                  link->probing.tone_count, link->probing.spacing_hz, delay_mode);
    if (err == QW_OK) {
        err = row_eigenvalues(link, row_mode);
    }
    if (err != QW_OK) {
        return err;
    }
    field = calloc(1, sizeof *field);
    if (field == NULL) {
        return QW_ERR_NOMEM;
    }
    fill_field(link, field);
    for (size_t i = 0; i < link->probing.profile->tap_count; i++) {
        for (size_t a = 0; a < link->access_point_antennas; a++) {
            double power = fmax(delay_mode[i], 0.0) * fmax(row_mode[a], 0.0);

            sum += mode_bits(link, field, power);
        }
    }
    free(field);
    *bits = sum;
    return QW_OK;
}
