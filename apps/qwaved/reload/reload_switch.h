/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_RELOAD_RELOAD_SWITCH_H
#define QWAVED_RELOAD_RELOAD_SWITCH_H

#include "base/config.h"
#include "centre/centre.h"
#include "reload/settings_change.h"

/* What the routes see of a reload of the settings [docs/adr/0097]. */
struct reload_report {
    struct settings_change change;   /* in force now, and what waits for a restart */
    char error[QW_CONFIG_ERROR_CAP]; /* of QW_ERR_FORMAT: file, line and what is allowed */
};

struct reload_switch {
    /* Reads the file of settings and what it names again. caller NULL: a signal; whoever else is
     * asked for his right before.  QW_ERR_FORMAT: nothing has changed, report says why; QW_ERR_IO
     * and others: nothing has changed. Any thread. */
    qw_err (*run)(void *self, const struct qw_caller *caller, struct reload_report *report);
    void *self;
};

#endif
