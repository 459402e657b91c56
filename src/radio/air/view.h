/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_VIEW_H
#define QW_RADIO_AIR_VIEW_H

#include <stdbool.h>

/* Whose antenna, and which of the two senders it hears. */
enum qw_air_view {
    QW_AIR_VIEW_ACCESS_POINT, /* hears the terminal */
    QW_AIR_VIEW_TERMINAL,     /* hears the access point */
    QW_AIR_VIEW_EVE_DOWN,     /* hears the access point */
    QW_AIR_VIEW_EVE_UP,       /* hears the terminal */
    QW_AIR_VIEWS
};

static inline bool qw_air_view_is_down(enum qw_air_view view)
{
    return view == QW_AIR_VIEW_TERMINAL || view == QW_AIR_VIEW_EVE_DOWN;
}

static inline bool qw_air_view_is_eve(enum qw_air_view view)
{
    return view == QW_AIR_VIEW_EVE_UP || view == QW_AIR_VIEW_EVE_DOWN;
}

#endif
