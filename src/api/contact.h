/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CONTACT_H
#define QW_API_CONTACT_H

#include "api/card_keys.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a card says to its centre, through whoever carries it [W6]; docs/protocol/charging.md. Both
 * messages end in HMAC-SHA-256. */
struct qw_contact_report {
    uint8_t serial[16];
    bool wants_fresh; /* one key for one use, instead of a refill */
    uint32_t epoch;
    uint64_t counter; /* grows with every report; durable on the card before it is sent */
    uint8_t token[QW_CARD_TOKEN_LEN]; /* from the last package taken: an older copy of the card
                                         gives itself away */
    uint64_t next_index;              /* of the next key it will accept */
    uint32_t remaining_keys, wanted_keys;
    uint64_t pool_up_position, pool_down_position; /* first unused byte */
    uint64_t pool_up_end, pool_down_end;           /* first byte not yet held */
    uint8_t nonce[16];
};
enum { QW_CONTACT_REPORT_LEN = 4 + 16 + 1 + 4 + 8 + 16 + 8 + 4 + 4 + 4 * 8 + 16 + 32 };
qw_err qw_contact_report_seal(const struct qw_contact_report *report,
                              const uint8_t report_key[static 32],
                              uint8_t out[static QW_CONTACT_REPORT_LEN]) QW_MUST_USE;
/* Serial alone, to find the key; nothing is authenticated yet. QW_ERR_FORMAT. */
qw_err qw_contact_report_peek(const uint8_t *data, size_t len,
                              uint8_t serial[static 16]) QW_MUST_USE;
qw_err qw_contact_report_open(const uint8_t *data, size_t len, const uint8_t report_key[static 32],
                              struct qw_contact_report *report) QW_MUST_USE;

struct qw_receipt { /* the card has stored a package for good */
    uint8_t serial[16];
    uint8_t package_id[16];
    uint64_t counter;
};
enum { QW_RECEIPT_LEN = 4 + 16 + 16 + 8 + 32 };
qw_err qw_receipt_seal(const struct qw_receipt *receipt, const uint8_t receipt_key[static 32],
                       uint8_t out[static QW_RECEIPT_LEN]) QW_MUST_USE;
qw_err qw_receipt_open(const uint8_t *data, size_t len, const uint8_t receipt_key[static 32],
                       struct qw_receipt *receipt) QW_MUST_USE;

#endif
