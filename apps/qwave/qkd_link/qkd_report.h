/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_QKD_LINK_QKD_REPORT_H
#define QWAVE_QKD_LINK_QKD_REPORT_H

#include "qkd/link_ledger.h"

#include <stdbool.h>
#include <stdint.h>

/* What one end of a link did, block by block summed up. */
struct qkd_report {
    uint64_t blocks, sifted_bits, test_bits, clicks, click_bytes;
    uint64_t reconciliation_bits, verification_bits, secret_bits, auth_bits;
    uint64_t refilled_bits, key_bits; /* of the secret: into the pool, and out of the link */
    uint64_t pool_tags;               /* behind the last block that was finished */
    uint64_t round_trips, message_bytes;
    uint64_t centre_bits, dropped_bits; /* that the centre took, and did not take */
    double errors;                      /* in the sifted bits */
    double epsilon;                     /* of all keys together, and of the pool before them */
    double pool_epsilon;                /* of the pool before the first of them */
    int64_t cpu_ns, wall_ms;
    struct qw_qkd_ledger last; /* of the last block, finished or refused */
};

void qkd_report_add(struct qkd_report *report, const struct qw_qkd_ledger *ledger, int64_t cpu_ns,
                    int64_t wall_ms);

/* One JSON object, or a table for people; a refusal with its reason on standard error. */
void qkd_report_print(const struct qkd_report *report, const char *end, qw_err err, bool as_json);

#endif
