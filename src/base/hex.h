/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_HEX_H
#define QW_BASE_HEX_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Lower-case hex of len bytes, NUL-terminated  [out: 2 x len + 1 bytes]. Not for keys that go to a
 * log: there is no such thing. */
void qw_hex_encode(const uint8_t *data, size_t len, char *out);

/* Exactly len bytes from exactly 2 x len hex digits of either case; QW_ERR_FORMAT otherwise, out
 * untouched. */
qw_err qw_hex_decode(const char *text, uint8_t *out, size_t len) QW_MUST_USE;

enum { QW_UUID_LEN = 16, QW_UUID_TEXT_CAP = 37 };

/* Canonical lower-case text of a 16-byte identifier (RFC 9562 section 4), NUL-terminated. */
void qw_uuid_encode(const uint8_t id[static QW_UUID_LEN], char out[static QW_UUID_TEXT_CAP]);

/* Either case; the whole text must be one identifier. QW_ERR_FORMAT otherwise, out untouched. */
qw_err qw_uuid_decode(const char *text, uint8_t out[static QW_UUID_LEN]) QW_MUST_USE;

#endif
