/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_CONSOLE_CONSOLE_H
#define QWAVED_CONSOLE_CONSOLE_H

#include "api/http_page.h"

/* The operator's page, below /console/. */
extern const struct qw_http_page console_built;

#endif
