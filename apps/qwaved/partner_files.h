/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_PARTNER_FILES_H
#define QWAVED_PARTNER_FILES_H

#include "api/etsi020/message.h"
#include "base/config.h"
#include "settings.h"

#include <stddef.h>

/* The folder of partners: KME.yaml for each, with its address and the certificate that it gave us.
 */
enum { PARTNERS_MAX = 16 };
struct partner_entry {
    char id[SETTINGS_KME_CAP];
    struct partner_settings {
        char url[QW_ETSI020_URL_CAP]; /* without a '/' at its end */
        char certificate[SETTINGS_PATH_CAP], key[SETTINGS_PATH_CAP], ca[SETTINGS_PATH_CAP];
    } settings;
};
struct partner_list {
    size_t count;
    struct partner_entry entry[PARTNERS_MAX];
};

/* To be freed by the caller. QW_ERR_FORMAT, QW_ERR_NOT_FOUND with a sentence in error;
 * QW_ERR_NOMEM. */
qw_err partner_files_read(const char *folder, struct partner_list **list,
                          char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
