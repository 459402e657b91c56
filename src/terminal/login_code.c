/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/login_code.h"

#include "base/secret.h"

qw_err qw_card_login_code(struct qw_card *card, const char *officer, int64_t now_ms,
                          char text[static QW_LOGIN_CODE_CAP])
{
    struct qw_login_code code;
    struct qw_card_taken_root taken;
    uint8_t code_key[32];
    qw_err err;

    if (now_ms < 0) {
        return QW_ERR_ARG;
    }
    err = qw_card_take_root(card, &taken);
    if (err != QW_OK) {
        return err;
    }
    err = qw_login_code_key(taken.root, code_key);
    if (err == QW_OK) {
        code.locator = qw_login_code_locator(taken.key_id);
        err = qw_login_code_number(code_key, officer, (uint64_t)(now_ms / QW_LOGIN_STEP_MS),
                                   &code.number);
    }
    if (err == QW_OK) {
        qw_login_code_format(&code, text);
    }
    qw_wipe(&taken, sizeof taken);
    qw_wipe(code_key, sizeof code_key);
    qw_wipe(&code, sizeof code);
    return err;
}
