/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_OPTICS_H
#define QW_QKD_OPTICS_H

#include "base/error.h"
#include "qkd/link_model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SIMULATED optics of a decoy-state BB84 link, one event per click: source with Poisson light and
 * chosen intensities, fibre, two detectors behind a passive choice of basis, dark counts,
 * after-pulses, dead time, misalignment; and eavesdroppers. The cost is per click, not per pulse:
 * the gap to the next possible click is drawn, then its cause. Nothing here is a physical source
 * and no key made of it is secret: a seed makes all of it. */

enum qw_basis { QW_BASIS_X = 0, QW_BASIS_Z = 1 }; /* X makes the key, Z tests it */

/* What Alice sent in one pulse. */
struct qw_pulse {
    uint8_t basis; /* enum qw_basis */
    uint8_t bit;
    uint8_t intensity; /* index into the source's */
};

/* Alice's choices: a function of a seed and the number of the pulse, so that her record of 10^12
 * pulses needs no memory. Plain value, borrows nothing. */
struct qw_pulse_record {
    uint64_t seed;
    uint64_t key_basis_below;                           /* threshold for 31 bits of the hash */
    uint64_t intensity_below[QW_DECOY_INTENSITIES_MAX]; /* of the other 32 */
};
struct qw_pulse_record qw_pulse_record_of(const struct qw_decoy_source *source,
                                          double key_basis_share, uint64_t seed);
struct qw_pulse qw_pulse_of(const struct qw_pulse_record *record, uint64_t index);

enum qw_attack {
    QW_ATTACK_NONE,
    QW_ATTACK_INTERCEPT, /* measures a share of the pulses in a basis of her own, sends what she saw
                          */
    QW_ATTACK_SPLIT,     /* keeps one photon of several; holds back a share of the single ones and
                            makes up for them with pulses that she can read */
    QW_ATTACK_BLIND      /* holds the detectors in her hand: clicks only where her basis is Bob's */
};

struct qw_optics_config {
    struct qw_link_model model; /* 1..3 intensities; dark_adds has no meaning here */
    double distance_km;
    uint64_t seed;
    enum qw_attack attack;
    double attack_share; /* 0..1: of the pulses (intercept), of the single photons (split) */
};

/* One click, as Bob sees it, and what only the simulation knows. */
struct qw_detection {
    uint64_t index; /* of the pulse; strictly increasing */
    uint8_t basis;  /* Bob's */
    uint8_t bit;    /* two clicks at once: a random one */
    /* Bookkeeping of the simulation, for tests and ledgers; no end of a link may look. */
    uint8_t photons;      /* sent by Alice in this pulse, at most 255 */
    uint8_t by_light;     /* 0: dark count or after-pulse alone */
    uint8_t would_err;    /* the same event in the other basis would be an error */
    uint8_t known_to_eve; /* intercepted or blinded in Bob's basis, or a photon of it was kept */
};

struct qw_optics;

/* QW_ERR_ARG: a parameter out of range, or no click ever; QW_ERR_NOMEM. */
qw_err qw_optics_new(const struct qw_optics_config *config, struct qw_optics **optics) QW_MUST_USE;
void qw_optics_free(struct qw_optics *optics); /* NULL is fine */

/* The next click; never ends. */
void qw_optics_next(struct qw_optics *optics, struct qw_detection *detection);

const struct qw_pulse_record *qw_optics_pulses(const struct qw_optics *optics);

const char *qw_attack_name(enum qw_attack attack);
bool qw_attack_find(const char *name, enum qw_attack *attack);

#endif
