/* SPDX-License-Identifier: Apache-2.0 */
/* Names and states of devices as one table [C8]. */
#include "centre/device.h"

#include <string.h>

const char *const qw_device_kind_names[QW_DEVICE_KIND_COUNT] = {
    [QW_DEVICE_TERMINAL] = "terminal", [QW_DEVICE_ACCESS_POINT] = "access-point",
    [QW_DEVICE_STATION] = "station",   [QW_DEVICE_APPLICATION] = "application",
    [QW_DEVICE_KME] = "kme",
};

const char *const qw_device_state_names[QW_DEVICE_STATE_COUNT] = {
    [QW_DEVICE_REGISTERED] = "registered", [QW_DEVICE_CHARGED] = "charged",
    [QW_DEVICE_ACTIVE] = "active",         [QW_DEVICE_SUSPENDED] = "suspended",
    [QW_DEVICE_DESTROYED] = "destroyed",
};

enum { NO = -1 };

/* clang-format off */
#define CHA QW_DEVICE_CHARGED
#define ACT QW_DEVICE_ACTIVE
#define SUS QW_DEVICE_SUSPENDED
#define DES QW_DEVICE_DESTROYED
/* CHARGED: a card was written for it, but nobody has proved yet that the card exists. */
static const signed char table[QW_DEVICE_STATE_COUNT][QW_DEVICE_EVENT_COUNT] = {
    /*                         CHARGE CONFIRM SUSPEND RESUME DESTROY */
    [QW_DEVICE_REGISTERED] = { CHA,   NO,     NO,     NO,    DES },
    [QW_DEVICE_CHARGED]    = { CHA,   ACT,    SUS,    NO,    DES },
    [QW_DEVICE_ACTIVE]     = { ACT,   ACT,    SUS,    NO,    DES },
    [QW_DEVICE_SUSPENDED]  = { NO,    NO,     NO,     ACT,   DES },
    [QW_DEVICE_DESTROYED]  = { NO,    NO,     NO,     NO,    NO  },
};
/* clang-format on */

bool qw_device_has_peer(const struct qw_device *device, const char *name)
{
    size_t len = strlen(name);

    for (const char *peer = device->peers; len > 0 && *peer != '\0';) {
        size_t peer_len = strcspn(peer, ",");

        if (peer_len == len && strncmp(peer, name, len) == 0) {
            return true;
        }
        peer += peer_len + (peer[peer_len] == ',' ? 1 : 0);
    }
    return false;
}

qw_err qw_device_next(enum qw_device_state state, enum qw_device_event event,
                      enum qw_device_state *next)
{
    int to;

    qw_assert(state >= 0 && state < QW_DEVICE_STATE_COUNT && event >= 0 &&
              event < QW_DEVICE_EVENT_COUNT);
    to = table[state][event];
    if (to == NO) {
        return QW_ERR_STATE;
    }
    *next = (enum qw_device_state)to;
    return QW_OK;
}
