/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_ESTIMATE_H
#define QW_QKD_LINK_ESTIMATE_H

#include "qkd/link/sift.h"
#include "qkd/link_ledger.h"
#include "qkd/link_terms.h"

/* What both ends conclude from the published test basis, with the same numbers. */
enum { QW_QKD_TEST_BITS_MIN = 100, QW_QKD_QBER_MIN_PPM = 1000 };

struct qw_qkd_estimate {
    struct qw_decoy_counts x; /* errors are not known yet: 0 */
    struct qw_decoy_counts z;
    double qber_z;
    double gain;
    uint32_t qber_ppm; /* for Cascade, >= QW_QKD_QBER_MIN_PPM */
};

/* peer_z [ceil(z_count / 8) bytes]: the peer's results on Z. */
void qw_qkd_estimate_of(const struct qw_qkd_sifted *sifted, const uint8_t *peer_z,
                        size_t intensities, struct qw_qkd_estimate *estimate);

/* NONE, TOO_FEW, QBER, DECOY or GAIN. DECOY: light clicks in proportion to its intensity or, where
 * detectors saturate, less than that: the ratio of two rates lies between the ratio of the
 * intensities and 1, here with six standard deviations on either side. */
enum qw_qkd_refusal qw_qkd_estimate_judge(const struct qw_qkd_estimate *estimate,
                                          const struct qw_qkd_terms *terms);

/* The account of a block whose errors in X are known, with what was counted. *key untouched unless
 * QW_OK. QW_ERR_ARG: counts that cannot be. */
qw_err qw_qkd_estimate_key(const struct qw_qkd_estimate *estimate, const struct qw_qkd_terms *terms,
                           const uint32_t x_errors[static QW_DECOY_INTENSITIES_MAX],
                           uint64_t leaked_bits, struct qw_finite_key *key) QW_MUST_USE;

#endif
