/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_PROVE_PRINT_H
#define QWAVE_LINK_PROVE_PRINT_H

#include "base/error.h"
#include "link/prove/evidence.h"

/* "qwave-link: PATH: WHAT" on standard error; returns err. */
qw_err prove_complain(const char *path, const char *what, qw_err err);

/* A report on standard output: a table with the verdict and what stands in its way, or one JSON
 * object. QW_ERR_NOMEM, QW_ERR_SPACE. */
void prove_print_text(const struct qw_evidence_report *report);
qw_err prove_print_json(const struct qw_evidence_report *report) QW_MUST_USE;

#endif
