/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_UPKEEP_H
#define QWAVED_UPKEEP_H

#include "alarm_watch.h"
#include "base/error.h"
#include "base/log.h"
#include "centre/centre.h"
#include "centre/kek/kek.h"
#include "certificates/publisher.h"

#include <pthread.h>
#include <stdbool.h>

/* The thread that keeps the stock full, the books swept and the revocations published, once a
 * second, looks for alarms, and wraps all anew when that was ordered. */
struct upkeep {
    struct qw_centre *centre;    /* borrowed */
    const struct qw_log *log;    /* borrowed */
    struct publisher *publisher; /* borrowed */
    struct qw_custody_port custody;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_stopping;
    struct alarm_watch *alarms; /* borrowed; under the lock; NULL: nobody watches yet */
    qw_err ingest_err, clock_err, sweep_err, publish_err, kek_err, count_err; /* of the last round:
                                                           logged when they change */
};

qw_err upkeep_start(struct upkeep *upkeep, struct qw_centre *centre,
                    const struct qw_custody_port *custody, struct publisher *publisher,
                    const struct qw_log *log) QW_MUST_USE;
/* From the next round on; alarms outlives the thread. */
void upkeep_watch(struct upkeep *upkeep, struct alarm_watch *alarms);
void upkeep_stop(struct upkeep *upkeep); /* waits for the round that is running */

#endif
