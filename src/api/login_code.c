/* SPDX-License-Identifier: Apache-2.0 */
#include "api/login_code.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS = 12, LOCATORS = 10000, NUMBERS = 100000000, GROUP = 4 };

qw_err qw_login_code_parse(const char *text, struct qw_login_code *code)
{
    uint64_t value = 0;
    int digits = 0;

    for (; *text != '\0'; text++) {
        if ((*text == '-' || *text == ' ') && digits > 0 && digits % GROUP == 0) {
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > DIGITS) {
            return QW_ERR_FORMAT;
        }
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (digits != DIGITS) {
        return QW_ERR_FORMAT;
    }
    code->locator = (uint16_t)(value / NUMBERS);
    code->number = (uint32_t)(value % NUMBERS);
    return QW_OK;
}

void qw_login_code_format(const struct qw_login_code *code, char text[static QW_LOGIN_CODE_CAP])
{
    (void)snprintf(text, QW_LOGIN_CODE_CAP, "%04u-%04u-%04u", (unsigned)code->locator % LOCATORS,
                   (unsigned)(code->number / LOCATORS) % LOCATORS,
                   (unsigned)(code->number % LOCATORS));
}

uint16_t qw_login_code_locator(const uint8_t key_id[static 16])
{
    struct qw_reader r = qw_reader_on(key_id, 16);

    return (uint16_t)(qw_read_u32be(&r) % LOCATORS);
}

qw_err qw_login_code_key(const uint8_t root[static 32], uint8_t code_key[static 32])
{
    static const char label[] = "qwave login code";

    return qw_card_root_expand(root, label, sizeof label - 1, code_key);
}

qw_err qw_login_code_number(const uint8_t code_key[static 32], const char *officer, uint64_t step,
                            uint32_t *number)
{
    uint8_t time[8], mac[QW_HASH_LEN_MAX];
    struct qw_writer w = qw_writer_on(time, sizeof time);
    struct qw_bytes parts[] = { { time, sizeof time }, { officer, strlen(officer) } };
    struct qw_reader r = qw_reader_on(mac, 8);
    qw_err err;

    qw_write_u64be(&w, step);
    err = qw_hmac(QW_HASH_SHA256, code_key, 32, parts, 2, mac);
    if (err == QW_OK) {
        *number = (uint32_t)(qw_read_u64be(&r) % NUMBERS);
    }
    qw_wipe(mac, sizeof mac);
    return err;
}
