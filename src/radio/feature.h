/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_FEATURE_H
#define QW_RADIO_FEATURE_H

#include "base/error.h"
#include "radio/csi_frame.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Public pre-processing: what both ends (and whoever listens) make of a
 * measurement before anything is decided. A fixed orthonormal transform over the tones gathers the
 * channel in few numbers, strongest first:
 *   coherent phases   eigenvectors of the published covariance of an exponential delay profile
 *                     (60 ns for Wi-Fi, 100 ns for cells); real and imaginary part of each mode are
 *                     two numbers (group 2)
 *   amplitudes only   DCT-II of |H| (group 1), and after these as many numbers again, of |H|^2:
 * they are never part of a key, but waves are counted in them (radio/amplitude/waves.h) The
 * automatic gain control is undone by what the frame reports of it. Dividing by the power of the
 * frame would do without the report, but it makes the noise of a faded frame larger than that of
 * the others and one number of each probe a function of the rest. The transform depends on nothing
 * that was measured. How many modes: radio/carrier/carrier.h, by the width of the band. Several
 * antennas or bands are several chains: each goes through the same transform for itself, and the
 * numbers of a probe are ordered mode by mode, chain by chain within a mode. No transform over the
 * chains: it would have to be estimated. What neighbours have in common is left in the numbers, and
 * the account takes it out. */
enum {
    QW_FEATURE_MODES = 16,     /* of one chain of 20 MHz of Wi-Fi, with few chains: the fewest */
    QW_FEATURE_MODES_MAX = 48, /* of all chains */
    QW_FEATURE_CHAINS_MAX = 4,
    QW_FEATURE_MAX = 2 * QW_FEATURE_MODES_MAX,
    QW_FEATURE_TONES_MAX = 320
};

struct qw_feature_plan {
    enum qw_csi_format format;
    bool has_phase;
    bool is_transposed; /* frames are [terminal antenna][access point antenna] */
    size_t tones;
    size_t chains, rx, tx, bands; /* of a frame; chains = rx x tx x bands */
    size_t modes;                 /* per chain */
    size_t group;                 /* numbers per mode of a chain: 2 or 1 */
    size_t count; /* numbers per probe, those of powers included, <= QW_FEATURE_MAX; a multiple of
                     QW_FEATURE_MODES */
    double complex basis[QW_FEATURE_MODES_MAX * QW_FEATURE_TONES_MAX]; /* [mode * tones + tone],
                                                                          conjugated already */
};

/* Of the numbers of a probe those that a key may be made of: the first ones. The others are
 * powers'.
 */
static inline size_t qw_feature_numbers(size_t stride, size_t group)
{
    return group == 1 ? stride / 2 : stride;
}

/* Rows of basis for these tones. is_transposed: the frames are the terminal's, whose receive chains
 * are the access point's transmit chains; both ends then order their numbers alike. QW_ERR_ARG when
 * the tones are fewer than the modes or more than QW_FEATURE_TONES_MAX, not ascending, or further
 * apart than those of any carrier, or the chains more than QW_FEATURE_CHAINS_MAX. */
qw_err qw_feature_plan_init(struct qw_feature_plan *plan, const struct qw_csi_frame *frame,
                            bool has_phase, bool is_transposed) QW_MUST_USE;

/* Numbers of one frame [plan->count values]. QW_ERR_FORMAT when the frame is not of the plan's
 * format and chains or not finite. */
qw_err qw_feature_extract(const struct qw_feature_plan *plan, const struct qw_csi_frame *frame,
                          float *value) QW_MUST_USE;

/* The numbers of all probes of a session at one end; raw material of the key, wiped when freed. */
struct qw_feature_set {
    uint32_t probes;
    bool is_transposed; /* set before the first frame, see qw_feature_plan_init */
    size_t stride;      /* numbers per probe; 0 until the first frame came */
    uint8_t *heard;     /* bit string over probes [base/bits.h] */
    float *value;       /* [probes * QW_FEATURE_MAX]; row i at i * stride */
    int32_t *fixed;     /* same shape, after qw_feature_set_fix */
    struct qw_feature_plan plan;
};

/* probes 1..2^20. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_feature_set_new(uint32_t probes, struct qw_feature_set **set) QW_MUST_USE;
void qw_feature_set_free(struct qw_feature_set *set); /* NULL is fine */

/* Takes one measurement of probe number index; the first one fixes the plan. A second frame of the
 * same probe is dropped. QW_ERR_FORMAT: index out of range, another shape, a value that is not
 * finite, or no power at all; the set is as it was. */
qw_err qw_feature_set_put(struct qw_feature_set *set, uint64_t index,
                          const struct qw_csi_frame *frame, bool has_phase) QW_MUST_USE;
bool qw_feature_set_has(const struct qw_feature_set *set, uint32_t index);

/* Rounds everything to integers, with one power of two as scale so that the root mean square tone
 * is 2^12 to 2^13 and everything fits 24 bits (powers: the mean one 2^10 to 2^12): from here on
 * these integers are the measurement. */
void qw_feature_set_fix(struct qw_feature_set *set);
const int32_t *qw_feature_set_row(const struct qw_feature_set *set, uint32_t index);

#endif
