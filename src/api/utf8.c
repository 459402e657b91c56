/* SPDX-License-Identifier: Apache-2.0 */
#include "api/utf8.h"

#include <stdint.h>

/* Length of the sequence that starts with this byte, 0 when none does. */
static size_t sequence_len(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first < 0xE0) { /* C0 and C1 could only start an overlong form */
        return 2;
    }
    if (first >= 0xE0 && first < 0xF0) {
        return 3;
    }
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

/* The second byte's range depends on the first: this is where overlong forms, surrogates and code
 * points above U+10FFFF show [RFC 3629 4]. */
static bool second_ok(unsigned char first, unsigned char second)
{
    unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;

    return second >= least && second <= most;
}

bool qw_utf8_is_valid(const char *text, size_t len)
{
    const unsigned char *byte = (const unsigned char *)text;

    for (size_t at = 0; at < len;) {
        size_t n = sequence_len(byte[at]);

        if (n == 0 || n > len - at) {
            return false;
        }
        if (n > 1 && !second_ok(byte[at], byte[at + 1])) {
            return false;
        }
        for (size_t i = 2; i < n; i++) {
            if (byte[at + i] < 0x80 || byte[at + i] > 0xBF) {
                return false;
            }
        }
        at += n;
    }
    return true;
}
