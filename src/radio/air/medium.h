/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_MEDIUM_H
#define QW_RADIO_AIR_MEDIUM_H

#include "radio/air.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What lies between the antennas of an air: the noiseless channels. Two kinds: simulated
 * (air/simulated.c) and replayed from captures (air/replayed.c). Times only grow. */
struct qw_air_medium {
    char label[96];
    bool has_phase;
    bool is_one_sided;       /* one record for both ends */
    bool is_near_eve;        /* the eavesdropper hears the terminal as well */
    double snr_db;           /* of each honest end */
    int64_t duration_ns;     /* from the first record to the last; 0: it never ends */
    int64_t session_gap_ns;  /* channel time skipped before a new session */
    struct qw_tuning tuning; /* of the front ends that stand in it */
    enum qw_csi_format format;
    uint16_t tone_count;
    const int16_t *tones; /* [tone_count], lives as long as the medium */
    void *self;
    /* Changes tuning, format and tones; the clock goes on. QW_ERR_NOMEM: all is as it was. NULL: it
     * stays what it is. */
    qw_err (*tune)(struct qw_air_medium *medium, const struct qw_tuning *tuning);
    /* The terminal's pilot at time_ns [[band][access point antenna][terminal antenna][tone] each].
     * False: nobody hears it. */
    bool (*hear_terminal)(void *self, int64_t time_ns, double complex *access_point,
                          double complex *eve);
    /* The access point's answer at time_ns, soon after a pilot that was heard; the same
     * shape. */
    void (*hear_access_point)(void *self, int64_t time_ns, double complex *terminal,
                              double complex *eve);
    void (*free)(void *self);
};

qw_err qw_air_simulated_new(const struct qw_air_config *config,
                            struct qw_air_medium *medium) QW_MUST_USE;

/* error says which file cannot be used and why (QW_ERR_NOT_FOUND, QW_ERR_FORMAT, …). */
qw_err qw_air_replayed_new(const struct qw_air_config *config, struct qw_air_medium *medium,
                           char error[static 256]) QW_MUST_USE;

#endif
