/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_DEVICE_H
#define QW_CENTRE_DEVICE_DEVICE_H

#include "base/error.h"
#include "centre/people/unit.h"

#include <stdbool.h>
#include <stdint.h>

/* Devices and their cards [C8 A4]. */
enum qw_device_kind {
    QW_DEVICE_TERMINAL,
    QW_DEVICE_ACCESS_POINT,
    QW_DEVICE_STATION,
    QW_DEVICE_APPLICATION, /* an SAE: no card, in service from its registration */
    QW_DEVICE_KME,         /* a partner, the centre of others: likewise */
    /* What carries a card as a terminal does, and shares its keys with one peer: */
    QW_DEVICE_CIPHER_MACHINE,
    QW_DEVICE_PCIE_CARD,
    QW_DEVICE_SD_CARD, /* SD or TF */
    QW_DEVICE_USB_KEY,
    QW_DEVICE_CHIP,
    QW_DEVICE_METER,
    /* Neither: reports of nodes of a QKD network, no card, in service from its registration. */
    QW_DEVICE_NODE,
    QW_DEVICE_KIND_COUNT
};
enum qw_device_state {
    QW_DEVICE_REGISTERED,
    QW_DEVICE_CHARGED,
    QW_DEVICE_ACTIVE,
    QW_DEVICE_SUSPENDED,
    QW_DEVICE_DESTROYED,
    QW_DEVICE_STATE_COUNT
};
enum qw_device_event {
    QW_DEVICE_CHARGE,
    QW_DEVICE_CONFIRM,
    QW_DEVICE_SUSPEND,
    QW_DEVICE_RESUME,
    QW_DEVICE_DESTROY,
    QW_DEVICE_EVENT_COUNT
};
extern const char
    *const qw_device_kind_names[QW_DEVICE_KIND_COUNT]; /* "terminal", "access-point" ... */
extern const char *const qw_device_state_names[QW_DEVICE_STATE_COUNT]; /* "registered" ... */

/* Of the card of a destroyed device: whether it has proved that it is gone. */
enum qw_destruction_state {
    QW_DESTRUCTION_NONE, /* there is no order, or there was no card */
    QW_DESTRUCTION_ORDERED,
    QW_DESTRUCTION_PROVED,
    QW_DESTRUCTION_STATE_COUNT
};
extern const char *const qw_destruction_names[QW_DESTRUCTION_STATE_COUNT]; /* "none" ... */

/* Of its card key with a quantum key [docs/protocol/card-fusion.md]. */
enum qw_fusion_state {
    QW_FUSION_NONE,
    QW_FUSION_ASKED,   /* the next package brings it */
    QW_FUSION_PENDING, /* it has left; until the card confirms, the centre keeps both keys */
    QW_FUSION_STATE_COUNT
};
extern const char *const qw_fusion_names[QW_FUSION_STATE_COUNT]; /* "none" ... */

enum {
    QW_DEVICE_FIRMWARE_CAP = 64,
    QW_DEVICE_CERTIFICATE_SERIAL_CAP = 41, /* hex of at most 20 bytes, as certificates have it */
    QW_DEVICE_PEERS_CAP = 256,
    QW_KME_ID_MAX = 31 /* characters of a partner's id, none of them "/": part of a provenance */
};

struct qw_device {
    char id[64];
    enum qw_device_kind kind;
    enum qw_device_state state;
    char owner[64];
    char peers[QW_DEVICE_PEERS_CAP]; /* an application's: names or patterns with commas between; a
                                        terminal's: one name, of at most 63 bytes */
    uint8_t serial[16];
    uint32_t epoch;
    uint64_t counter;        /* last seen in a report */
    uint64_t keys_delivered; /* since birth */
    uint32_t remaining_keys; /* as last reported */
    int64_t last_contact_ms; /* UTC, 0 never */
    uint32_t keys_per_s;     /* that an application may take; 0: the centre's standard */
    uint8_t weight;          /* its part when keys are scarce, 1 to 100 */
    char home[64];           /* of an application: the KME that serves it; "" for this centre */
    char unit[QW_UNIT_CAP];  /* its place in the tree; set when it is registered */
    enum qw_destruction_state destruction;
    enum qw_fusion_state fusion;
    bool is_cloned;   /* suspended because two copies of its card are at work, or an old one */
    char user[64];    /* who has the card, "" nobody */
    int64_t bound_ms; /* since when, UTC; 0 never */
    char peers_unit[QW_UNIT_CAP]; /* of the officer who set the peers: they reach no further */
    int64_t last_refill_ms;       /* when a package was confirmed last, UTC, 0 never */
    char firmware[QW_DEVICE_FIRMWARE_CAP]; /* as an officer wrote it down; "" unknown */
    uint8_t certificate_hash[32];          /* SHA-256 of its certificate, likewise; zero: none */
    char certificate_serial[QW_DEVICE_CERTIFICATE_SERIAL_CAP]; /* hex; "" unknown */
};

/* Whether the kind has a card with keys of its own and one peer that shares them. */
bool qw_device_is_carrier(enum qw_device_kind kind);
/* Whether it has no card: in service from its registration. */
bool qw_device_is_cardless(enum qw_device_kind kind);

/* Whether name is one of the peers, or fits a pattern among them: * any text, ? any character,
 * [list] one of these, the rest is itself [docs/protocol/skip.md P-11]. A name is never read as a
 * pattern. */
bool qw_device_has_peer(const struct qw_device *device, const char *name);

/* Whether the two may have keys together: other is a peer by name, and stands in the part of the
 * tree of whoever said so. */
bool qw_device_permits(const struct qw_device *device, const struct qw_device *other);

/* Whether a pattern could be meant: then it can be no device's id. */
bool qw_device_is_pattern(const char *name);
/* A name, or a pattern whose lists are closed. */
bool qw_device_peer_ok(const char *peer);

/* The table: next state, or QW_ERR_STATE. */
qw_err qw_device_next(enum qw_device_state state, enum qw_device_event event,
                      enum qw_device_state *next) QW_MUST_USE;

#endif
