/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ROUTE_QUERY_H
#define QWAVED_ROUTE_QUERY_H

#include "base/error.h"

#include <stdint.h>

/* Whole number min..max from the query; the standard value, which is in *value, when it is not
 * there. QW_ERR_FORMAT. */
qw_err query_number(const char *query, const char *name, uint64_t min, uint64_t max,
                    uint64_t *value) QW_MUST_USE;

#endif
