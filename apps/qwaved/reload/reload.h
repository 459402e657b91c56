/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_RELOAD_RELOAD_H
#define QWAVED_RELOAD_RELOAD_H

#include "daemon.h"

/* run of struct reload_switch, on a daemon: everything new is read and made first, then the journal
 * is written, then all of it takes effect; so a bad file changes nothing. No connection ends.
 * QW_ERR_STATE: the daemon does not serve. */
qw_err reload_run(void *daemon, const struct qw_caller *caller, struct reload_report *report);

/* The same by a signal; the outcome is in the log. */
void reload_by_signal(struct daemon *daemon);

#endif
