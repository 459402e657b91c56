/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_PROBING_H
#define QW_RADIO_PLKG_PROBING_H

#include "radio/plkg/run.h"

/* The terminal's pilots: T2a and T3 of docs/protocol/plkg.md. Both need a session that is agreed.
 */

/* Looks at the channel with probes that are not used for the key, and says PACE. */
qw_err qw_plkg_probing_look(struct qw_plkg_run *run) QW_MUST_USE;
/* All probes of the session, but the silent ones. */
qw_err qw_plkg_probing_run(struct qw_plkg_run *run) QW_MUST_USE;

#endif
