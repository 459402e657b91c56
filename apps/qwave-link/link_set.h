/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_LINK_SET_H
#define QWAVE_LINK_LINK_SET_H

#include "base/error.h"
#include "base/log.h"
#include "link/association.h"
#include "link/report.h"
#include "settings.h"
#include "vault.h"

/* The associations of an agent, with the clock, and the locks that they do without. Any thread. */
struct link_set;

/* Opens all links; one whose sink or state is not there is in alarm until it is. The log says what
 * is wrong with settings that cannot be. */
qw_err link_set_new(const struct settings *settings, const struct vault *vault,
                    const struct qw_log *log, struct qw_link_keys keys,
                    struct link_set **set) QW_MUST_USE;
void link_set_free(struct link_set *set); /* no thread is inside any more; NULL is fine */

/* A worker's life: does what is due, one link at a time, until link_set_stop. */
void link_set_work(struct link_set *set);
void link_set_stop(struct link_set *set);

/* identity: of the peer's certificate. QW_ERR_NOT_FOUND: it has no such link; QW_ERR_STATE: it is
 * not the one that asks; QW_ERR_CONFLICT: it has asked already and has no answer yet. */
qw_err link_set_answer(struct link_set *set, const char *identity,
                       const struct qw_link_request *request,
                       struct qw_link_answer *answer) QW_MUST_USE;
/* "PEER": all its links, or "PEER/LINK". QW_ERR_NOT_FOUND. */
qw_err link_set_rotate(struct link_set *set, const char *name) QW_MUST_USE;
/* A link that is busy is reported as it was before. */
qw_err link_set_report(struct link_set *set, enum qw_link_report_form form, char *out, size_t cap,
                       size_t *len) QW_MUST_USE;

#endif
