/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_PAGE_H
#define QWAVE_SETUP_SETUP_PAGE_H

#include "centre_folder.h"
#include "setup/setup_message.h"

#include <stdint.h>

/* qwave init --page: the set-up of a new centre in a browser [docs/protocol/setup-page.md]. */
enum { SETUP_PAGE_IDLE_S_MIN = 10, SETUP_PAGE_IDLE_S_MAX = 86400 };

struct setup_page_config {
    const struct centre_folder_config
        *centre; /* what the page does not ask, and its first answers */
    const char *custody_lines[SETUP_CUSTODY_COUNT]; /* of the settings, as centre->custody */
    unsigned offered;                               /* bits 1 << enum setup_custody */
    enum setup_custody custody;                     /* chosen on the command line */
    const char *address;                            /* of the page, numeric */
    uint16_t port;                                  /* 0: any */
    unsigned idle_s;                                /* without a step, and it is over */
};

/* Serves the page until the centre is made and the page says so, it is over, or a signal ends it;
 * says at standard error where the page is, its code, and the fingerprint of its certificate.
 * QW_OK: there is a centre. QW_ERR_TIMEOUT: over, with nothing made; QW_ERR_CLOSED: ended by a
 * signal, the same; QW_ERR_REFUSED: locked out by wrong codes; errors of centre_staging_open and
 * qw_http_server_new. error: one sentence. */
qw_err setup_page_run(const struct setup_page_config *config,
                      char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

#endif
