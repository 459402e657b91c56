/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_PLOT_H
#define QWAVE_LAB_LAB_PLOT_H

#include "lab/lab_output.h"
#include "lab/options/lab_options.h"

/* The figure that options name, over the swept value, or of the only row. QW_ERR_STATE: no session
 * of it made a key, so that there is no account to draw; QW_ERR_NOMEM, QW_ERR_IO. */
qw_err lab_plot_save(const struct lab_options *options, const struct lab_row *rows, size_t count,
                     const char *path) QW_MUST_USE;

#endif
