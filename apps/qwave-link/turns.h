/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_TURNS_H
#define QWAVE_LINK_TURNS_H

#include "link/association.h"
#include "link/pace.h"
#include "settings.h"

#include <pthread.h>

/* The turns that all links of this agent take when time makes a rotation due. */
struct turns {
    struct qw_link_pace pace;
    pthread_mutex_t lock; /* of its own: it is asked under those of links */
};
void turns_init(struct turns *turns, const struct settings *settings);
void turns_done(struct turns *turns);
struct qw_link_turns turns_link(struct turns *turns); /* any thread */

#endif
