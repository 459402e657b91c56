/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AP_REPORTER_H
#define QWAVE_AP_REPORTER_H

#include "base/error.h"
#include "base/log.h"
#include "radio/csi_source.h"
#include "radio/ledger.h"
#include "settings.h"

/* Shows simulated sessions to whoever looks at the centre's console (docs/protocol/radio-view.md)
 * [W10]. Two threads of its own: one asks the simulated air what all its antennas heard, at most 50
 * times a second, the other one sends it. A moment that finds the batch full is dropped and
 * counted. Of a radio that is not simulated nothing leaves, whatever the settings say: its
 * measurements are the key (docs/adr/0107). The session's thread does nothing but say when a
 * session begins and ends. */
struct reporter;
/* QW_ERR_NOMEM and those of qw_http_client_new. settings and log are borrowed. */
qw_err reporter_new(const struct settings *settings, const struct qw_log *log,
                    struct reporter **reporter) QW_MUST_USE;
void reporter_free(struct reporter *reporter); /* NULL is fine */

/* A session begins; session_id in hex. From the thread of the session, like the next; both do
 * nothing with NULL or a radio that is not simulated. */
void reporter_begin(struct reporter *reporter, const struct qw_csi_source *radio,
                    const char *session_id);
void reporter_end(struct reporter *reporter, const struct qw_plkg_ledger *ledger);

#endif
