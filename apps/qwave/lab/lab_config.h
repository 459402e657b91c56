/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_CONFIG_H
#define QWAVE_LAB_LAB_CONFIG_H

#include "lab/options/lab_options.h"

/* From what a user has set to the runs of the laboratory: defaults that depend on each other, and
 * one configuration for each value of a sweep. */
size_t lab_config_steps(const struct lab_options *options); /* 1 without a sweep */
double lab_config_step_value(const struct lab_options *options, size_t step);

double lab_config_snr_db(const struct lab_options *options); /* as said, as measured, or 20 */

/* QW_ERR_ARG: the channel has no such delay spread. */
qw_err lab_config_make(const struct lab_options *options, size_t step,
                       struct lab_plkg_config *config) QW_MUST_USE;

#endif
