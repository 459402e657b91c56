/* SPDX-License-Identifier: Apache-2.0 */
#include "source/kme_settings.h"

#include "api/etsi014/client.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const tls_versions[] = { "1.3", "1.2", NULL };

#define TEXT(member, cap, text) \
    { \
        .name = #member, .kind = QW_CONFIG_TEXT, .offset = offsetof(struct kme_settings, member), \
        .min = 1, .max = cap, .standard = NULL, .help = text \
    }
#define INT(member, low, high, standard_value, text) \
    { \
        .name = #member, .kind = QW_CONFIG_INT, .offset = offsetof(struct kme_settings, member), \
        .min = low, .max = high, .standard = standard_value, .help = text \
    }
static const struct qw_config_row rows[] = {
    TEXT(url, KME_URL_CAP, "of the key server, https://..."),
    TEXT(certificate, KME_PATH_CAP, "ours, from its authority, PEM"),
    TEXT(key, KME_PATH_CAP, "our private key for it, PEM"),
    TEXT(ca, KME_PATH_CAP, "its authority, PEM"),
    TEXT(slave, KME_SAE_CAP, "SAE id of the other end of its keys"),
    INT(key_bits, 64, 8 * QW_ETSI014_CLIENT_KEY_LEN_MAX, "256", "of a key, a multiple of 8"),
    INT(keys_per_request, 1, QW_ETSI014_CLIENT_KEYS_MAX, "128", "at most"),
    INT(timeout_ms, 100, 60000, "5000", "for an answer, in ms"),
    { .name = "tls",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct kme_settings, tls),
      .standard = "1.3",
      .choices = tls_versions,
      .help = "least version that will do" },
};

qw_err kme_settings_read(const char *path, struct kme_settings *settings,
                         char error[static QW_CONFIG_ERROR_CAP])
{
    struct kme_settings s = { 0 };
    qw_err err = qw_config_read(path, rows, sizeof rows / sizeof rows[0], &s, error);

    if (err != QW_OK) {
        return err;
    }
    if (strncmp(s.url, "https://", 8) != 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%.300s: url: https:// and nothing else", path);
        return QW_ERR_FORMAT;
    }
    if (s.key_bits % 8 != 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%.300s: key_bits: a multiple of 8", path);
        return QW_ERR_FORMAT;
    }
    *settings = s;
    return QW_OK;
}
