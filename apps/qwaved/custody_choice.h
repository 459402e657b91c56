/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_CUSTODY_CHOICE_H
#define QWAVED_CUSTODY_CHOICE_H

#include "crypto/custody/custody.h"
#include "settings.h"

/* From the settings of a centre to its custody: for the daemon itself, and for the commands that
 * make a centre or move its key. */
struct custody_surroundings {
    const char *settings_path; /* measured */
    const char *binary;        /* measured: qwaved */
    const uint8_t *recovery;   /* of a TPM, QW_CUSTODY_RECOVERY_LEN bytes, or NULL */
};

/* error: one sentence on failure. Before the first thread. */
qw_err custody_choice_open(const struct settings *settings,
                           const struct custody_surroundings *around, struct qw_custody *custody,
                           char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
