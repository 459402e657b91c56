/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_MEASURED_H
#define QWAVE_LAB_LAB_MEASURED_H

#include "lab/lab_plkg.h"
#include "radio/air.h"
#include "radio/air/medium.h"
#include "radio/fit/fit.h"

/* A channel of the laboratory that was measured: fitted (simulated with the parameters of a
 * capture) or replayed (the capture itself, one record after the other). */
struct lab_measured {
    bool is_fitted;
    bool is_paired;                /* replayed from captures of both ends */
    struct qw_fit fit;             /* when fitted */
    struct qw_air_channel channel; /* when fitted */
    struct qw_air_medium medium;   /* when replayed or paired */
};

/* error, 256 bytes, says why a file cannot be used. Otherwise as radio_fit_channel and
 * qw_air_replayed_new. measured is to be closed after QW_OK. */
qw_err lab_measured_fit(const char *path, struct lab_measured *measured,
                        char error[static 256]) QW_MUST_USE;
qw_err lab_measured_replay(const char *path, struct lab_measured *measured,
                           char error[static 256]) QW_MUST_USE;
/* Captures of both ends of one exchange; as lab_paired_new. */
qw_err lab_measured_pair(const char *alice, const char *bob, struct lab_measured *measured,
                         char error[static 256]) QW_MUST_USE;
void lab_measured_close(struct lab_measured *measured); /* NULL and zeroed are fine */

/* Why a replayed capture gives no key, whatever a session makes of it. */
extern const char lab_measured_one_sided[];

/* Replaces channel, speed, label and number of probes of config by those that were measured;
 * interval_s > 0: as it is set, else as the channel wants it. config borrows measured. */
void lab_measured_apply(struct lab_measured *measured, double interval_s,
                        struct lab_plkg_config *config);

#endif
