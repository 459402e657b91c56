/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PARTNER_SEND_H
#define QW_CENTRE_PARTNER_SEND_H

#include "centre/partner/offer.h"

/* The sender's side of an offer, steps X1 to X3, X6 and X7 of docs/protocol/etsi020.md. */

struct qw_partner_desk; /* where masters wait for partners */
qw_err qw_partner_desk_new(struct qw_partner_desk **desk) QW_MUST_USE;
void qw_partner_desk_free(struct qw_partner_desk *desk); /* NULL is fine */
/* An offer has moved: whoever waits looks again. */
void qw_partner_desk_call(struct qw_partner_desk *desk);

/* A new offer of the caller to the targets it names, some of them at home elsewhere; takes a place
 * among those who wait. QW_ERR_LIMIT: there is none; QW_ERR_IO: a partner that is not configured.
 */
qw_err qw_offer_begin(struct qw_centre *centre, const struct qw_caller *caller,
                      struct qw_offer *offer) QW_MUST_USE;
/* Gives the place back. */
void qw_offer_end(struct qw_centre *centre);

/* Sends keys, whose offer is durable, and waits until it is settled. Otherwise it is given up:
 * QW_ERR_TIMEOUT, QW_ERR_IO; nobody is to get the keys then. Not under the centre's mutex. */
qw_err qw_offer_settle(struct qw_centre *centre, const struct qw_offer *offer,
                       const struct qw_given_key *keys) QW_MUST_USE;

/* In the group: the open offer is given up and its keys are void here. */
void qw_offer_give_up(struct qw_centre *centre, struct qw_group *group, struct qw_offer *offer);

/* Asks one partner to keep the offer's keys; keys NULL: to void them. In as many orders as it
 * takes; stops at the first that fails. */
qw_err qw_offer_order(const struct qw_centre *centre, const struct qw_offer *offer,
                      const char *partner, const struct qw_given_key *keys) QW_MUST_USE;

/* Whether the target is the first of its partner in the offer. */
bool qw_offer_is_first_of_partner(const struct qw_offer *offer, uint8_t target);

#endif
