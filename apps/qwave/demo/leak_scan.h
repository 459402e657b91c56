/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_DEMO_LEAK_SCAN_H
#define QWAVE_DEMO_LEAK_SCAN_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Looks for keys in every regular file under a folder: raw, hex of either case, base64 at each of
 * the three alignments. Keys are 32 bytes each  [size: count x 32]. *hits counts
 * (file, key) pairs; the first file with one is named in where. */
qw_err leak_scan_folder(const char *folder, const uint8_t *keys, size_t count, size_t *files,
                        size_t *hits, char *where, size_t where_cap) QW_MUST_USE;

#endif
