/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_FILES_H
#define QWAVE_SETUP_SETUP_FILES_H

#include "api/http_page.h"

/* The set-up page, below /setup/: "setup.html" and its assets. */
extern const struct qw_http_page setup_files_built;

#endif
