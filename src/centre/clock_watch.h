/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_CLOCK_WATCH_H
#define QW_CENTRE_CLOCK_WATCH_H

#include "centre/centre.h"

/* A clock that jumps closes windows early or lets keys expire (docs/design/centre.md), and whoever
 * may set it could use that: so each jump is in the journal, verb "clock". Smaller steps are those
 * of time synchronisation. */
enum { QW_CLOCK_JUMP_MS = 10000 };

/* Housekeeping, about once a second, before the sweep. At the first call it compares with what the
 * store has seen: a clock that was set back while no process was running. QW_ERR_IO: it could not
 * be written; the next call tries again. */
qw_err qw_centre_clock_watch(struct qw_centre *centre) QW_MUST_USE;

#endif
