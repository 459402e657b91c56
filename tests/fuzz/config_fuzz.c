/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base */
#define _POSIX_C_SOURCE 200809L
#include "base/config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct settings {
    char address[16];
    int64_t port;
    double power_db;
    bool is_open;
    int scene;
};

static const char *const scenes[] = { "indoor", "outdoor", NULL };

static const struct qw_config_row rows[] = {
    { "address", QW_CONFIG_TEXT, offsetof(struct settings, address), 1, 16, "x", NULL, "where" },
    { "port", QW_CONFIG_INT, offsetof(struct settings, port), 0, 65535, "1", NULL, "TCP port" },
    { "power_db", QW_CONFIG_REAL, offsetof(struct settings, power_db), -30, 20, "0", NULL, "dB" },
    { "is_open", QW_CONFIG_BOOL, offsetof(struct settings, is_open), 0, 0, "true", NULL, "open" },
    { "scene", QW_CONFIG_CHOICE, offsetof(struct settings, scene), 0, 0, "indoor", scenes,
      "where" },
};

/* Whatever stands in the file: settings inside their limits, or a message of one line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings = { 0 };
    char error[QW_CONFIG_ERROR_CAP];
    qw_err err = qw_config_parse("fuzz", (const char *)data, size, rows,
                                 sizeof rows / sizeof rows[0], &settings, error);

    if (err == QW_OK) {
        size_t len = strnlen(settings.address, sizeof settings.address);

        if (len < 1 || len > 15 || settings.port < 0 || settings.port > 65535 ||
            !(settings.power_db >= -30 && settings.power_db <= 20) || settings.scene < 0 ||
            settings.scene > 1) {
            abort();
        }
    } else if (strncmp(error, "fuzz:", 5) != 0 || memchr(error, '\0', sizeof error) == NULL ||
               strchr(error, '\n') != NULL || settings.address[0] != '\0') {
        abort();
    }
    return 0;
}
