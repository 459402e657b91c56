/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "custody_choice.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static qw_err open_passphrase_file(const char *path, struct qw_custody *custody,
                                   char error[static QW_CONFIG_ERROR_CAP])
{
    qw_err err = qw_custody_passphrase_file(path, custody);

    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "passphrase file %.300s: %s", path,
                 err == QW_ERR_REFUSED ? "others may read it; `chmod 600` it" : qw_err_text(err));
    }
    return err;
}

/* "0,7": numbers up to 15, each once or more; false for anything else. */
static bool read_registers(const char *text, uint32_t *mask)
{
    uint32_t m = 0;

    while (*text != '\0') {
        char *end;
        unsigned long number = strtoul(text, &end, 10);

        if (end == text || *text == '-' || *text == '+' || *text == ' ' || number > 15 ||
            (*end != ',' && *end != '\0') || (*end == ',' && end[1] == '\0')) {
            return false;
        }
        m |= 1u << number;
        text = *end == ',' ? end + 1 : end;
    }
    *mask = m;
    return true;
}

static qw_err open_tpm2(const struct settings *settings, const struct custody_surroundings *around,
                        struct qw_custody *custody, char error[static QW_CONFIG_ERROR_CAP])
{
    const char *measured = settings_measured_registers[settings->tpm2_measured_register];
    struct qw_custody_tpm2_config config = {
        .tcti = settings->tpm2_tcti,
        .measured_register = (uint8_t)strtoul(measured, NULL, 10),
        .binary = around->binary,
        .configuration = around->settings_path,
        .recovery = around->recovery,
    };
    qw_err err = QW_ERR_ARG;

    (void)setenv("TSS2_LOG", "all+NONE", 0); /* its library writes to standard error by itself */
    if (read_registers(settings->tpm2_registers, &config.platform_registers)) {
        err = qw_custody_tpm2(&config, custody);
    }
    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s",
                 err == QW_ERR_ARG ? "tpm2_registers are at most 8 numbers from 0 to 15 with commas"
                                   : qw_err_text(err));
    }
    return err;
}

static qw_err open_pkcs11(const struct settings *settings, struct qw_custody *custody,
                          char error[static QW_CONFIG_ERROR_CAP])
{
    const struct qw_custody_pkcs11_config config = { .module = settings->pkcs11_module,
                                                     .token = settings->pkcs11_token,
                                                     .key = settings->pkcs11_key,
                                                     .pin_file = settings->pkcs11_pin_file };
    qw_err err = qw_custody_pkcs11(&config, custody);

    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "pkcs11_pin_file %.300s: %s", config.pin_file,
                 err == QW_ERR_REFUSED  ? "others may read it; `chmod 600` it"
                 : err == QW_ERR_FORMAT ? "its first line is no PIN of 4 to 255 bytes"
                                        : qw_err_text(err));
    }
    return err;
}

qw_err custody_choice_open(const struct settings *settings,
                           const struct custody_surroundings *around, struct qw_custody *custody,
                           char error[static QW_CONFIG_ERROR_CAP])
{
    switch ((enum settings_custody)settings->custody) {
    case CUSTODY_TPM2:
        return open_tpm2(settings, around, custody, error);
    case CUSTODY_PKCS11:
        return open_pkcs11(settings, custody, error);
    case CUSTODY_QUORUM:
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "custody: quorum: the key is opened by officers (qwave unseal), not here");
        return QW_ERR_UNAVAILABLE;
    case CUSTODY_PASSPHRASE_FILE:
        break;
    }
    return open_passphrase_file(settings->passphrase_file, custody, error);
}
