/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_H
#define QW_RADIO_AIR_H

#include "base/error.h"
#include "radio/channel/profile.h"
#include "radio/csi_frame.h"
#include "radio/csi_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The air between one access point, one terminal and an eavesdropper: a third process (or thread)
 * that both ends connect to, so that they share nothing else. It knows the joint channel (one
 * geometry for all three), adds each end's own noise, and keeps a virtual clock, so a minute of
 * channel takes a second. Messages: docs/protocol/air.md. Everything measured through it is
 * labelled simulated or replayed. */
enum qw_air_scene { QW_AIR_INDOOR, QW_AIR_CORRIDOR, QW_AIR_OUTDOOR, QW_AIR_STATIC, QW_AIR_ROOM };
extern const char *const qw_air_scene_names[]; /* NULL-ended, in the order of the enum */

/* A simulated channel that is none of the scenes: fitted to a capture. */
struct qw_air_channel {
    struct qw_channel_profile profile;
    double speed_m_per_s;
    bool has_phase; /* of the receivers */
    char label[96]; /* "simulated channel, fitted to trace.dat" */
};

/* Somebody who adds a wave of his own to each pilot and each answer that one antenna sends in one
 * band of Wi-Fi, simulated, some time after it began (radio/channel/injector.h). */
struct qw_air_injector {
    double power;      /* over the channel's, 0..1e4; 0: nobody does */
    double reaction_s; /* from a frame's first sample to his, 0..9e-6 */
};

struct qw_air_config {
    enum qw_air_scene scene;
    const struct qw_air_channel *channel; /* NULL: that of the scene; borrowed for qw_air_new */
    uint64_t seed; /* the whole channel and each end's noise (separate streams) follow from it */
    double snr_db; /* per tone, at each end */
    double loss;   /* share of probes lost in each direction, 0..0.5 */
    struct qw_air_injector injector;
    double eve_distance_m;       /* of the eavesdropper from the terminal */
    const char *const *captures; /* NULL: simulated; else files replayed one after the other (rx
                                    antenna 0 is the link, rx antenna 1 the eavesdropper) */
    size_t capture_count;
    double capture_snr_db; /* own noise each end adds to the measured trace */
    const char *address;   /* numeric, to serve on; NULL: 127.0.0.1; borrowed for qw_air_new */
};

struct qw_air_probe { /* what the eavesdropper hears of probe pair number sequence */
    uint64_t sequence;
    bool heard_terminal, heard_access_point;
    struct qw_csi_frame from_terminal;
    struct qw_csi_frame from_access_point;
};

struct qw_air;
/* Serves on config's address and *port (0: any; *port is then the one chosen) in a thread of its
 * own until freed. error, 256 bytes, says what was wrong (a capture, a number, address or port).
 * on_probe (may be NULL) is called from that thread for every pair, before the terminal hears how
 * it ended, with borrowed data: this is the eavesdropper's antenna. QW_ERR_ARG, QW_ERR_NOT_FOUND,
 * QW_ERR_FORMAT, QW_ERR_IO, QW_ERR_CONFLICT (port taken), QW_ERR_NOMEM. */
qw_err qw_air_new(const struct qw_air_config *config,
                  void (*on_probe)(void *self, const struct qw_air_probe *probe), void *self,
                  struct qw_air **air, uint16_t *port, char error[static 256]) QW_MUST_USE;
void qw_air_free(struct qw_air *air); /* NULL is fine */

/* Front end of a party that stands in that air; role is one of the first two. A viewer has no
 * antenna: radio/air/viewer.h. */
enum qw_air_role { QW_AIR_ACCESS_POINT, QW_AIR_TERMINAL, QW_AIR_VIEWER };
qw_err qw_air_connect(const char *address, uint16_t port, enum qw_air_role role, int timeout_ms,
                      struct qw_csi_source *source) QW_MUST_USE;

#endif
