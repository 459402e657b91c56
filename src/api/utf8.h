/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_UTF8_H
#define QW_API_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True when the len bytes are UTF-8 (RFC 3629): shortest forms only, no surrogates, nothing above
 * U+10FFFF. */
bool qw_utf8_is_valid(const char *text, size_t len);

#endif
