/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_REPORT_H
#define QW_CENTRE_DEVICE_REPORT_H

#include "api/contact.h"
#include "centre/books.h"

/* How a copied card is told from a replayed message. Every report is MAC'd under the card's key and
 * carries a counter that was durable on the card before the report left, so one card never makes
 * two different reports with one counter. The centre remembers the last reports it accepted.
 *
 *   J1  known counter, same bytes: somebody sends a recorded report again. Refused, nothing else:
 *       whoever can listen could otherwise put any device out of service.
 *   J2  known counter, other bytes, right MAC: there are two cards. Suspended.
 *   J3  unknown counter, not above the last: a report that was held back on its way, or a card set
 *       back so far that its counters are forgotten. Refused; its next tries hit J2 or J4.
 *   J4  counter above the last, token neither confirmed nor pending: the card has not got what the
 *       receipt of another copy says it has got. Suspended. An honest report that was held back
 *       cannot look like this: the receipt moved the counter past all reports made before it.
 *   J5  counter above the last, pending token: the card took the package, its receipt was lost. The
 *       report is the receipt (S3).
 *   J6  counter above the last, confirmed token: good; gaps in the counter are lost reports. */
struct qw_report { /* as a card has made it */
    struct qw_contact_report said;
    bool is_of_next; /* under the card key of the next epoch: the card has taken the package */
    uint8_t digest[16];
};

enum qw_report_verdict {
    QW_REPORT_GOOD,
    QW_REPORT_IS_RECEIPT, /* good, and of the pending package */
    QW_REPORT_REFUSED,
    QW_REPORT_CLONED
};

/* The card goes to centre->card. QW_ERR_REFUSED, with the reason in *cause: malformed, of a card
 * that nobody knows, or forged. QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_report_open(struct qw_centre *centre, const uint8_t *bytes, size_t len,
                      struct qw_report *report, const char **cause) QW_MUST_USE;
/* J1 to J6. *cause: why not. */
enum qw_report_verdict qw_report_judge(const struct qw_card_book *card,
                                       const struct qw_report *report, const char **cause);
/* Remembers one that was accepted: J1 and J2 look for it. */
void qw_report_note(struct qw_card_book *card, const struct qw_report *report, int64_t now_ms);

#endif
