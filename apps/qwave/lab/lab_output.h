/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_OUTPUT_H
#define QWAVE_LAB_LAB_OUTPUT_H

#include "lab/lab_plkg.h"

#include <stdio.h>

/* One line of a table, a sweep or a single run: what was set and what came out. */
struct lab_row {
    struct lab_plkg_config config;
    struct lab_plkg_result result;
};

/* One JSON object: of the row when there is one, else {"rows":[...]}. QW_ERR_NOMEM, QW_ERR_IO. */
qw_err lab_output_json(const struct lab_row *rows, size_t count, FILE *stream) QW_MUST_USE;
/* A heading and one line per row. */
qw_err lab_output_csv(const struct lab_row *rows, size_t count, const char *path) QW_MUST_USE;
/* For people. */
void lab_output_text(const struct lab_row *row, FILE *stream);

#endif
