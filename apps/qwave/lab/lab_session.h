/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_SESSION_H
#define QWAVE_LAB_LAB_SESSION_H

#include "lab/trace/lab_trace.h"
#include "radio/plkg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One real session of both ends (radio/plkg.h), in two threads with a wire in memory between them,
 * on a trace; then the comparison of the two keys, the eavesdropper's attack, and what the
 * laboratory knows better than the ends because it sees both measurements. */
struct lab_session_report {
    struct qw_plkg_ledger ledger; /* the access point's */
    enum qw_plkg_onset onset;     /* of both ends the worse: found, not made, passed */
    double onset_deviations;      /* the larger one; NaN: not made */
    bool has_key;                 /* at both ends */
    uint64_t keys;                /* of 256 bits, compared */
    uint64_t wrong_keys;
    double cpu_s; /* of both ends */
    bool eve_verified;
    double eve_key_agreement; /* share of equal bits; NaN: no key to compare with */
    double raw_disagreement;  /* of sign bits of the numbers used */
    double mutual_bits;       /* I(X;Y) of the numbers in the string, each probe for itself */
    double string_bits;       /* H(Xq), the same way */
};

/* guard: the access point's memory of earlier sessions, may be NULL. has_eve: runs the attack.
 * QW_OK also when the session was refused (see the ledger); QW_ERR_NOMEM and others: the laboratory
 * itself failed. */
qw_err lab_session_run(const struct lab_trace *trace, const struct qw_plkg_policy *policy,
                       struct qw_replay_guard *guard, bool has_eve,
                       struct lab_session_report *report) QW_MUST_USE;

#endif
