/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CSI_SOURCE_H
#define QW_RADIO_CSI_SOURCE_H

#include "base/error.h"
#include "radio/carrier/tuning.h"
#include "radio/csi_frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A radio front end, or what stands in for one: sends pilots and measures the other side's [W1
 * W15]. Implementations: the simulated or replayed air (air.h). A one-sided source (a
 * monitor) cannot transmit. */
struct qw_csi_source {
    char label[96];    /* for people: "simulated radio, indoor", "replayed channel
                          intel5300_moving_1s.dat" */
    bool is_simulated; /* channel does not come from the air of this moment: simulation or replay */
    bool is_one_sided; /* both ends are given one and the same record: a session goes its way as far
                          as the account, and ends in REPLAY */
    bool has_phase;    /* phases of both directions are coherent; false: amplitudes only */
    bool has_no_looks; /* pilots carry too short a number to be told from those of a look */
    double gap_s; /* from a pilot to its answer, when the radio cannot do the carrier's and nobody
                     interpolates over it; 0: the carrier's */
    struct qw_tuning tuning; /* what it stands at; no carrier: the standard one */
    void *self;
    /* Sets it to something else, before the first pilot; see qw_csi_source_tune. NULL: it stands
     * where it stands. */
    qw_err (*tune)(void *self, const struct qw_tuning *tuning);
    /* Sends one pilot frame numbered sequence at time_ns of the source's clock (virtual for a
     * simulation). QW_ERR_UNAVAILABLE: one-sided source. */
    qw_err (*transmit)(void *self, uint64_t sequence, int64_t time_ns);
    /* A pilot that is left out: what would be its answer's time goes by under _next. NULL: a source
     * whose time stands still meanwhile. */
    qw_err (*stay_silent)(void *self, uint64_t sequence, int64_t time_ns);
    /* The next measurement. QW_ERR_TIMEOUT: nothing came (a lost probe is reported so at once by
     * the simulated air); QW_ERR_CLOSED: end. */
    qw_err (*next)(void *self, struct qw_csi_frame *frame, int timeout_ms);
    void (*close)(void *self);
};

/* Sets the source to tuning, if it is not there already. QW_ERR_UNAVAILABLE: it cannot, and is as
 * it was; others as of the connection to it. */
qw_err qw_csi_source_tune(struct qw_csi_source *source, const struct qw_tuning *tuning) QW_MUST_USE;
void qw_csi_source_close(struct qw_csi_source *source); /* NULL and zeroed are fine */

#endif
