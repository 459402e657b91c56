/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_PARTNER_LANES_H
#define QWAVED_PARTNER_LANES_H

#include "base/error.h"
#include "partner_files.h"

#include <pthread.h>
#include <stdbool.h>

/* The connections to one partner, by settings that may change while they are used. */
enum { PARTNER_LANES = 4 };
struct qw_http_client;

struct partner_lane { /* one connection */
    pthread_mutex_t mutex;
    struct qw_http_client *client; /* NULL: not used yet */
    unsigned edition;              /* of the settings it is by */
};

struct partner_lanes {
    int timeout_ms;
    pthread_mutex_t change; /* around the next two */
    struct partner_settings settings;
    unsigned edition; /* of them */
    struct partner_lane lanes[PARTNER_LANES];
};

/* Zeroed before. */
void partner_lanes_init(struct partner_lanes *lanes, const struct partner_settings *settings,
                        int timeout_ms);
/* Connections are made anew from the next message on, also when only the files are others. */
void partner_lanes_change(struct partner_lanes *lanes, const struct partner_settings *settings);
void partner_lanes_close(struct partner_lanes *lanes);

/* POST. QW_OK for 200 and 202, QW_ERR_REFUSED for 400, QW_ERR_IO for any other *status (0: none
 * came). */
qw_err partner_lanes_post(struct partner_lanes *lanes, const char *path, const char *body,
                          unsigned *status) QW_MUST_USE;

/* The path of a URL below the partner's own; NULL for all others. */
const char *partner_lanes_path(struct partner_lanes *lanes, const char *url);

#endif
