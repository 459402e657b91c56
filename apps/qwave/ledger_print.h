/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LEDGER_PRINT_H
#define QWAVE_LEDGER_PRINT_H

#include "radio/ledger.h"

#include <stdio.h>

/* The entropy account of a session as a table for people: what was measured, what was said, what is
 * left. */
void ledger_print(FILE *stream, const struct qw_plkg_ledger *ledger);

/* The same as one JSON object, without a newline. */
void ledger_print_json(FILE *stream, const struct qw_plkg_ledger *ledger);

/* Every bit said in public about the key string, and the secret bits per second of channel time
 * after authentication is paid. */
uint64_t ledger_leaked_bits(const struct qw_plkg_ledger *ledger);
double ledger_net_rate_bps(const struct qw_plkg_ledger *ledger);

#endif
