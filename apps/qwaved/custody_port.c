/* SPDX-License-Identifier: Apache-2.0 */
#include "custody_port.h"

#include "custody_choice.h"

#include <stdio.h>

static qw_err open_again(void *self, struct qw_custody *custody, char why[static QW_KEK_WHY_CAP])
{
    const struct custody_keeper *keeper = self;
    const struct custody_surroundings around = { .settings_path = keeper->settings_path,
                                                 .binary = "/proc/self/exe" };
    char error[QW_CONFIG_ERROR_CAP] = "";
    qw_err err;

    err = custody_choice_open(keeper->settings, &around, custody, error);
    if (err != QW_OK) {
        (void)snprintf(why, QW_KEK_WHY_CAP, "%.*s", QW_KEK_WHY_CAP - 1, error);
    }
    return err;
}

struct qw_custody_port custody_port_of(struct custody_keeper *keeper)
{
    return (struct qw_custody_port){ .self = keeper, .open = open_again };
}
