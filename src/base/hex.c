/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"

#include "base/secret.h"

#include <string.h>

void qw_hex_encode(const uint8_t *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * len] = '\0';
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

qw_err qw_hex_decode(const char *text, uint8_t *out, size_t len)
{
    if (strlen(text) != 2 * len) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < 2 * len; i++) {
        if (digit_value(text[i]) < 0) {
            return QW_ERR_FORMAT;
        }
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
    }
    return QW_OK;
}

void qw_uuid_encode(const uint8_t id[static QW_UUID_LEN], char out[static QW_UUID_TEXT_CAP])
{
    static const size_t group_len[] = { 4, 2, 2, 2, 6 };
    size_t at = 0;

    for (size_t g = 0; g < 5; g++) {
        if (g > 0) {
            *out++ = '-';
        }
        qw_hex_encode(id + at, group_len[g], out);
        out += 2 * group_len[g];
        at += group_len[g];
    }
}

qw_err qw_uuid_decode(const char *text, uint8_t out[static QW_UUID_LEN])
{
    char digits[2 * QW_UUID_LEN + 1];
    size_t n = 0;

    if (strlen(text) != QW_UUID_TEXT_CAP - 1) {
        return QW_ERR_FORMAT;
    }
    for (size_t i = 0; i < QW_UUID_TEXT_CAP - 1; i++) {
        bool dash_place = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash_place != (text[i] == '-')) {
            return QW_ERR_FORMAT;
        }
        if (!dash_place) {
            digits[n++] = text[i];
        }
    }
    digits[n] = '\0';
    return qw_hex_decode(digits, out, QW_UUID_LEN);
}
