/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ALARM_WATCH_H
#define QWAVED_ALARM_WATCH_H

#include "base/error.h"

/* Looks once a second at what is the case, inside the centre and here: the program's certificate,
 * the collector of the journal, partners. Says to those who look what has changed
 * [docs/adr/0114]. */
struct partners; /* partners.h */
struct service;  /* router.h */

struct alarm_watch;
/* Both are borrowed; partners may be NULL. QW_ERR_NOMEM. */
qw_err alarm_watch_new(const struct service *service, const struct partners *partners,
                       struct alarm_watch **watch) QW_MUST_USE;
void alarm_watch_free(struct alarm_watch *watch); /* NULL is fine */
/* One look; one thread. NULL is fine. */
void alarm_watch_look(struct alarm_watch *watch);

#endif
