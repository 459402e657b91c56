/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_JSON_PRINT_H
#define QWAVE_JSON_PRINT_H

#include "api/json_writer.h"

#include <stddef.h>

/* One JSON object of at most cap bytes on standard output: what write makes of self, which writes
 * the members only. EXIT_DONE; EXIT_FAILED: no memory, or it did not fit. */
int json_print(size_t cap, void (*write)(struct qw_json_writer *w, const void *self),
               const void *self);

#endif
