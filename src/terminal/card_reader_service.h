/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_READER_SERVICE_H
#define QW_TERMINAL_CARD_READER_SERVICE_H

#include "terminal/card_reader.h"

/* What a chip does for whoever holds it: as their namesakes in terminal/card.h. A session that is
 * opened or a proof that is made shows no key of the card but the one it is for. */
qw_err qw_card_reader_take_root(struct qw_card_reader *reader,
                                struct qw_card_taken_root *taken) QW_MUST_USE;
qw_err qw_card_reader_pending_key(struct qw_card_reader *reader,
                                  uint8_t key[static 32]) QW_MUST_USE;
qw_err qw_card_reader_check_enrolment(struct qw_card_reader *reader, const uint8_t *answer,
                                      size_t len) QW_MUST_USE;
qw_err qw_card_reader_open_grant(struct qw_card_reader *reader, const uint8_t *sealed, size_t len,
                                 struct qw_link_grant *grant) QW_MUST_USE;
qw_err qw_card_reader_open_outer(struct qw_card_reader *reader, const uint8_t session_id[static 16],
                                 const uint8_t *sealed, size_t len, uint8_t *package) QW_MUST_USE;
qw_err qw_card_reader_open_birth(struct qw_card_reader *reader, const uint8_t *sealed, size_t len,
                                 struct qw_package *birth) QW_MUST_USE;

#endif
