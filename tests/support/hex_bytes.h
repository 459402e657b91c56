/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_HEX_BYTES_H
#define QW_TESTS_SUPPORT_HEX_BYTES_H

#include "base/hex.h"

#include <stdlib.h>
#include <string.h>

/* The bytes of a hex text of a vector table, in memory of just that size (so that a sanitizer sees
 * a read beyond it); the caller frees it. Aborts on anything that is not hex. */
static inline uint8_t *hex_bytes(const char *text, size_t *len)
{
    size_t count = strlen(text) / 2;
    uint8_t *bytes = malloc(count > 0 ? count : 1);

    if (bytes == NULL || qw_hex_decode(text, bytes, count) != QW_OK) {
        abort();
    }
    *len = count;
    return bytes;
}

#endif
