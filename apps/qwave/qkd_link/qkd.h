/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_QKD_LINK_QKD_H
#define QWAVE_QKD_LINK_QKD_H

#include "qkd/link.h"
#include "qkd/optics.h"

#include <stdbool.h>
#include <stdint.h>

/* Parts of `qwave qkd`: one file each, argv[0] is the part's name. The result is the exit status.
 */
int qkd_pool(int argc, char **argv);
int qkd_optics(int argc, char **argv);
int qkd_node(int argc, char **argv); /* argv[0] "alice" or "bob" */

/* The link that all three of its programs take for granted, at this distance. SIMULATED. */
struct qw_optics_config qkd_optics_standard(double distance_km);
struct qw_qkd_terms qkd_terms_standard(void);

/* The window on the gain: what this fibre gives, more or less this share of it. */
void qkd_terms_watch_gain(struct qw_qkd_terms *terms, double distance_km, double tolerance);

/* Numbers of options, whole texts only. */
bool qkd_parse_real(const char *text, double min, double max, double *value);
bool qkd_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif
