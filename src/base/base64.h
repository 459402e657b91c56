/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_BASE64_H
#define QW_BASE_BASE64_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Characters that len bytes need, without the NUL. */
#define QW_BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* RFC 4648 section 4 with padding, no line breaks, NUL-terminated  [out: QW_BASE64_LEN(len) + 1
 * bytes]. No table is indexed by the data, so it may carry keys. */
void qw_base64_encode(const uint8_t *data, size_t len, char *out);

/* Strict: padding required, no white space, unused bits zero. QW_ERR_FORMAT, or QW_ERR_SPACE when
 * more than cap bytes come out; out and *len are then untouched. */
qw_err qw_base64_decode(const char *text, size_t text_len, uint8_t *out, size_t cap,
                        size_t *len) QW_MUST_USE;

#endif
