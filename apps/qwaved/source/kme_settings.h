/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_KME_SETTINGS_H
#define QWAVED_SOURCE_KME_SETTINGS_H

#include "base/config.h"

#include <stdint.h>

/* Another's key server as a source: the file that source_path names. */
enum { KME_PATH_CAP = 1024, KME_URL_CAP = 192, KME_SAE_CAP = 256 };

struct kme_settings {
    char url[KME_URL_CAP]; /* https://... */
    char certificate[KME_PATH_CAP], key[KME_PATH_CAP], ca[KME_PATH_CAP];
    char slave[KME_SAE_CAP];  /* SAE id of the other end of its keys */
    int64_t key_bits;         /* a multiple of 8 */
    int64_t keys_per_request; /* at most; what the server's status allows counts as well */
    int64_t timeout_ms;
    int tls; /* 0: 1.3, 1: 1.2 will do */
};

/* error: file, line and what is allowed. QW_ERR_FORMAT, QW_ERR_NOT_FOUND, QW_ERR_NOMEM ... as
 * qw_config_read. */
qw_err kme_settings_read(const char *path, struct kme_settings *settings,
                         char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
