/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "base/secret.h"

/* All ones when a <= x <= b, else 0; x, a, b < 256. No branch: the value may be part of a key. */
static unsigned in_range(unsigned x, unsigned a, unsigned b)
{
    return (((x - a) | (b - x)) >> 31) - 1; /* a difference below zero sets the top bit */
}

/* From range to range of the alphabet the distance between value and character changes; what is
 * beyond a range's last value borrows, and the borrow's bits take the next distance. No branch. */
static char symbol(unsigned value)
{
    unsigned c = value + 'A';

    c += (25 - value) >> 8 & ('a' - 26 - 'A');
    c -= (51 - value) >> 8 & ('a' - 26 + 52 - '0');
    c -= (61 - value) >> 8 & ('0' - 52 + 62 - '+');
    c += (62 - value) >> 8 & ('/' - 63 - '+' + 62);
    return (char)c;
}

/* 0..63, or 255 for a character outside the alphabet. */
static unsigned value_of(unsigned char c)
{
    unsigned value = 0;
    unsigned valid = 0;
    static const struct {
        unsigned char first, last, base;
    } range[] = {
        { 'A', 'Z', 0 }, { 'a', 'z', 26 }, { '0', '9', 52 }, { '+', '+', 62 }, { '/', '/', 63 }
    };

    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
        unsigned mask = in_range(c, range[i].first, range[i].last);

        value |= mask & ((unsigned)c - range[i].first + range[i].base);
        valid |= mask;
    }
    return (value & valid) | (255u & ~valid);
}

void qw_base64_encode(const uint8_t *data, size_t len, char *out)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        unsigned word = (unsigned)data[i] << 16;

        word |= have > 1 ? (unsigned)data[i + 1] << 8 : 0;
        word |= have > 2 ? (unsigned)data[i + 2] : 0;
        *out++ = symbol(word >> 18 & 63);
        *out++ = symbol(word >> 12 & 63);
        *out++ = have > 1 ? symbol(word >> 6 & 63) : '=';
        *out++ = have > 2 ? symbol(word & 63) : '=';
    }
    *out = '\0';
}

/* Bytes that the text stands for, or SIZE_MAX when its shape or a character is wrong. */
static size_t decoded_len(const char *text, size_t text_len)
{
    size_t padding = 0;
    unsigned bad = 0;
    unsigned unused;

    if (text_len == 0) {
        return 0;
    }
    if (text_len % 4 != 0) {
        return SIZE_MAX;
    }
    padding += text[text_len - 1] == '=';
    padding += padding == 1 && text[text_len - 2] == '=';
    for (size_t i = 0; i < text_len - padding; i++) {
        bad |= value_of((unsigned char)text[i]) >> 6;
    }
    unused = padding == 0 ? 0 : value_of((unsigned char)text[text_len - padding - 1]);
    unused &= padding == 1 ? 3 : 15;
    return bad != 0 || (padding > 0 && unused != 0) ? SIZE_MAX : text_len / 4 * 3 - padding;
}

qw_err qw_base64_decode(const char *text, size_t text_len, uint8_t *out, size_t cap, size_t *len)
{
    size_t bytes = decoded_len(text, text_len);
    unsigned word = 0;
    size_t at = 0;

    if (bytes == SIZE_MAX) {
        return QW_ERR_FORMAT;
    }
    if (bytes > cap) {
        return QW_ERR_SPACE;
    }
    for (size_t i = 0; i < text_len; i++) {
        word = word << 6 | (text[i] == '=' ? 0 : value_of((unsigned char)text[i]));
        for (unsigned shift = 16; i % 4 == 3; shift -= 8) {
            if (at < bytes) {
                out[at++] = (uint8_t)(word >> shift);
            }
            if (shift == 0) {
                word = 0;
                break;
            }
        }
    }
    *len = bytes;
    return QW_OK;
}
