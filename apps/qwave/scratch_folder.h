/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SCRATCH_FOLDER_H
#define QWAVE_SCRATCH_FOLDER_H

#include "base/error.h"

#include <stddef.h>

/* Where temporary folders are made: $TMPDIR, else /tmp. */
const char *scratch_base(void);

/* A new folder <base>/<name>.XXXXXX of the caller's own. QW_ERR_IO, and path is "". */
qw_err scratch_folder_make(const char *name, char *path, size_t cap) QW_MUST_USE;

/* With all that is in it, as far as that goes; "" is fine. */
void scratch_folder_remove(const char *path);

#endif
