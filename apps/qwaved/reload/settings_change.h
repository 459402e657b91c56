/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_RELOAD_SETTINGS_CHANGE_H
#define QWAVED_RELOAD_SETTINGS_CHANGE_H

#include "settings.h"

#include <stddef.h>

/* In which settings two files differ, in the order of their table; names are static texts. */
enum { SETTINGS_MAX = 96 };
struct settings_change {
    const char *live[SETTINGS_MAX];  /* may change while the program runs */
    const char *fixed[SETTINGS_MAX]; /* only by a restart */
    size_t live_count, fixed_count;
};
void settings_compare(const struct settings *before, const struct settings *after,
                      struct settings_change *change);
/* Takes over from after what may change while the program runs. */
void settings_take_live(struct settings *settings, const struct settings *after);

#endif
