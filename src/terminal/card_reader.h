/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_READER_H
#define QW_TERMINAL_CARD_READER_H

#include "terminal/card.h"

/* A card with a chip of its own, by commands of docs/protocol/card-apdu.md: its keys never come out
 * but those that are to be used. One caller at a time. */
struct qw_apdu_wire { /* to one card; exclusively */
    void *self;
    /* To a card that has just been switched on. QW_ERR_NOT_FOUND: no reader of that name, or no
     * card in it; QW_ERR_CONFLICT: another program has it; QW_ERR_UNAVAILABLE; QW_ERR_IO. */
    qw_err (*connect)(void *self);
    /* answer: QW_APDU_ANSWER_MAX bytes. QW_ERR_CLOSED: the card was reset or taken out before, and
     * the command has not reached it; QW_ERR_IO: nobody knows. Connect again after either. */
    qw_err (*transmit)(void *self, const uint8_t *command, size_t len, uint8_t *answer,
                       size_t *answer_len);
    void (*disconnect)(void *self);
    void (*close)(void *self);
};

struct qw_card_reader;

/* Takes the wire, also when it fails. The PIN is tried once, at the first use; after an answer that
 * it is wrong no further time, and the last try is not spent after an answer that was lost.
 * QW_ERR_NOMEM, QW_ERR_ARG: the PIN is too short or too long: no try is spent on it. */
qw_err qw_card_reader_new(struct qw_apdu_wire *wire, const uint8_t *pin, size_t pin_len,
                          struct qw_card_reader **reader) QW_MUST_USE;
void qw_card_reader_free(struct qw_card_reader *reader); /* NULL is fine */

/* As their namesakes in terminal/card.h. After a card was taken out and put back the next call goes
 * on; another card in its place is QW_ERR_CONFLICT. */
qw_err qw_card_reader_open(struct qw_card_reader *reader) QW_MUST_USE;
qw_err qw_card_reader_exists(struct qw_card_reader *reader, bool *does) QW_MUST_USE;
qw_err qw_card_reader_create(struct qw_card_reader *reader,
                             const struct qw_package *birth) QW_MUST_USE;
qw_err qw_card_reader_tombstone(struct qw_card_reader *reader,
                                struct qw_tombstone *tombstone) QW_MUST_USE;
qw_err qw_card_reader_book(struct qw_card_reader *reader, struct qw_tombstone *tombstone,
                           const uint8_t *done, size_t len) QW_MUST_USE;
/* As the card said last. */
void qw_card_reader_info(const struct qw_card_reader *reader, struct qw_card_info *info);
qw_err qw_card_reader_take_key(struct qw_card_reader *reader, uint8_t key_id[static 16],
                               uint8_t key[static 32]) QW_MUST_USE;
qw_err qw_card_reader_report(struct qw_card_reader *reader, bool wants_fresh, uint32_t wanted_keys,
                             uint8_t out[static QW_CONTACT_REPORT_LEN]) QW_MUST_USE;
qw_err qw_card_reader_take_auth(struct qw_card_reader *reader, uint64_t up_position,
                                uint64_t down_position, uint8_t up[static 64],
                                uint8_t down[static 64]) QW_MUST_USE;
qw_err qw_card_reader_take_package(struct qw_card_reader *reader, const uint8_t *sealed, size_t len,
                                   uint8_t receipt[static QW_RECEIPT_LEN], uint8_t fresh_id[16],
                                   uint8_t fresh_key[32]) QW_MUST_USE;
qw_err qw_card_reader_receipt(struct qw_card_reader *reader,
                              uint8_t receipt[static QW_RECEIPT_LEN]) QW_MUST_USE;
qw_err qw_card_reader_destroy(struct qw_card_reader *reader, const uint8_t *order,
                              size_t len) QW_MUST_USE;

#endif
