/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_JSON_SCAN_H
#define QW_API_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* True when the len bytes are exactly one JSON text by the grammar of RFC 8259: nested at most
 * QW_JSON_DEPTH_MAX deep, UTF-8, no byte-order mark, no "\u0000", no lone surrogate, nothing behind
 * it but white space. Runs before the parser proper, which is more forgiving than the grammar. */
bool qw_json_scan(const char *text, size_t len);

#endif
