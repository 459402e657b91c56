/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_CUSTODY_PORT_H
#define QWAVED_CUSTODY_PORT_H

#include "centre/kek/kek.h"
#include "settings.h"

/* The custody of a running centre, once more [docs/protocol/kek-rotation.md R2]: opened anew from
 * the settings. QW_ERR_REFUSED for a quorum's, whose shares went home. */
struct custody_keeper {
    const struct settings *settings; /* all borrowed */
    const char *settings_path;
};

/* keeper lives as long as the port. */
struct qw_custody_port custody_port_of(struct custody_keeper *keeper);

#endif
