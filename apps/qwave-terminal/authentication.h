/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_AUTHENTICATION_H
#define QWAVE_TERMINAL_AUTHENTICATION_H

#include "base/log.h"
#include "settings.h"
#include "terminal/auth_errand.h"

#include <stdatomic.h>

/* The terminal proves itself to its centre with the card it has open and the certificate of its
 * settings, over IP when they say where, else through its access point. Blocking. QW_ERR_STATE: it
 * has no certificate; else as qw_auth_errand_run. The log says why not. */
qw_err authentication_run(const struct settings *settings, struct qw_card *card,
                          const struct qw_log *log, const atomic_bool *stop,
                          const uint8_t context[static 32],
                          struct qw_auth_outcome *outcome) QW_MUST_USE;

#endif
