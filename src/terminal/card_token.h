/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TERMINAL_CARD_TOKEN_H
#define QW_TERMINAL_CARD_TOKEN_H

#include "crypto/custody/pkcs11_object.h"
#include "terminal/card_name.h"
#include "terminal/card_state.h"
#include "terminal/card_token_record.h"
#include "terminal/tombstone.h"

#include <stdbool.h>

/* The objects of one card on a token, in a session that begins anew after a failure. Used by
 * card_place_token.c alone. */
enum { QW_CARD_RECORD_MAX = QW_CARD_STATE_ENCODED_MAX + QW_CARD_RECORD_OVERHEAD };

struct qw_card_token {
    struct qw_card_name name;
    uint8_t *pin; /* secret memory */
    size_t pin_len;
    bool is_shut;            /* the PIN was wrong: it is not tried twice */
    struct qw_pkcs11 *token; /* NULL: to be opened (again) */
    int lock;
    struct qw_card_record now;       /* what the token holds */
    unsigned long now_data, now_key; /* its handles, of this session; 0: to be found again */
    uint8_t record[QW_CARD_RECORD_MAX];
};

struct qw_card_object { /* what is read of one data object */
    unsigned long handle;
    uint8_t *data; /* secret memory */
    size_t len;
    struct qw_card_record record;
    bool is_record, is_tombstone;
    struct qw_tombstone tombstone;
};
struct qw_card_objects {
    struct qw_card_object of[QW_PKCS11_FOUND_MAX];
    size_t count;
};

/* As far as a card is concerned: QW_ERR_AUTH for a wrong PIN, QW_ERR_UNAVAILABLE for a module that
 * does not serve, QW_ERR_CONFLICT for several of a name. After QW_ERR_IO nobody knows how the
 * session stands: the next call begins with a new one. */
qw_err qw_card_token_outcome(struct qw_card_token *card, enum qw_pkcs11_answer answer) QW_MUST_USE;
/* A session, when there is none. */
qw_err qw_card_token_log_in(struct qw_card_token *card) QW_MUST_USE;
/* One process at a time, until card->lock is closed. QW_ERR_CONFLICT. */
qw_err qw_card_token_lock(struct qw_card_token *card) QW_MUST_USE;

/* All data objects of the card, whatever they hold; to be forgotten. */
qw_err qw_card_token_look(struct qw_card_token *card, struct qw_card_objects *objects) QW_MUST_USE;
void qw_card_objects_forget(struct qw_card_objects *objects);
/* NULL: none. */
const struct qw_card_object *qw_card_objects_tombstone(const struct qw_card_objects *objects);

/* Destroys all objects of the card but these two; 0: none of that kind is kept. QW_ERR_CONFLICT:
 * one that is to be kept is not there, so somebody else has changed the card. */
qw_err qw_card_token_clear(struct qw_card_token *card, unsigned long data,
                           unsigned long key) QW_MUST_USE;

#endif
