/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_PARTNER_JUDGE_H
#define QW_TESTS_FUZZ_HANDLER_PARTNER_JUDGE_H

#include "centre/partner/partner.h"
#include "http_input.h"

/* Keys that come from other centres and go to them, and what has to hold after every request
 * [docs/design/handlers.md]; anything else ends the program. */
enum { PARTNER_JUDGE_OFFERS_MAX = 256 };

struct partner_judge {
    struct http_known known;
    struct ledger *ledger;
    struct { /* made to partners */
        uint8_t id[16];
        char partner[64];
    } offers[PARTNER_JUDGE_OFFERS_MAX];
    size_t offer_count;
    bool has_failed; /* a partner has not taken the keys of the request under way */
};

/* An order that the centre gives: its keys are nobody's until its master gets them. */
void partner_judge_order(struct partner_judge *judge, const struct qw_partner_order *order);

/* before: the totals before the request. The first: of the listener for partners. */
void partner_judge_partner(struct partner_judge *judge, const struct http_asked *asked,
                           const struct qw_centre_status *before,
                           const struct qw_http_answer *answer);
void partner_judge_client(struct partner_judge *judge, const struct http_asked *asked,
                          const struct qw_centre_status *before,
                          const struct qw_http_answer *answer);

#endif
