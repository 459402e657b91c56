/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_ORACLE_H
#define QWAVE_LAB_LAB_ORACLE_H

#include "lab/lab_session.h"
#include "lab/trace/lab_reader.h"

/* What neither end can see alone: the laboratory holds both measurements of every probe that was
 * sent. Both readers are of one trace and have slots. Fills raw_disagreement, mutual_bits and
 * string_bits of report; syndrome is the body of that message [len bytes], or NULL when the session
 * did not come so far (then over all numbers of a probe, without string_bits). QW_ERR_NOMEM. */
qw_err lab_oracle_look(const struct lab_reader *access_point, const struct lab_reader *terminal,
                       const uint8_t *syndrome, size_t len,
                       struct lab_session_report *report) QW_MUST_USE;

#endif
