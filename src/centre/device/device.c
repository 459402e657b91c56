/* SPDX-License-Identifier: Apache-2.0 */
/* Names and states of devices as one table [C8]. */
#include "centre/device/device.h"

#include "centre/device/card_book.h"

#include <fnmatch.h>
#include <string.h>

const char *const qw_device_kind_names[QW_DEVICE_KIND_COUNT] = {
    [QW_DEVICE_TERMINAL] = "terminal",
    [QW_DEVICE_ACCESS_POINT] = "access-point",
    [QW_DEVICE_STATION] = "station",
    [QW_DEVICE_APPLICATION] = "application",
    [QW_DEVICE_KME] = "kme",
    [QW_DEVICE_CIPHER_MACHINE] = "cipher-machine",
    [QW_DEVICE_PCIE_CARD] = "pcie-card",
    [QW_DEVICE_SD_CARD] = "sd-card",
    [QW_DEVICE_USB_KEY] = "usb-key",
    [QW_DEVICE_CHIP] = "chip",
    [QW_DEVICE_METER] = "meter",
    [QW_DEVICE_NODE] = "node",
};

const char *const qw_device_state_names[QW_DEVICE_STATE_COUNT] = {
    [QW_DEVICE_REGISTERED] = "registered", [QW_DEVICE_CHARGED] = "charged",
    [QW_DEVICE_ACTIVE] = "active",         [QW_DEVICE_SUSPENDED] = "suspended",
    [QW_DEVICE_DESTROYED] = "destroyed",
};

const char *const qw_destruction_names[QW_DESTRUCTION_STATE_COUNT] = { "none", "ordered",
                                                                       "proved" };

const char *const qw_fusion_names[QW_FUSION_STATE_COUNT] = { "none", "asked", "pending" };

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

bool qw_device_is_carrier(enum qw_device_kind kind)
{
    return kind == QW_DEVICE_TERMINAL ||
           (kind >= QW_DEVICE_CIPHER_MACHINE && kind <= QW_DEVICE_METER);
}

bool qw_device_is_cardless(enum qw_device_kind kind)
{
    return kind == QW_DEVICE_APPLICATION || kind == QW_DEVICE_KME || kind == QW_DEVICE_NODE;
}

bool qw_device_is_pattern(const char *name)
{
    return strpbrk(name, "*?[") != NULL;
}

/* A list is closed by the first ']' behind its first character, which '!' may come before. */
static bool lists_are_closed(const char *pattern)
{
    for (const char *at = strchr(pattern, '['); at != NULL; at = strchr(at, '[')) {
        at += at[1] == '!' ? 2 : 1;
        at = *at == '\0' ? NULL : strchr(at + 1, ']');
        if (at == NULL) {
            return false;
        }
    }
    return true;
}

bool qw_device_peer_ok(const char *peer)
{
    return qw_device_id_ok(peer) && lists_are_closed(peer);
}

bool qw_device_has_peer(const struct qw_device *device, const char *name)
{
    char peer[64];
    size_t len;

    if (name[0] == '\0') {
        return false;
    }
    for (const char *at = device->peers; *at != '\0'; at += len + (at[len] == ',' ? 1 : 0)) {
        len = strcspn(at, ",");
        if (len >= sizeof peer) {
            continue;
        }
        memcpy(peer, at, len);
        peer[len] = '\0';
        if (strcmp(peer, name) == 0 ||
            (device->kind == QW_DEVICE_APPLICATION && fnmatch(peer, name, FNM_NOESCAPE) == 0)) {
            return true;
        }
    }
    return false;
}

bool qw_device_permits(const struct qw_device *device, const struct qw_device *other)
{
    return qw_device_has_peer(device, other->id) &&
           qw_unit_contains(device->peers_unit, other->unit);
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
