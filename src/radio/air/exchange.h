/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_EXCHANGE_H
#define QW_RADIO_AIR_EXCHANGE_H

#include "radio/air.h"
#include "radio/air/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The physics of an air, without sockets: takes pilots, gives what each antenna hears, keeps the
 * virtual clock. One thread. The clock only moves forward: a session whose time starts again is
 * put after everything that was used before, so no fading is ever served twice. */
struct qw_air_exchange;

/* error is as of qw_air_new. */
qw_err qw_air_exchange_new(const struct qw_air_config *config, struct qw_air_exchange **exchange,
                           char error[static 256]) QW_MUST_USE;
void qw_air_exchange_free(struct qw_air_exchange *exchange); /* NULL is fine */

void qw_air_exchange_describe(const struct qw_air_exchange *exchange, struct qw_air_ready *ready);

/* A front end has come: its radio stands at the standard tuning. The next pilot of a terminal
 * starts a session. */
void qw_air_exchange_join(struct qw_air_exchange *exchange, enum qw_air_role role);
/* Sets one front end's radio; the two hear each other when they are set alike. False: this air has
 * no such radio, or no memory for it; nothing has changed. */
bool qw_air_exchange_tune(struct qw_air_exchange *exchange, enum qw_air_role role,
                          const struct qw_tuning *tuning);

enum qw_air_outcome {
    QW_AIR_HEARD,   /* frame is what the other end measures */
    QW_AIR_LOST,    /* the other end hears nothing */
    QW_AIR_IGNORED, /* answers no open pair */
    QW_AIR_REFUSED  /* a time that no honest front end sends */
};
/* The terminal's pilot opens a pair (an open one is given up); frame goes to the access point. */
enum qw_air_outcome qw_air_exchange_terminal(struct qw_air_exchange *exchange,
                                             const struct qw_air_pilot *pilot,
                                             struct qw_csi_frame *frame);
/* The access point's pilot answers the open pair; frame goes to the terminal. */
enum qw_air_outcome qw_air_exchange_access_point(struct qw_air_exchange *exchange,
                                                 const struct qw_air_pilot *pilot,
                                                 struct qw_csi_frame *frame);
/* What the eavesdropper has heard of the last pair; borrowed until the next pilot. */
const struct qw_air_probe *qw_air_exchange_probe(const struct qw_air_exchange *exchange);

#endif
